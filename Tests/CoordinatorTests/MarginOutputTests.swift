import Dataset
import DatasetFixtures
import Foundation
import JSON
import JobConfiguration
import JobStore
import JobStoreFixtures
import Margins
import Protocol
import Testing

@testable import Coordinator

/// A job's output where something is asked for of its margins.
@Suite struct MarginOutputTests {
    private let folder: DatasetFolder
    private let temporary: TemporaryLedger
    private let ledger: Ledger

    /// Of the rows; the fourth one cannot be read.
    private static let margins = [2.0, -1.5, 0, .nan, -0.25]

    init() throws {
        folder = try DatasetFolder()
        temporary = try TemporaryLedger()
        ledger = try temporary.open
        let rows = Self.margins.enumerated().map { index, margin in
            margin.isNaN ? "{}" : #"{"prompt": "p\#(index)", "chosen": "c\#(index)", "rejected": "r\#(index)"}"#
        }
        try folder.write(rows.joined(separator: "\n"), to: "rows.jsonl")
        try folder.write(#"{"prompt": "p", "harmless": "no", "harmful": "yes"}"#, to: "anchors.jsonl")
    }

    private func definition(_ margin: String, model: String = "") throws -> JobDefinition {
        let yaml = """
            job: {input: rows.jsonl, output: out.jsonl, anchors: anchors.jsonl}
            model: {path: none.gguf\(model)}
            embedding: {compat: legend}
            margin: {\(margin)}
            """
        return try JobDefinition(Configuration(yaml: yaml, path: folder.path("cluster.yaml")))
    }

    /// - Parameter truncated: rows of which a text was cut.
    private func run(
        _ margin: String, model: String = "", truncated: Set<UInt64> = [],
        rescore: ((UInt64) throws -> RowResult)? = nil
    ) throws -> OutputStep.Summary {
        let definition = try definition(margin, model: model)
        let input = try #require(definition.input(of: .rows))
        try Ingestor(ledger: ledger, input: input, unitTokens: 256, textsPerUnitMax: 4096).run { _ in }
        for unit in try ledger.openUnits(of: .rows, after: UnitID(0), limit: .max) {
            let payload = try #require(try ledger.payload(of: unit.id))
            let scores: [Double] = payload.items.map { Self.margins[Int($0.row)] + 1 }.flatMap { [$0, 1] }
            let result = UnitResult(
                lease: Lease(unit: unit.id, attempt: 1), rows: payload.items.map(\.row),
                responseCounts: payload.items.map { _ in 2 },
                output: .scores(Tensor(scores, shape: [scores.count, 1]), scorer: "d"),
                truncated: payload.items.indices.filter { truncated.contains(payload.items[$0].row) })
            _ = try ledger.apply([.result(result, worker: "a")])
        }
        return try OutputStep(definition: definition, ledger: ledger, direction: nil, survey: nil).run(rescore: rescore)
    }

    /// What the output adds to each row, and the responses where they are not in their places.
    private func added() throws -> [String] {
        try folder.text(of: "out.jsonl").split(separator: "\n").map { line in
            let row = String(line)
            let isExchanged = row.contains(#""chosen": "r"#)
            let start = try #require(row.range(of: #""margin": "#)).lowerBound
            return (isExchanged ? "exchanged " : "") + row[start...].dropLast()
        }
    }

    private func text(_ summary: OutputStep.Summary) -> [Substring] {
        JobResult(summary: summary, direction: nil).text(output: "o", errors: "e", directionFile: nil)
            .split(separator: "\n")
    }

    @Test func withoutASettingNothingIsAddedOrSaid() throws {
        let summary = try run("")
        #expect(
            try added() == [
                #""margin": 2.0, "score_chosen": 3.0, "score_rejected": 1.0"#,
                #""margin": -1.5, "score_chosen": -0.5, "score_rejected": 1.0"#,
                #""margin": 0.0, "score_chosen": 1.0, "score_rejected": 1.0"#,
                #""margin": -0.25, "score_chosen": 0.75, "score_rejected": 1.0"#,
            ])
        #expect(
            text(summary) == [
                "4 of 5 rows annotated, 1 cannot be: the errors file says why",
                "margin: mean 0.0625, standard deviation 1.4488, from -1.5 to 2.0; 25.0 % above 0", "output: o",
                "report: o.report.html", "errors: e",
            ])
    }

