import Columnar
import Dataset
import DatasetFixtures
internal import FileSystem
import Foundation
import JSON
import JobConfiguration
import JobStore
import JobStoreFixtures
import Protocol
import Testing

@testable import Coordinator

/// Jobs whose rows have several responses, of which pairs are made.
@Suite struct RankedJobTests {
    private let folder: DatasetFolder

    init() throws {
        folder = try DatasetFolder()
        try folder.write(#"{"prompt": "p", "harmless": "no", "harmful": "yes"}"#, to: "anchors.jsonl")
    }

    /// Rows with four responses each, whose scores differ, but for every seventh, where they do not.
    ///
    /// - Parameter words: how long the responses are.
    private static func rows(_ count: Int, words: Int = 0) -> [String] {
        let more = String(repeating: " word", count: words)
        return (0..<count).map { row in
            let responses = (0..<4).map { #""answer \#($0) of \#(row)\#(more)""# }.joined(separator: ", ")
            let scores = row % 7 == 3 ? "[1, 1, 1, 1]" : "[2, 4, 1, 3]"
            return #"{"id": \#(row), "prompt": "p\#(row % 5)", "responses": [\#(responses)], "scores": \#(scores)}"#
        }
    }

    private func definition(
        _ dataset: String = "", input: String = "rows.jsonl", output: String = "out.jsonl"
    ) throws -> JobDefinition {
        let yaml = """
            job: {input: \(input), output: \(output), errors: out.errors.jsonl, anchors: anchors.jsonl}
            dataset: {\(dataset)}
            model: {path: none.gguf}
            embedding: {compat: legend}
            """
        return try JobDefinition(Configuration(yaml: yaml, path: folder.path("cluster.yaml")))
    }

    private func problems(_ dataset: String) throws -> [String] {
        do {
            _ = try definition(dataset)
            return []
        } catch let error as ConfigurationError {
            return error.problems.map { $0.replacing(folder.url.path + "/", with: "") }
        }
    }

    /// Runs the job with a worker that scores texts by their lengths and first digits.
    private func run(_ definition: JobDefinition, _ ledger: Ledger) throws -> OutputStep.Summary {
        let input = try #require(definition.input(of: .rows))
        try Ingestor(ledger: ledger, input: input, unitTokens: 256, textsPerUnitMax: 4096).run { _ in }
        for unit in try ledger.openUnits(of: .rows, after: UnitID(0), limit: .max) {
            let payload = try #require(try ledger.payload(of: unit.id))
            let scores = payload.items.flatMap { item in
                item.text.responses.map { Double($0.text.utf8.count) + ($0.text.contains("1 of") ? 0.5 : 0) }
            }
            let result = UnitResult(
                lease: Lease(unit: unit.id, attempt: 1), rows: payload.items.map(\.row),
                responseCounts: payload.items.map { _ in 2 },
                output: .scores(Tensor(scores, shape: [scores.count, 1]), scorer: "d"))
            _ = try ledger.apply([.result(result, worker: "a")])
        }
        return try OutputStep(definition: definition, ledger: ledger, direction: nil, survey: nil).run()
    }

    private func objects(_ name: String) throws -> [JSONObject] {
        try folder.text(of: name).split(separator: "\n").map { try JSONObject(text: Array($0.utf8)) }
    }

    @Test func pairsComeOutInTheOrderOfTheRowsAndThoseWithoutAreNoFailures() throws {
        try folder.write(Self.rows(10).joined(separator: "\n"), to: "rows.jsonl")
        let summary = try run(definition(), TemporaryLedger().open)
        #expect((summary.rows, summary.annotatedRows, summary.unpairedRows, summary.failedRows) == (55, 54, 1, 0))
        let rows = try objects("out.jsonl")
        let sources = [0, 1, 2, 4, 5, 6, 7, 8, 9].flatMap { Array(repeating: $0, count: 6) }
        #expect(rows.map { Int($0.value(of: "source_row")?.number ?? -1) } == sources)
        for row in rows {
            let (id, source) = (row.value(of: "id")?.number, row.value(of: "source_row")?.number)
            #expect(id == source)
            let (chosen, rejected) = (
                try #require(row.value(of: "rating_chosen")?.number),
                try #require(row.value(of: "rating_rejected")?.number)
            )
            #expect(chosen > rejected && row.value(of: "responses") == nil && row.value(of: "scores") == nil)
            // Rated 4, it is the one that the worker gives half a point more.
            let margin = try #require(row.value(of: "margin")?.number)
            #expect(margin == (chosen == 4 ? 0.5 : 0))
        }
        let errors = try objects("out.errors.jsonl")
        #expect(errors.compactMap { $0.value(of: "line")?.number } == [4])
        #expect(errors[0].value(of: "raw")?.string == Self.rows(10)[3])
        #expect(
            JobResult(summary: summary, direction: nil).text(output: "o", errors: "e", directionFile: nil)
                .split(separator: "\n").prefix(2) == [
                    "54 of 55 rows annotated, 1 have nothing to compare and are in the errors file, too",
                    "pairs: responses: responses, scores: scores, pairs: all",
                ])
    }

    /// Its rows, its pairs and its errors are those of the same rows in JSON.
    @Test func parquetGivesTheSamePairs() throws {
        try folder.write(Self.rows(10).joined(separator: "\n"), to: "rows.jsonl")
        _ = try run(definition(), TemporaryLedger().open)
        let expected = try objects("out.jsonl")
        let schema = try ColumnarSchema([
            ColumnarField("id", .int64), ColumnarField("prompt", .string),
            ColumnarField("responses", .list(ColumnarField("element", .string), .regular)),
            ColumnarField("scores", .list(ColumnarField("element", .int64), .regular)),
        ])
        let writer = try ParquetWriter(path: folder.path("rows.parquet"), schema: schema)
        var file = try AtomicFile(path: folder.path("rows.parquet"))
        for row in 0..<10 {
            let scores: [Int64] = row % 7 == 3 ? [1, 1, 1, 1] : [2, 4, 1, 3]
            try writer.append([
                .integer(Int64(row)), .text("p\(row % 5)"), .list((0..<4).map { .text("answer \($0) of \(row)") }),
                .list(scores.map { .integer($0) }),
            ]) { bytes throws(FileError) in try file.write(bytes) }
        }
        try writer.finish { bytes throws(FileError) in try file.write(bytes) }
        try file.seal()
        try file.publish()
        _ = try run(
            definition(input: "rows.parquet", output: "out.parquet"), TemporaryLedger().open)
        let table = try ColumnarFile.open(folder.path("out.parquet"))
        #expect(
            table.schema.fields.map(\.name) == [
                "id", "prompt", "chosen", "rejected", "rating_chosen", "rating_rejected", "source_row", "margin",
                "score_chosen", "score_rejected",
            ])
        var rows: [[ColumnarValue]] = []
        while let row = try table.next() { rows.append(row) }
        #expect(rows.map { $0[2] } == expected.map { .text($0.value(of: "chosen")?.string ?? "") })
        #expect(rows.map { $0[5] } == expected.map { .double($0.value(of: "rating_rejected")?.number ?? .nan) })
        #expect(rows.map { $0[7] } == expected.map { .double($0.value(of: "margin")?.number ?? .nan) })
        #expect(try objects("out.errors.jsonl").compactMap { $0.value(of: "line")?.number } == [4])
    }

