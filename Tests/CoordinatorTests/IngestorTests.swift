import Dataset
import DatasetFixtures
internal import FileSystem
import Foundation
import JSON
import JobConfiguration
import JobStore
import JobStoreFixtures
import Prompting
import Protocol
import SeededRandom
import Testing

@testable import Coordinator

/// From the input through units and their results to the output.
struct IngestorTests {
    private let folder: DatasetFolder
    private let temporary: TemporaryLedger
    private var ledger: Ledger { get throws { try temporary.open } }

    init() throws {
        folder = try DatasetFolder()
        temporary = try TemporaryLedger()
    }

    /// Rows whose prompts recur far apart, with bad ones among them.
    private func shuffledRows(_ count: Int, seed: UInt64 = 1) -> [String] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { row in
            if row % 50 == 7 { return #"{"prompt": "p"}"# }
            if row % 50 == 9 {
                return #"{"prompt": "<s> \#(row)", "chosen": "bad \#(row)", "rejected": "bad \#(row)"}"#
            }
            let prompt = "question \(Int.random(in: 0..<count / 8, using: &random))"
            let noise = (0..<20).map { _ in "\(UInt64.random(in: 0 ... .max, using: &random))" }.joined(separator: " ")
            return #"{"prompt": "\#(prompt)", "chosen": "good \#(noise)", "rejected": "bad \#(row)"}"#
        }
    }

    private func ingestor(of path: String, unitTokens: Int = 256) throws -> Ingestor {
        let input = StepInput(
            step: .rows, path: path, options: DatasetOptions(purpose: .row), part: .all, template: .plain,
            compatibility: .none)
        return Ingestor(
            ledger: try ledger, input: input, unitTokens: unitTokens,
            textsPerUnitMax: UnitPayload.textsMax(readouts: 1, kept: 0))
    }

    private func payloads() throws -> [UnitPayload] {
        try ledger.openUnits(of: .rows, after: UnitID(0), limit: .max).map {
            try #require(try ledger.payload(of: $0.id))
        }
    }

    private func phases(of ingestor: Ingestor) throws -> [Ledger.Ingestion.Phase] {
        var phases: [Ledger.Ingestion.Phase] = []
        try ingestor.run { if phases.last != $0.phase { phases.append($0.phase) } }
        return phases
    }

    // MARK: Units

    @Test func aPromptsRowsAreInOneUnitWhereverTheyAreInTheFile() throws {
        let lines = shuffledRows(1000)
        let path = try folder.write(lines.joined(separator: "\n"), to: "rows.jsonl")
        #expect(try phases(of: ingestor(of: path, unitTokens: 1024)) == [.sorting, .complete])
        let units = try payloads()
        #expect(units.count > 10)
        let rows = units.flatMap { $0.items.map { Int($0.row) } }
        #expect(rows.sorted() == lines.indices.filter { $0 % 50 != 7 })
        #expect(rows != rows.sorted())
        var homes: [String: Set<Int>] = [:]
        for (index, unit) in units.enumerated() {
            for item in unit.items {
                homes[item.text.prompt.text, default: []].insert(index)
                #expect(item.text.responses[1].text == "bad \(item.row)")
            }
        }
        #expect(homes.values.allSatisfy { $0.count == 1 })
        let ingestion = try ledger.ingestion(of: .rows)
        #expect(ingestion.records == 1000 && ingestion.rows == 980 && ingestion.isComplete)
    }

    // MARK: Interruptions

    @Test func readingGoesOnBehindTheLastCommittedRow() throws {
        let lines = shuffledRows(9000)
        let whole = Array(lines.joined(separator: "\n").utf8)
        let plain = try folder.write(whole, to: "rows.jsonl")
        try ingestor(of: plain).run { _ in }
        let undisturbed = try payloads()

        let path = folder.path("rows.jsonl.gz")
        var file = try OutputFile(path: path, keepPartial: false)
        try file.write(whole)
        try file.finish()
        let compressed = try folder.bytes(of: "rows.jsonl.gz")
        try folder.write(Array(compressed.prefix(compressed.count * 3 / 4)), to: "rows.jsonl.gz")
        let other = try TemporaryLedger()
        func run() throws {
            let input = try ingestor(of: path).input
            try Ingestor(
                ledger: other.open, input: input, unitTokens: 256,
                textsPerUnitMax: UnitPayload.textsMax(readouts: 1, kept: 0)
            ).run {
                _ in
            }
        }
        #expect(throws: FileError.self) { try run() }
        let interrupted = try other.open.ingestion(of: .rows)
        #expect(interrupted.phase == .reading && interrupted.rows > 0 && interrupted.records < lines.count)
        #expect(try other.open.openUnits(of: .rows, after: UnitID(0), limit: 1) == [])

        try folder.write(compressed, to: "rows.jsonl.gz")
        try other.reopen()
        try run()
        let summaries = try other.open.openUnits(of: .rows, after: UnitID(0), limit: .max)
        #expect(try summaries.map { try other.open.payload(of: $0.id) } == undisturbed)
        let notices = try other.open.ingestion(of: .rows).notices()
        #expect(notices.identicalResponses == 180 && notices.controlTokens == 180)
    }

