import Dataset
import DatasetFixtures
import FileSystem
import Foundation
import JSON
import JobConfiguration
import JobStore
import JobStoreFixtures
import Protocol
import Testing

@testable import Coordinator

/// Columns that the product does not know: several answers, and a number for each. The best is compared with the worst.
private struct RatedAnswers: ResponseSource {
    let columns = ["answers", "grades"]

    func responses(of row: OriginalRow) throws(RowProblem) -> [RowResponse] {
        try elements(of: "answers", in: row).enumerated().map { RowResponse("answers[\($0)]", .json($1)) }
    }

    func comparison(of responses: [RowResponse], in row: OriginalRow) throws(RowProblem) -> ResponseComparison {
        let grades = try elements(of: "grades", in: row).compactMap(\.number)
        guard grades.count == responses.count, let greatest = grades.max(), let least = grades.min(),
            greatest > least, let best = grades.firstIndex(of: greatest), let worst = grades.firstIndex(of: least)
        else {
            throw .wrongType(
                column: "grades", expected: "\(responses.count) numbers, not all the same", found: "\(grades)")
        }
        return .pair(preferred: responses[best], other: responses[worst])
    }

    private func elements(of column: String, in row: OriginalRow) throws(RowProblem) -> [JSONValue] {
        guard let value = row.value(of: column) else { throw .missingColumn(column, columns: row.columnNames) }
        guard case .json(let json) = value, let elements = json.elements else {
            throw .wrongType(column: column, expected: "a list", found: value.kindWords)
        }
        return elements
    }
}

extension DatasetFormat {
    fileprivate static func rated(precedence: Int) -> DatasetFormat {
        DatasetFormat(
            name: "rated", columns: "question, answers: texts, grades: numbers", precedence: [.row: precedence]
        ) { options in
            [RowLayout(.known, RatedAnswers(), .texts, options)]
        }
    }
}

@Suite struct AddedFormatTests {
    private static let formats = DatasetFormat.all + [.rated(precedence: 3)]
    private static let rows = """
        {"id": 1, "question": "why?", "answers": ["so", "because", "no"], "grades": [2, 3.5, -1]}
        {"question": "and?", "answers": ["then", "but"], "grades": [0, 1]}
        {"question": "or?", "answers": ["a", "b"]}
        {"question": "or?", "grades": [1, 2]}
        {"question": "or?", "answers": ["a", "b"], "grades": [1]}
        {"question": "or?", "answers": ["a", "b"], "grades": [1, 1]}
        {"question": "or?", "answers": "a", "grades": [1, 2]}
        {"question": "or?", "answers": ["a", {"b": 1}], "grades": [2, 1]}
        {"answers": ["a", "b"], "grades": [2, 1]}

        """

    private let folder: DatasetFolder
    private let path: String
    private var options = DatasetOptions(purpose: .row)

    init() throws {
        folder = try DatasetFolder()
        path = try folder.write(Self.rows, to: "rows.jsonl")
        options.formats = Self.formats
    }

    // MARK: Rows

    @Test func itIsFoundInAFile() throws {
        let reader = try DatasetReader(path: path, options: options)
        #expect(reader.detectedFormat == .rated(precedence: 3))
        #expect(reader.unreadColumns == ["id"])
        #expect(throws: FileError.self) { try records(at: path) }
    }

