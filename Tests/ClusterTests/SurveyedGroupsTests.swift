import Foundation
import TestEnvironment
import Testing

/// Jobs whose rows or anchors are of several sorts, or whose anchors have the rows' prompts.
@Suite(.serialized, .needs(.model), .hangLimit)
struct SurveyedGroupsTests {
    private static let auto = "{template: alpaca, layer: 21, token: mean-response}"

    private typealias Object = [String: Any]

    /// The sample data's lines, changed.
    private func lines(_ path: String, _ range: Range<Int>, _ change: (Int, inout Object) -> Void) throws -> [String] {
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        return try range.map { index in
            var object = try #require(JSONSerialization.jsonObject(with: Data(lines[index].utf8)) as? Object)
            change(index, &object)
            let data = try JSONSerialization.data(withJSONObject: object, options: .sortedKeys)
            return String(decoding: data, as: UTF8.self)
        }
    }

    private func configure(_ folder: JobFolder, _ changes: [(String, String)]) throws {
        var text = try String(contentsOfFile: folder.configuration, encoding: .utf8)
        for (old, new) in changes { text = text.replacing(old, with: new) }
        try folder.write(text, to: "cluster.yaml")
    }

    /// Rows whose labels mean the opposite in one of two groups, and a few that are in neither.
    private func groups() throws -> JobFolder {
        let folder = try JobFolder()
        try folder.configure(source: "anchors: own", embedding: Self.auto, surveyed: 120)
        try configure(folder, [("direction: {rows: 120}", "direction: {rows: 120, by: group}")])
        let rows = try lines(Programs.demoRows, 0..<160) { index, row in
            guard index % 12 != 0 else { return }
            row["group"] = index < 80 ? 1 : 2
            if index >= 80 { (row["chosen"], row["rejected"]) = (row["rejected"], row["chosen"]) }
        }
        try folder.write(rows.joined(separator: "\n"), to: "rows.jsonl")
        return folder
    }

    @Test func eachGroupOfRowsHasADirectionOfItsOwnWhereThatIsBetter() async throws {
        let undisturbed = try groups()
        let (program, exit) = try await undisturbed.run()
        try #require(exit == .init(status: 0, isSignal: false), "\(program.errors)")
        for group in ["1", "2"] {
            let line = try #require(
                program.output.split(separator: "\n").first { $0.hasPrefix("category: \(group), ") })
            #expect(line.hasSuffix("; used"), "\(line)")
        }
        struct Row: Decodable {
            var group: Int?
            var margin: Double
            var marginRaw: Double
            var scoreChosen: Double
            var scoreRejected: Double
            var marginSe: Double?
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let rows = try undisturbed.output.split(separator: UInt8(ascii: "\n")).map {
            try decoder.decode(Row.self, from: $0)
        }
        #expect(rows.count == 160)
        for row in rows {
            #expect(row.marginRaw == row.scoreChosen - row.scoreRejected)
            #expect(row.marginSe == nil, "all rows have the same columns")
        }
        // Both those that were surveyed and those that were not: one direction for all cannot order both groups.
        for group in [1, 2] {
            let margins = rows.filter { $0.group == group }.map(\.marginRaw)
            #expect(margins.count == 73)
            #expect(margins.count { $0 > 0 } > 53, "group \(group): \(margins)")
        }
        // A later job takes the directions with their names.
        let second = try groups()
        try configure(
            second,
            [
                ("anchors: own", "direction: \(undisturbed.path("out.direction.safetensors"))"), (", by: group", ""),
            ])
        let (other, ending) = try await second.run()
        try #require(ending == .init(status: 0, isSignal: false), "\(other.errors)")
        let again = try second.rows
        #expect(
            other.output.contains("the direction was fitted on pairs of the prompts of"),
            "it knows its prompts: \(other.output)")
        // Those that were not surveyed had these very directions; other units round otherwise.
        let same = zip(rows, again).count { row, repeated in
            abs(row.marginRaw - (repeated.marginRaw ?? .nan)) < 1e-4 * abs(row.marginRaw)
        }
        #expect(same >= 25 && same < 60, "\(same)")
        #expect(again.count == 160)
        let folder = try groups()
        let (last, end) = try await folder.run(workers: 2, killedAt: [2, 12])
        #expect(end == .init(status: 0, isSignal: false), "\(last.errors)")
        #expect(try folder.output == undisturbed.output)
    }

    @Test func kindsOfAnchorsAreSourcesOfTheirOwn() async throws {
        let folder = try JobFolder()
        try folder.configure(embedding: Self.auto, surveyed: 40)
        try configure(folder, [("direction:", "anchors: {kind: sort}\ndirection:")])
        let anchors = try lines(Programs.demoAnchors, 0..<24) { index, anchor in
            anchor["sort"] = index % 3 == 0 ? "first" : "second"
        }
        try folder.write(anchors.joined(separator: "\n"), to: "anchors.jsonl")
        let (program, exit) = try await folder.run()
        try #require(exit == .init(status: 0, isSignal: false), "\(program.errors)")
        #expect(program.output.contains("source: anchors.jsonl (first), 8 pairs, orders"), "\(program.output)")
        #expect(program.output.contains("source: anchors.jsonl (second), 16 pairs, orders"), "\(program.output)")
        #expect(program.output.contains("survey: 2 sources together order"), "\(program.output)")

        try folder.write(
            (anchors + [#"{"prompt": "p", "harmless": "a", "harmful": "b"}"#]).joined(separator: "\n"),
            to: "anchors.jsonl")
        let (refused, ending) = try await folder.run(workers: 1, "--restart")
        #expect(ending == .init(status: 2, isSignal: false))
        #expect(refused.errors.contains("line 25: anchors.kind: expected a text"), "\(refused.errors)")
    }

    /// Figures of rows whose very prompts the direction was fitted on would flatter it.
    @Test func rowsWithTheAnchorsPromptsAreCountedAndNotSurveyed() async throws {
        let folder = try JobFolder()
        try folder.configure(embedding: Self.auto, surveyed: 40)
        let rows = try lines(Programs.demoRows, 0..<130) { _, _ in }
        try folder.write(rows.joined(separator: "\n"), to: "rows.jsonl")
        try folder.write(rows[..<20].joined(separator: "\n"), to: "anchors.jsonl")
        try configure(folder, [("direction:", "anchors: {format: preference}\ndirection:")])
        let (program, exit) = try await folder.run()
        try #require(exit == .init(status: 0, isSignal: false), "\(program.errors)")
        let warning = """
            warning: the direction was fitted on pairs of the prompts of 22 of 130 rows, whose margins that flatters: the \
            figures are of the other rows
            """
        #expect(program.output.contains(warning), "\(program.output)")
        #expect(program.output.contains("of 108 raw margins have the label's sign"), "\(program.output)")
        let trust = try #require(
            JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: folder.path("out.trust.json"))))
                as? Object)
        let fitted = try #require(trust["fitted_rows"] as? Object)
        #expect(fitted["rows"] as? Int == 22 && fitted["are_left_out"] as? Bool == true)
        #expect(try folder.rows.count == 130)
    }
}