    @Test func cuttingBeginsAnewAndGivesTheSameUnits() throws {
        let path = try folder.write(shuffledRows(1000).joined(separator: "\n"), to: "rows.jsonl")
        try ingestor(of: path).run { _ in }
        let undisturbed = try payloads()
        // As if the process had been killed between two of the cut's transactions.
        var ingestion = try ledger.ingestion(of: .rows)
        ingestion.phase = .sorting
        try ledger.removeUnits(of: .rows)
        let some = undisturbed.prefix(5).map { Ledger.NewUnit(rows: $0.items.map(Ledger.NewUnit.Row.init), tokens: 1) }
        try ledger.add(some, ingestion: ingestion, of: .rows)
        try temporary.reopen()
        // The input is not needed any more.
        #expect(try phases(of: ingestor(of: "/nowhere")) == [.sorting, .complete])
        #expect(try payloads() == undisturbed)
        #expect(try phases(of: ingestor(of: "/nowhere")) == [.complete])
        #expect(try payloads() == undisturbed)
    }

    // MARK: Output

    /// Chosen scores 2 * row, rejected row.
    private func result(of unit: UnitID, _ payload: UnitPayload) -> UnitResult {
        let rows = payload.items.map(\.row)
        let values = Tensor(rows.flatMap { [2 * Double($0), Double($0)] }, shape: [2 * rows.count, 1])
        return UnitResult(
            lease: Lease(unit: unit, attempt: 1), rows: rows, responseCounts: rows.map { _ in 2 },
            output: .scores(values, scorer: "d"))
    }

    @Test func theOutputHasEveryRowInTheOrderOfTheInput() throws {
        let lines = shuffledRows(600)
        try folder.write(lines.joined(separator: "\n") + "\n", to: "rows.jsonl")
        try folder.write(#"{"prompt": "p", "harmless": "no", "harmful": "yes"}"#, to: "anchors.jsonl")
        try folder.write(
            """
            job: {input: rows.jsonl, output: out.jsonl, anchors: anchors.jsonl}
            model: {path: none.gguf}
            embedding: {template: alpaca}
            margin: {unit: raw}
            """, to: "cluster.yaml")
        let definition = try JobDefinition(Configuration(ofJob: folder.path("cluster.yaml")))
        let input = try #require(definition.input(of: .rows))
        try Ingestor(
            ledger: ledger, input: input, unitTokens: 256, textsPerUnitMax: UnitPayload.textsMax(readouts: 1, kept: 0)
        ).run { _ in }

        // One unit is split and a row of it given up; another has a row that fails; the last ones settle first.
        let first = try #require(try ledger.openUnits(of: .rows, after: UnitID(0), limit: 1).first)
        _ = try ledger.apply([.split(first.id)])
        var units = try ledger.openUnits(of: .rows, after: UnitID(0), limit: .max).map(\.id)
        _ = try ledger.apply([.quarantine(units.removeLast(), reason: "it kills workers")])
        var failing = result(of: units[0], try #require(try ledger.payload(of: units[0])))
        failing.failures = [.init(item: 1, reason: "too long")]
        _ = try ledger.apply([.result(failing, worker: "a")])
        for unit in units.dropFirst().reversed() {
            let result = result(of: unit, try #require(try ledger.payload(of: unit)))
            #expect(try ledger.apply([.result(result, worker: "a")]) == [.done])
        }

        let summary = try OutputStep(definition: definition, ledger: ledger, direction: nil, survey: nil).run()
        func objects(_ name: String) throws -> [JSONObject] {
            try folder.text(of: name).split(separator: "\n").map { try JSONObject(line: Array($0.utf8)) }
        }
        let (output, failed) = (try objects("out.jsonl"), try objects("out.errors.jsonl"))
        #expect(output.count + failed.count == lines.count && summary.rows == lines.count)
        #expect(failed.count == summary.failedRows)
        var rows: [Int] = []
        for object in output {
            let row = try #require(object.value(of: "margin")?.number.flatMap(Int.init(exactly:)))
            rows.append(row)
            #expect(object.bytes.starts(with: lines[row].utf8.dropLast()))
            #expect(object.value(of: "score_chosen")?.number == 2 * Double(row))
        }
        var failedRows: [Int] = []
        for object in failed {
            let row = try #require(object.value(of: "row")?.number.flatMap(Int.init(exactly:)))
            failedRows.append(row)
            #expect(object.value(of: "line")?.number == Double(row + 1))
            #expect(object.value(of: "raw")?.string == lines[row])
        }
        // Every row once, in the order of the input.
        #expect(rows == rows.sorted() && failedRows == failedRows.sorted())
        #expect((rows + failedRows).sorted() == Array(lines.indices))
        let errors = try failed.map { try #require($0.value(of: "error")?.string) }
        #expect(errors.count { $0.contains("is missing") } == 12)
        #expect(errors.contains("too long") && errors.contains("it kills workers"))
    }
}
