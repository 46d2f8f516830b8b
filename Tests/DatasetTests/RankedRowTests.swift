import Columnar
import DatasetFixtures
internal import FileSystem
import Foundation
import JSON
import Testing

@testable import Dataset

/// What becomes of single rows with several responses.
@Suite struct RankedRowTests {
    private static func options(_ pairs: PairRule = .all) -> DatasetOptions {
        DatasetOptions(
            purpose: .row,
            columns: DatasetColumns(
                prompt: "prompt", ranked: .init(responses: "responses", judgement: .scores(ColumnPath("scores")))),
            pairs: pairs)
    }

    private static let good = #"{"prompt": "q", "responses": ["a", "b", "c"], "scores": [1, 3, 2]}"#

    @Test(arguments: [
        (#""responses": ["a", "b"], "scores": [2, 2]"#, "its 2 responses are all equally good (no pair)"),
        (#""responses": ["a"], "scores": [2]"#, "it has 1 responses to compare, a pair needs 2 (no pair)"),
        (#""responses": [], "scores": []"#, "it has 0 responses to compare, a pair needs 2 (no pair)"),
        (
            #""responses": ["a", " ", "b", null], "scores": [2, 1, "N/A", 3]"#,
            "it has 1 responses to compare, a pair needs 2 (3 more have no text or nothing that says how good they are) "
                + "(no pair)"
        ),
        (
            #""responses": ["a", "a"], "scores": [2, 1]"#,
            "those of its responses of which one is better are the same text (no pair)"
        ),
    ])
    func aRowWithNothingToCompareIsNoFailure(_ columns: String, _ reason: String) throws {
        let all = try records(Self.good + "\n{\"prompt\": \"q\", \(columns)}\n" + Self.good, Self.options())
        #expect(all.map(\.index) == [0, 1, 2, 3, 4, 5, 6] && all.map(\.line) == [1, 1, 1, 2, 3, 3, 3])
        #expect(all[3].errorText == "rows.jsonl:2: \(reason)" && all[3].origin == nil)
        guard case .failure(let error) = all[3].content else { return }
        #expect(error.problem.isNoFailure)
        #expect(all.map(\.sourceRow) == [0, 0, 0, 1, 2, 2, 2])
    }

    @Test(arguments: [
        (#""responses": ["a", "b"], "scores": [2]"#, "expected a number for each of the 2 of responses, found 1"),
        (#""responses": ["a", "b"], "scores": [2, true]"#, "\"scores[1]\": expected a number, found a boolean"),
        (#""responses": ["a", "b"], "scores": {"x": 1}"#, "\"scores\": expected a list, found an object"),
        (#""responses": ["a", 1], "scores": [2, 1]"#, "\"responses[1]\": expected a string, found a number"),
        (#""responses": "a", "scores": [2, 1]"#, "expected a list, or one as JSON text, found another text"),
        (#""scores": [2, 1]"#, "\"responses\" is missing"),
        (#""responses": ["a", "b"], "scores": [2, 1], "images": [1]"#, "images are not read"),
    ])
    func aRowThatIsNotAsItShouldBeIsOneError(_ columns: String, _ reason: String) throws {
        let all = try records(Self.good + "\n{\"prompt\": \"q\", \(columns)}", Self.options())
        #expect(all.count == 4)
        #expect(all[3].errorText?.contains(reason) == true, "\(all[3].errorText ?? "")")
        guard case .failure(let error) = all[3].content else { return }
        #expect(!error.problem.isNoFailure)
    }

    @Test func aRowHasAtMost64Responses() throws {
        func row(_ count: Int) -> String {
            let list = (0..<count).map { "\"\($0)\"" }.joined(separator: ",")
            return #"{"prompt": "q", "responses": [\#(list)], "scores": [\#(list)]}"#
        }
        let all = try records(row(64) + "\n" + row(65), Self.options())
        #expect(all.count == 64 * 63 / 2 + 1)
        #expect(all.last?.errorText?.hasSuffix("\"responses\": expected a list of at most 64, found 65") == true)
    }

    @Test(arguments: [
        ("ranks", "[0, 1]", "expected places, of which 1 is the best, found 0.0"),
        ("best", "2", "expected the number of the best of 2 responses, counted from 0, found 2"),
        ("best", "0.5", "counted from 0, found a number"), ("best", #""a""#, "counted from 0, found a string"),
    ])
    func whatDoesNotSayWhichIsBetterIsAnError(_ column: String, _ value: String, _ reason: String) throws {
        let row = #"{"prompt": "q", "responses": ["a", "b"], "\#(column)": \#(value)}"#
        let judgement: DatasetColumns.Ranked.Judgement = column == "best" ? .best(column) : .ranks(ColumnPath(column))
        let options = DatasetOptions(
            purpose: .row,
            columns: DatasetColumns(prompt: "prompt", ranked: .init(responses: "responses", judgement: judgement)))
        #expect(try records(row, options)[0].errorText?.contains(reason) == true)
    }

    @Test func aKeyThatNoObjectHasIsAnErrorAndOneThatSomeLackIsLeftOut() throws {
        let options = DatasetOptions(
            purpose: .row,
            columns: DatasetColumns(
                prompt: "prompt", ranked: .init(responses: "r.text", judgement: .scores(ColumnPath("r.s")))))
        let rows = try records(
            #"{"prompt": "q", "r": [{"text": "a", "s": 1}, {"text": "b"}, {"text": "c", "s": 3}]}"# + "\n"
                + #"{"prompt": "q", "r": [{"text": "a", "t": 1}, {"text": "b", "t": 2}]}"#, options)
        #expect(rows.count == 2 && rows[0].pair?.preferred == "c" && rows[0].origin?.leftOut?.unrated == 1)
        #expect(rows[1].errorText?.contains("expected objects with \"s\", found one with the keys") == true)
    }

    @Test func noticesCountWhatWasLeftOut() throws {
        let all = try records(
            Self.good + "\n" + #"{"prompt": "q", "responses": ["a", "", "b", "b"], "scores": [null, 1, 2, 3]}"# + "\n"
                + #"{"prompt": "q", "responses": ["a", "a", "b"], "scores": [1, 2, 3]}"#, Self.options())
        var notices = RowNotices()
        for record in all { notices.add(record) }
        #expect(notices.several?.text == "5 pairs of 2 rows with several responses")
        #expect(
            notices.lines(readsControlTokens: false) == [
                "1 row has no two responses of which one is better, and goes to the errors",
                "1 pair is left out: its two responses are the same text",
            ])
    }

    // MARK: - What comes out

    /// The output, and the errors.
    private func written(
        _ text: String, _ options: DatasetOptions, _ existing: (RankedColumns?) -> ExistingColumns,
        flipped: Bool = false
    ) throws -> (rows: [String], errors: [String]) {
        let folder = try DatasetFolder()
        let path = try folder.write(text, to: "rows.jsonl")
        var reader = try DatasetReader(path: path, options: options)
        var writer = try AnnotatedWriter(
            path: folder.path("out.jsonl"), errorsPath: folder.path("out.errors.jsonl"),
            existing: existing(reader.ranking), exchange: reader.exchange)
        var count = 0
        while let record = try reader.next() {
            count += 1
            var annotation = try Annotation(margin: 1, scoreChosen: 3, scoreRejected: 2)
            if flipped { annotation.mark = .flipped(true) }
            try writer.write(record, record.errorText.map { .unpaired(reason: $0) } ?? .annotated(annotation))
        }
        try writer.finish(rows: count)
        let hasErrors = try folder.names.contains("out.errors.jsonl")
        let errors = hasErrors ? try folder.text(of: "out.errors.jsonl") : ""
        return (
            try folder.text(of: "out.jsonl").split(separator: "\n").map(String.init),
            errors.split(separator: "\n").map(String.init)
        )
    }

    private static let added = #""margin": 1.0, "score_chosen": 3.0, "score_rejected": 2.0}"#

    @Test func theListsAreReplacedByThePair() throws {
        let rows = #"{"id": 7, "prompt": "q", "responses": ["a", "b\""], "scores": [1, 3], "x": [1, 2]}"#
        let tied = #"{"prompt": "q", "responses": ["a", "b"], "scores": [1, 1]}"#
        let (output, errors) = try written(tied + "\n" + rows, Self.options()) {
            ExistingColumns(.refused, ranking: $0)
        }
        #expect(
            output == [
                #"{"id": 7, "prompt": "q", "x": [1, 2], "chosen": "b\"", "rejected": "a", "rating_chosen": 3.0, "#
                    + #""rating_rejected": 1.0, "source_row": 1, "# + Self.added
            ])
        let error = try JSONObject(line: Array(try #require(errors.first).utf8))
        #expect(error.value(of: "raw")?.string == tied)
    }

    @Test func flippedSidesChangePlacesWithTheirRatings() throws {
        let rows = #"{"prompt": "q", "responses": ["a", "b"], "scores": [1, 3]}"#
        let output = try written(rows, Self.options(), { ExistingColumns(.refused, ranking: $0) }, flipped: true).rows
        #expect(
            output[0].hasPrefix(
                #"{"prompt": "q", "chosen": "a", "rejected": "b", "rating_chosen": 1.0, "rating_rejected": 3.0, "#))
    }

    @Test func columnsOfTheirNamesAreTreatedAsThoseOfMargins() throws {
        let row =
            #"{"prompt": "q", "responses": ["a", "b"], "scores": [1, 3], "chosen": 5, "source_row": 6, "margin": 7}"#
        let all = try records(row, Self.options())
        let ranking = RankedColumns(leftOut: ["responses", "scores"], isOfBestAlone: false, words: "")
        #expect(
            ExistingColumns(.refused, ranking: ranking).conflicts(in: all[0]) == ["chosen", "source_row", "margin"])
        #expect(ExistingColumns(.refused).conflicts(in: all[0]) == ["margin"])
        let pair = #""chosen": "b", "rejected": "a", "rating_chosen": 3.0, "rating_rejected": 1.0, "source_row": 0, "#
        let replaced = try written(row, Self.options()) { ExistingColumns(.replaced, ranking: $0) }.rows
        #expect(replaced == [#"{"prompt": "q", "# + pair + Self.added])
        var renaming = ColumnRenaming()
        renaming.avoid(["original_chosen"])
        let renamed = try written(row, Self.options()) { ExistingColumns(.renamed(renaming), ranking: $0) }.rows
        #expect(
            renamed == [
                #"{"prompt": "q", "original_original_chosen": 5, "original_source_row": 6, "original_margin": 7, "#
                    + pair + Self.added
            ])
        let refused = try written(row, Self.options()) { ExistingColumns(.refused, ranking: $0) }
        #expect(refused.rows.isEmpty && refused.errors[0].contains("responses[1] before responses[0]: it has"))
    }

    @Test func parquetHasTypedColumns() throws {
        let folder = try DatasetFolder()
        let completion = ColumnarField(
            "element", .structure([ColumnarField("response", .string), ColumnarField("score", .float)]))
        let schema = try ColumnarSchema([
            ColumnarField("id", .int64), ColumnarField("prompt", .string),
            ColumnarField("completions", .list(completion, .regular)),
        ])
        func row(_ id: Int64, _ completions: [(String, Float)]) -> [ColumnarValue] {
            [
                .integer(id), .text("q"),
                .list(completions.map { .structure([.text($0.0), .float($0.1)]) }),
            ]
        }
        try ColumnarDatasetTests.write(
            [row(5, [("a", 1), ("b", 2.5)]), row(6, [("c", 1)]), row(7, [("d", 2), ("e", 1), ("f", 0)])], schema,
            to: folder.path("rows.parquet"))
        let ranking = try DatasetReader(path: folder.path("rows.parquet"), options: DatasetOptions(purpose: .row))
            .ranking
        try ColumnarDatasetTests.annotate(
            folder.path("rows.parquet"), in: folder, existing: ExistingColumns(.refused, ranking: ranking))
        let table = try ColumnarDatasetTests.table(folder.path("out.parquet"))
        #expect(
            table.schema.fields
                == [
                    ColumnarField("id", .int64), ColumnarField("prompt", .string), ColumnarField("chosen", .string),
                    ColumnarField("rejected", .string), ColumnarField("rating_chosen", .double),
                    ColumnarField("rating_rejected", .double), ColumnarField("source_row", .int64),
                ] + ColumnarDatasetTests.added)
        #expect(
            table.rows.map { Array($0[..<7]) } == [
                [.integer(5), .text("q"), .text("b"), .text("a"), .double(2.5), .double(1), .integer(0)],
                [.integer(7), .text("q"), .text("d"), .text("e"), .double(2), .double(1), .integer(2)],
                [.integer(7), .text("q"), .text("d"), .text("f"), .double(2), .double(0), .integer(2)],
                [.integer(7), .text("q"), .text("e"), .text("f"), .double(1), .double(0), .integer(2)],
            ])
        #expect(table.rows.count == 4)
        #expect(try folder.text(of: "out.errors.jsonl").contains("(no pair)"))
    }
}