    @Test func itsRowsAreReadAndSayWhatIsWrongWithThem() throws {
        let all = try records(at: path, options)
        #expect(
            all.compactMap(\.pair) == [
                ResponsePair(prompt: Conversation(user: "why?"), preferred: "because", other: "no"),
                ResponsePair(prompt: Conversation(user: "and?"), preferred: "but", other: "then"),
            ])
        #expect(
            all.compactMap(\.errorText) == [
                #"rows.jsonl:3: "grades" is missing (columns: question, answers)"#,
                #"rows.jsonl:4: "answers" is missing (columns: question, grades)"#,
                #"rows.jsonl:5: "grades": expected 2 numbers, not all the same, found [1.0]"#,
                #"rows.jsonl:6: "grades": expected 2 numbers, not all the same, found [1.0, 1.0]"#,
                #"rows.jsonl:7: "answers": expected a list, found a string"#,
                #"rows.jsonl:8: "answers[1]": expected a string, found an object"#,
                #"rows.jsonl:9: "prompt" is missing (columns: answers, grades)"#,
            ])
    }

    /// The responses of a list are read as those of columns are: without their prompt, and not beside images.
    @Test func whatHoldsForAllFormatsHoldsForIt() throws {
        let question = "What is the capital of the country that lies in the south of France?"
        let all = try records(
            """
            {"question": "\(question)", "answers": ["\(question) Madrid", "\(question) Rome"], "grades": [2, 1]}
            {"question": "q", "answers": ["a", "b"], "grades": [2, 1], "system": "s"}
            {"question": "q", "answers": ["a", "b"], "grades": [2, 1], "images": ["x"]}
            """, options)
        #expect(all[0].pair == ResponsePair(prompt: .init(user: question), preferred: "Madrid", other: "Rome"))
        #expect(all[1].pair?.prompt.messages.first == ChatMessage(role: .system, content: "s"))
        #expect(
            all[2].errorText
                == #"rows.jsonl:3: "images": images are not read; to leave the column out, list it in "#
                + "dataset.ignore_columns")
    }

    @Test(arguments: [(3, "rated", "b"), (2, "preference", "a"), (0, "preference", "a")])
    func whereAFileFitsSeveralThePrecedenceDecides(_ precedence: Int, _ name: String, _ preferred: String) throws {
        let row = #"{"question": "q", "chosen": "a", "rejected": "c", "answers": ["b", "c"], "grades": [2, 1]}"#
        let path = try folder.write(row, to: "both.jsonl")
        var options = options
        options.formats = DatasetFormat.all + [.rated(precedence: precedence)]
        var reader = try DatasetReader(path: path, options: options)
        #expect(reader.detectedFormat?.name == name)
        #expect(try reader.next()?.pair?.preferred == preferred)
    }

    @Test func aFileThatFitsNothingIsToldOfIt() throws {
        let path = try folder.write(#"{"question": "q", "answers": ["a", "b"]}"#, to: "unrated.jsonl")
        let error = #expect(throws: FileError.self) { try records(at: path, options) }
        #expect(
            error?.problem.hasPrefix(
                "no format fits. Found the columns: question, answers. Expected "
                    + "rated (question, answers: texts, grades: numbers); preference (") == true)
        // Not what anchors may be.
        var anchors = DatasetOptions(purpose: .anchor)
        anchors.formats = options.formats
        let other = #expect(throws: FileError.self) { try records(at: path, anchors) }
        #expect(other?.problem.contains("Expected anchors (") == true && other?.problem.contains("rated") == false)
    }

    // MARK: Jobs

    private func configuration(_ settings: String, _ formats: [DatasetFormat]) throws -> Configuration {
        try folder.write(#"{"prompt": "p", "harmless": "no", "harmful": "yes"}"#, to: "anchors.jsonl")
        let yaml = """
            job: {input: rows.jsonl, output: out.jsonl, anchors: anchors.jsonl}
            model: {path: none.gguf}
            \(settings)
            embedding: {template: alpaca}
            """
        return try Configuration(ofJob: folder.write(yaml, to: "cluster.yaml"), formats: formats)
    }

    @Test func aJobMayNameIt() throws {
        let configuration = try configuration("dataset: {format: rated}\nmargin: {unit: raw}", Self.formats)
        let definition = try JobDefinition(configuration, formats: Self.formats)
        let input = try #require(definition.input(of: .rows))
        #expect(input.options.format == .rated(precedence: 3) && input.options.formats == Self.formats)
        #expect(definition.anchors?.options.format == nil && definition.anchors?.options.formats == Self.formats)

        let temporary = try TemporaryLedger()
        let ledger = try temporary.open
        try Ingestor(ledger: ledger, input: input, unitTokens: 256, textsPerUnitMax: 4096).run { _ in }
        let unit = try #require(try ledger.openUnits(of: .rows, after: UnitID(0), limit: .max).first)
        let payload = try #require(try ledger.payload(of: unit.id))
        #expect(Set(payload.items.map(\.row)) == [0, 1])
        let scores = Tensor(payload.items.flatMap { [3 * Double($0.row) + 2, 1] }, shape: [4, 1])
        let result = UnitResult(
            lease: Lease(unit: unit.id, attempt: 1), rows: payload.items.map(\.row), responseCounts: [2, 2],
            output: .scores(scores, scorer: "d"))
        #expect(try ledger.apply([.result(result, worker: "a")]) == [.done])
        let summary = try OutputStep(definition: definition, ledger: ledger, direction: nil, survey: nil).run()
        #expect((summary.rows, summary.failedRows) == (9, 7))
        #expect(
            try folder.text(of: "out.jsonl").hasPrefix(
                #"{"id": 1, "question": "why?", "answers": ["so", "because", "no"], "grades": [2, 3.5, -1], "#
                    + #""margin": 1.0, "#))
    }

    /// It says nowhere which of its answers is the chosen one.
    @Test func aJobThatWouldFlipItsRowsDoesNotBegin() throws {
        let configuration = try configuration("margin: {negative: flip}", Self.formats)
        let error = #expect(throws: ConfigurationError.self) {
            try JobDefinition(configuration, formats: Self.formats)
        }
        #expect(
            error?.problems == [
                path
                    + ": margin.negative: flip needs rows whose two responses can change places: a column for each, or a "
                    + "label of 0 or 1; these have neither. flag, drop and clip do not need it"
            ])
    }

    @Test(arguments: [
        (
            "dataset: {format: rated}",
            "3:19: dataset.format: expected one of auto, preference, conversational, sharegpt, hh, pku, ranked"
        ),
        (
            "anchors: {format: rated}",
            "3:19: anchors.format: expected one of auto, anchors, harmful, legend, preference, conversational, sharegpt, hh, pku"
        ),
    ])
    func aNameThatIsNotInTheListIsRefused(_ settings: String, _ expected: String) throws {
        // Anchors may not have it, whatever the list.
        let formats = settings.hasPrefix("anchors") ? Self.formats : DatasetFormat.all
        let error = #expect(throws: ConfigurationError.self) { try configuration(settings, formats) }
        #expect(error?.problems == [#"\#(folder.path("cluster.yaml")):\#(expected), found "rated""#])
    }

    /// Who reads a configuration without the list is not taken at its word.
    @Test func aNameThatNobodyCheckedIsRefused() throws {
        _ = try configuration("dataset: {format: rated}", Self.formats)
        let unchecked = try Configuration(contentsOf: folder.path("cluster.yaml"))
        let error = #expect(throws: ConfigurationError.self) { try JobDefinition(unchecked) }
        #expect(
            error?.problems == [
                #"\#(folder.path("cluster.yaml")): dataset.format: no format for these rows is called "rated""#
            ])
    }

    /// There is a format of that name, for anchors.
    @Test func aNameOfAnotherUseThatNobodyCheckedIsRefused() throws {
        _ = try configuration("dataset: {format: preference}", DatasetFormat.all)
        var unchecked = try Configuration(contentsOf: folder.path("cluster.yaml"))
        unchecked.dataset.format = DatasetFormat.anchors.name
        let error = #expect(throws: ConfigurationError.self) { try JobDefinition(unchecked) }
        #expect(
            error?.problems == [
                #"\#(folder.path("cluster.yaml")): dataset.format: no format for these rows is called "anchors""#
            ])
    }

    @Test func aFormatThatHasNoLayoutSaysSo() throws {
        let bare = DatasetFormat(name: "bare", columns: "none", precedence: [.row: 3]) { _ in [] }
        let path = try folder.write(Self.rows, to: "rows.jsonl")
        let options = DatasetOptions(purpose: .row, format: bare)
        let error = #expect(throws: FileError.self) { _ = try DatasetReader(path: path, options: options) }
        let expected = #"the format "bare" has no layout for these rows: expected one at least, found none"#
        #expect(error?.description.hasSuffix(expected) == true)
    }

    @Test func everyFormatHasANameOfItsOwnThatTheExampleExplains() throws {
        let names = DatasetFormat.all.map(\.name)
        #expect(Set(names + [Configuration.anyFormat]).count == names.count + 1)
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL
        let example = try String(contentsOf: root.appending(path: "cluster.yaml"), encoding: .utf8)
        for name in names { #expect(example.contains("\(name) ("), "\(name)") }
    }
}