    /// The transactions that fill a ledger end where they end: also between two pairs of a row.
    @Test func readingGoesOnBetweenTwoPairsOfARow() throws {
        let text = Array(Self.rows(800, words: 50).joined(separator: "\n").utf8)
        try folder.write(text, to: "rows.jsonl")
        func ingest(_ ledger: Ledger, _ input: String) throws {
            let input = try #require(try definition(input: input).input(of: .rows))
            try Ingestor(ledger: ledger, input: input, unitTokens: 256, textsPerUnitMax: 4096).run { _ in }
        }
        func payloads(_ ledger: Ledger) throws -> [UnitPayload?] {
            try ledger.openUnits(of: .rows, after: UnitID(0), limit: .max).map { try ledger.payload(of: $0.id) }
        }
        let undisturbed = try TemporaryLedger()
        try ingest(undisturbed.open, "rows.jsonl")
        var file = try OutputFile(path: folder.path("rows.jsonl.gz"), keepPartial: false)
        try file.write(text)
        try file.finish()
        let compressed = try folder.bytes(of: "rows.jsonl.gz")
        try folder.write(Array(compressed.prefix(compressed.count * 9 / 10)), to: "rows.jsonl.gz")
        let other = try TemporaryLedger()
        #expect(throws: FileError.self) { try ingest(other.open, "rows.jsonl.gz") }
        let interrupted = try other.open.ingestion(of: .rows)
        #expect(
            interrupted.phase == .reading && interrupted.rows > 0 && interrupted.rows % 6 != 0, "\(interrupted.rows)")
        try folder.write(compressed, to: "rows.jsonl.gz")
        try other.reopen()
        try ingest(other.open, "rows.jsonl.gz")
        #expect(try payloads(other.open) == payloads(undisturbed.open))
        let notices = try other.open.ingestion(of: .rows).notices()
        #expect(notices.several?.text == "4116 pairs of 686 rows with several responses")
    }

    /// Each distinct response of a prompt costs once, so that its pairs are not parted.
    @Test func allPairsOfAPromptAreInOneUnit() throws {
        let responses = (0..<7).map { "\"\(String(repeating: "word ", count: 20))\($0)\"" }.joined(separator: ", ")
        let rows = (0..<20).map {
            #"{"prompt": "p\#($0)", "responses": [\#(responses)], "ranks": [1, 2, 3, 4, 5, 6, 7]}"#
        }
        try folder.write(rows.joined(separator: "\n"), to: "rows.jsonl")
        let ledger = try TemporaryLedger()
        let input = try #require(try definition().input(of: .rows))
        try Ingestor(ledger: ledger.open, input: input, unitTokens: 256, textsPerUnitMax: 4096).run { _ in }
        var units: [String: Set<UInt64>] = [:]
        var tokens = 0
        for unit in try ledger.open.openUnits(of: .rows, after: UnitID(0), limit: .max) {
            tokens += unit.tokens
            for item in try #require(try ledger.open.payload(of: unit.id)).items {
                units[item.text.prompt.text, default: []].insert(unit.id.rawValue)
            }
        }
        #expect(units.count == 20 && units.values.allSatisfy { $0.count == 1 })
        // 21 pairs of 7 responses with 26 tokens or so.
        #expect(tokens < 20 * (7 * 27 + 21 + 40))
    }

    // MARK: What is checked before a job begins

    @Test func anotherRuleIsAnotherJob() throws {
        try folder.write(Self.rows(3).joined(separator: "\n"), to: "rows.jsonl")
        let usual = try definition().fingerprint
        #expect(try definition("pairs: all").fingerprint == usual)
        #expect(try definition("pairs: adjacent").fingerprint == usual.merging(["dataset.pairs": "adjacent"]) { $1 })
        let named = try definition("columns: {prompt: prompt, responses: responses, scores: scores}").fingerprint
        let other = try definition("columns: {prompt: prompt, responses: responses, ranks: scores}").fingerprint
        #expect(named["dataset.columns"] == "responses scores: scores" && named != other && named != usual)
    }

    @Test func aRuleThatCannotApplyIsAProblem() throws {
        try folder.write(#"{"prompt": "p", "chosen": "c", "rejected": "r"}"#, to: "rows.jsonl")
        #expect(
            try problems("pairs: all") == [
                "rows.jsonl: dataset.pairs: all is of rows with several responses, and these have two each (preference)"
            ])
        try folder.write(#"{"prompt": "p", "responses": ["a", "b", "c"], "best": 0}"#, to: "rows.jsonl")
        #expect(try problems("pairs: best-worst").first?.contains("best-worst needs scores or ranks") == true)
        #expect(try problems("pairs: adjacent").isEmpty)
        try folder.write(
            #"{"prompt": "p", "responses": ["a", "b"], "scores": [1, 2], "source_row": 5}"#, to: "rows.jsonl")
        #expect(try problems("").first?.contains("it has \"source_row\" already") == true)
        #expect(try problems("existing_columns: rename").isEmpty)
    }

    /// Whatever the input's columns are called, the output's are the pair's.
    @Test func outputsAreReadAsPairs() throws {
        for dataset in [
            "", "format: ranked", "columns: {responses: responses, scores: scores}",
            "columns: {prompt: prompt, responses: responses, scores: scores}",
        ] {
            try folder.write(Self.rows(3).joined(separator: "\n"), to: "rows.jsonl")
            let definition = try definition(dataset)
            _ = try run(definition, TemporaryLedger().open)
            let pairs = try records(at: folder.path("rows.jsonl"), definition.inputOptions).map(\.pair)
            let output = try records(at: folder.path("out.jsonl"), definition.inputOptions.ofOutput).map(\.pair)
            #expect(output.count == 18 && output.map(\.?.preferred) == pairs.map(\.?.preferred), "\(dataset)")
            #expect(output.map(\.?.other) == pairs.map(\.?.other) && output.map(\.?.prompt) == pairs.map(\.?.prompt))
        }
    }
}