    @Test func rowsOfWhichATextWasCutAreMarked() throws {
        let summary = try run("", model: ", truncation: keep-end", truncated: [1, 4])
        #expect(
            try added() == [
                #""margin": 2.0, "margin_truncated": false, "score_chosen": 3.0, "score_rejected": 1.0"#,
                #""margin": -1.5, "margin_truncated": true, "score_chosen": -0.5, "score_rejected": 1.0"#,
                #""margin": 0.0, "margin_truncated": false, "score_chosen": 1.0, "score_rejected": 1.0"#,
                #""margin": -0.25, "margin_truncated": true, "score_chosen": 0.75, "score_rejected": 1.0"#,
            ])
        #expect(
            text(summary)[1]
                == "truncated: 2 rows, which margin_truncated marks, had more tokens than fit: their ends were kept")
    }

    @Test func flippedRowsAreExchangedWithTheirScores() throws {
        let summary = try run("negative: flip, bins: {quantiles: 2}")
        #expect(
            try added() == [
                #""margin": 2.0, "margin_bin": 1, "margin_flipped": false, "score_chosen": 3.0, "score_rejected": 1.0"#,
                #"exchanged "margin": 1.5, "margin_bin": 1, "margin_flipped": true, "score_chosen": 1.0, "score_rejected": -0.5"#,
                #""margin": 0.0, "margin_bin": 0, "margin_flipped": false, "score_chosen": 1.0, "score_rejected": 1.0"#,
                #"exchanged "margin": 0.25, "margin_bin": 0, "margin_flipped": true, "score_chosen": 1.0, "score_rejected": 0.75"#,
            ])
        #expect(summary.margins.negativeCount == 0 && summary.measured.negativeCount == 2)
        #expect(
            text(summary).dropFirst(2) == [
                "bins: 2 quantiles; edges at 1.5",
                "below 0: 2 of 4 margins, whose rows have their responses exchanged, as margin_flipped says",
                "output: o",
                "report: o.report.html", "errors: e",
            ])
    }

    @Test func droppedRowsAreInTheErrorsAndDidNotFail() throws {
        let summary = try run("negative: drop")
        #expect((summary.rows, summary.annotatedRows, summary.droppedRows, summary.failedRows) == (5, 2, 2, 1))
        let errors = try folder.text(of: "out.errors.jsonl").split(separator: "\n").map {
            try JSONObject(line: Array($0.utf8))
        }
        #expect(errors.compactMap { $0.value(of: "row")?.number } == [1, 3, 4])
        #expect(
            errors[2].value(of: "error")?.string == "the margin is -0.25, below 0 (margin.negative: drop)")
        #expect(errors[2].value(of: "raw")?.string == #"{"prompt": "p4", "chosen": "c4", "rejected": "r4"}"#)
        #expect(
            text(summary).first == """
                2 of 5 rows annotated, 1 cannot be: the errors file says why, 2 are dropped for margins below 0 and are in the \
                errors file, too
                """)
    }

    @Test func clippedAndFlaggedRowsAreCounted() throws {
        let flagged = try run("negative: flag")
        #expect(try added().map { $0.contains(#""margin_negative": true"#) } == [false, true, false, true])
        #expect(text(flagged).contains("below 0: 2 of 4 margins, whose rows are flagged in margin_negative"))
        let clipped = try run("negative: clip, bins: {edges: [0, 1]}")
        #expect(clipped.margins.minimum == 0)
        #expect(try added().map { $0.contains(#""margin_bin": 1"#) } == [false, true, true, true])
        #expect(text(clipped).contains("below 0: 2 of 4 margins, which are 0 now"))
    }

    /// As `project` does, whose rows may have a margin no longer.
    @Test func theBinsAreOfTheMarginsThatAreWritten() throws {
        let summary = try run("bins: {quantiles: 3}") { row in
            row == 0 ? .failed(reason: "e") : .values(Tensor([Double(row), 0], shape: [2]))
        }
        #expect(summary.treatment?.bins?.bins.edges == [2, 4])
        #expect(
            try added().map { $0.prefix(30) } == [
                #""margin": 1.0, "margin_bin": 0"#, #""margin": 2.0, "margin_bin": 1"#,
                #""margin": 4.0, "margin_bin": 2"#,
            ])
    }

    @Test func probabilitiesNeedMarginsThatTheLabelsCalibrate() throws {
        let error = #expect(throws: ConfigurationError.self) { try definition("bins: {probabilities: [0.5]}") }
        #expect(
            error?.problems.first?.contains(
                "cluster.yaml: margin.bins: probabilities need margins that the rows' labels")
                == true)
    }

    /// Whether this job adds it or an earlier one did: nobody is to take that one's for this one's.
    @Test(arguments: ["margin", "margin_bin", "margin_negative", "margin_flipped", "margin_truncated", "p_safer"])
    func aColumnThatJobsAddIsFoundInTheInput(_ column: String) throws {
        try folder.write(#"{"prompt": "p", "chosen": "c", "rejected": "r", "\#(column)": 1}"#, to: "rows.jsonl")
        let error = #expect(throws: ConfigurationError.self) { try definition("") }
        #expect(error?.problems.first?.contains("it has \"\(column)\" already") == true)
    }
}
