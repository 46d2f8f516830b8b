import Foundation
import TestEnvironment
import Testing

/// Jobs whose rows say by their labels where the model is read, and how much margins are worth.
@Suite(.serialized, .needs(.model), .hangLimit)
struct SurveyTests {
    private static let auto = "{layer: auto, token: auto}"

    /// What every row of the output has.
    private struct Row: Decodable {
        var id: String?
        var margin: Double
        var marginRaw: Double
        var marginSe: Double
        var pSafer: Double?
        var scoreChosen: Double
        var scoreRejected: Double
    }

    private func rows(_ folder: JobFolder) throws -> [Row] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try folder.output.split(separator: UInt8(ascii: "\n")).map { try decoder.decode(Row.self, from: $0) }
    }

    private func own(_ folder: JobFolder, surveyed: Int = 30) throws {
        try folder.configure(source: "anchors: own", embedding: Self.auto, surveyed: surveyed)
    }

    @Test func withoutAnchorsEveryRowGetsItsMarginByWhatTheOthersLabelsSay() async throws {
        let folder = try JobFolder()
        try own(folder)
        let (program, exit) = try await folder.run(workers: 2)
        try #require(exit == .init(status: 0, isSignal: false), "\(program.errors)")
        #expect(program.output.contains("60 of 60 rows annotated"))
        #expect(
            program.output.contains("unit: log-odds that the chosen response is the safer one"), "\(program.output)")
        #expect(program.output.contains("survey: the rows' own labels, cross-fitted, order"), "\(program.output)")
        let rows = try rows(folder)
        #expect(rows.compactMap(\.id) == (1...60).map { "demo-00" + ($0 < 10 ? "0" : "") + "\($0)" })
        for row in rows {
            #expect(row.marginRaw == row.scoreChosen - row.scoreRejected && row.marginSe > 0)
            let odds = try #require(row.pSafer)
            #expect(abs(odds - 1 / (1 + Foundation.exp(-row.margin))) < 1e-9)
            #expect(row.margin == 0 || (row.margin > 0) == (row.marginRaw > 0))
        }
        // Of a direction that another job takes, rows get the same columns.
        let second = try JobFolder()
        try second.configure(
            source: "direction: \(folder.path("out.direction.safetensors"))", embedding: Self.auto)
        let (other, ending) = try await second.run()
        try #require(ending == .init(status: 0, isSignal: false), "\(other.errors)")
        #expect(
            other.output.contains("the direction was fitted on pairs of the prompts of"),
            "it knows its prompts: \(other.output)")
        let again = try self.rows(second)
        #expect(again.count == 60 && again.allSatisfy { $0.marginSe > 0 && $0.pSafer != nil })
        // The rows that were not surveyed had that very direction; other units round otherwise.
        let same = zip(rows, again).count { abs($0.marginRaw - $1.marginRaw) < 1e-4 * abs($0.marginRaw) }
        print("\(same) of 60 rows have the raw margin that the saved direction gives")
        #expect(same >= 20 && same < 40)
    }

    @Test func howManyWorkersThereAreAndWhoIsKilledChangesNothing() async throws {
        let undisturbed = try JobFolder()
        try own(undisturbed)
        let (program, exit) = try await undisturbed.run(workers: 1)
        try #require(exit == .init(status: 0, isSignal: false), "\(program.errors)")
        let folder = try JobFolder()
        try own(folder)
        // In the middle of the survey, then in the middle of the rows.
        let (last, ending) = try await folder.run(workers: 2, killedAt: [3, 9])
        #expect(ending == .init(status: 0, isSignal: false), "\(last.errors)")
        #expect(try folder.output == undisturbed.output)
    }

    /// The labels of rows whose two sides are mixed up at random agree with nothing.
    @Test func labelsThatMeanNothingGiveMarginsNearZeroAndAWarning() async throws {
        let folder = try JobFolder()
        try own(folder, surveyed: 60)
        let lines = try String(contentsOfFile: folder.path("rows.jsonl"), encoding: .utf8).split(separator: "\n")
        let mixed = lines.enumerated().map { index, line -> String in
            // Thue and Morse's order: as many of each, in no pattern that a prompt could follow.
            index.nonzeroBitCount % 2 == 0
                ? String(line)
                : String(line).replacing("\"chosen\"", with: "\"CHOSEN\"").replacing("\"rejected\"", with: "\"chosen\"")
                    .replacing("\"CHOSEN\"", with: "\"rejected\"")
        }
        try folder.write(mixed.joined(separator: "\n"), to: "rows.jsonl")
        let (program, exit) = try await folder.run()
        try #require(exit == .init(status: 0, isSignal: false), "\(program.errors)")
        #expect(program.output.contains("margins mean nothing"), "\(program.output)")
        let margins = try rows(folder).map(\.margin)
        print("largest margin of mixed labels: \(margins.map(abs).max() ?? .nan)")
    }

    @Test func anchorsAreComparedWithTheRowsOwnLabels() async throws {
        let folder = try JobFolder()
        try folder.configure(embedding: Self.auto)
        let (program, exit) = try await folder.run()
        try #require(exit == .init(status: 0, isSignal: false), "\(program.errors)")
        #expect(program.output.contains("direction: 24 anchor pairs"), "\(program.output)")
        #expect(program.output.contains("survey: the anchors order"), "\(program.output)")
        #expect(program.output.contains("source: anchors.jsonl, 24 pairs, orders"), "\(program.output)")
        #expect(try rows(folder).count == 60)
    }

    /// The rows' own labels, pairs, and anchors without a harmless side.
    private func severalSources() throws -> JobFolder {
        let folder = try JobFolder()
        try folder.configure(
            source: "anchors: [own, anchors.jsonl, harmful.jsonl]", embedding: Self.auto, surveyed: 40)
        let lines = try String(contentsOfFile: Programs.demoAnchors, encoding: .utf8).split(separator: "\n")
        let harmful = try lines[24..<36].map { line in
            let anchor = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            let bare = anchor.filter { ["prompt", "harmful"].contains($0.key) }
            return String(
                decoding: try JSONSerialization.data(withJSONObject: bare, options: .sortedKeys), as: UTF8.self)
        }
        try folder.write(harmful.joined(separator: "\n"), to: "harmful.jsonl")
        return folder
    }

    @Test func severalSourcesAreFittedApartAndWhoIsKilledChangesNothing() async throws {
        let undisturbed = try severalSources()
        let (program, exit) = try await undisturbed.run(workers: 1)
        try #require(exit == .init(status: 0, isSignal: false), "\(program.errors)")
        for expected in ["own, 40 pairs", "anchors.jsonl, 24 pairs", "harmful.jsonl, 12 pairs"] {
            #expect(program.output.contains("source: \(expected), orders"), "\(program.output)")
        }
        let rows = try rows(undisturbed)
        #expect(rows.count == 60 && rows.allSatisfy { $0.marginSe > 0 && $0.pSafer != nil })
        let folder = try severalSources()
        // In the second file of anchors, in the survey, and in the rows.
        let (last, ending) = try await folder.run(workers: 2, killedAt: [12, 26, 34])
        #expect(ending == .init(status: 0, isSignal: false), "\(last.errors)")
        #expect(try folder.output == undisturbed.output)
        let direction = try Data(contentsOf: folder.url.appending(path: "out.direction.safetensors"))
        #expect(try direction == Data(contentsOf: undisturbed.url.appending(path: "out.direction.safetensors")))
    }
}
