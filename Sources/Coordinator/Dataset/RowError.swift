internal import Diagnostics
package import JSON

/// What is wrong with one row, without the place.
package enum RowProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// The row has more bytes than the configuration allows.
    case overLong(limit: Int)
    case invalidUTF8(offset: Int)
    case invalidJSON(JSONSyntaxError)
    case notAnObject(found: JSONValue.Kind)
    case invalidCSV(CSVSyntaxError)
    /// A value of a columnar file that is not what its column's type says; in words, with the column.
    case invalidValue(String)
    case missingColumn(String, columns: [String])
    /// - Parameter expected: in words, such as "a string".
    case wrongType(column: String, expected: String, found: String)
    /// The column's text is empty or nothing but whitespace.
    case emptyText(column: String)
    case emptyPrompt(column: String)
    /// A text that was a conversation before some program wrote it into a column of texts.
    case serialized(column: String, found: String)
    /// Several columns, each of which may be the prompt, say different things.
    /// - Parameter section: the part of the configuration that can tell.
    case severalPrompts([String], section: String)
    /// A column that has a meaning which is not read.
    case unsupportedColumn(String, what: String, key: String)
    /// The responses begin with a dialogue that the prompt is no part of.
    /// - Parameter remedy: what in the configuration helps.
    case promptDisagrees(prompt: String, String, String, remedy: String)
    /// A message of a conversation is not what it should be; `message` counts from 1.
    case badMessage(column: String, message: Int, problem: String)
    /// A conversation that does not end with exactly one answer to the prompt.
    case noSingleResponse(column: String, found: String)
    /// Without a prompt column, a text must be a transcript.
    case noTranscript(column: String, columns: [String])
    case transcriptWithoutResponse(column: String)
    /// Without a prompt column, both sides must begin with the same prompt.
    case noCommonPrompt(String, String)
    /// It has several responses, and no two of them of which one is better; why, in words.
    case noPair(String)
    /// What it will be used for cannot be done with it, in whole words.
    case refused(String)

    package var description: String {
        switch self {
        case .overLong(let limit):
            "the row is longer than \(limit) bytes (dataset.max_row_mib); only its beginning is kept"
        case .invalidUTF8(let offset):
            "invalid UTF-8 at byte offset \(offset)"
        case .invalidJSON(let error):
            "invalid JSON: \(error)"
        case .notAnObject(let found):
            "expected a JSON object, found \(found.words)"
        case .invalidCSV(let error):
            "invalid CSV: \(error)"
        case .invalidValue(let problem):
            problem
        case .missingColumn(let column, let columns):
            "\(column.quoted) is missing (columns: \(columns.listed))"
        case .wrongType(let column, let expected, let found):
            "\(column.quoted): expected \(expected), found \(found)"
        case .emptyText(let column), .emptyPrompt(let column):
            "\(column.quoted) is empty"
        case .serialized(let column, let found):
            """
            \(column.quoted) holds \(found): expected a text, a list of messages, or one as JSON text. Dataset.to_json \
            keeps lists, and json.dumps makes JSON of one
            """
        case .severalPrompts(let columns, let section):
            """
            \(columns.map(\.quoted).joined(separator: " and ")) say different things: name the prompt's column in \
            \(section).columns, or list what is not to be read in \(section).ignore_columns
            """
        case .unsupportedColumn(let column, let what, let key):
            "\(column.quoted): \(what) not read; to leave the column out, list it in \(key)"
        case .promptDisagrees(let prompt, let first, let second, let remedy):
            "\(first.quoted) and \(second.quoted) begin with a dialogue that \(prompt.quoted) is no part of; \(remedy)"
        case .badMessage(let column, let message, let problem):
            "\(column.quoted), message \(message): \(problem)"
        case .noSingleResponse(let column, let found):
            "\(column.quoted): expected one assistant message after the prompt, found \(found)"
        case .noTranscript(let column, let columns):
            "\(column.quoted) is no transcript (\"\\n\\nHuman: …\\n\\nAssistant: …\"), "
                + "and there is no prompt column (columns: \(columns.listed))"
        case .transcriptWithoutResponse(let column):
            "\(column.quoted): expected a transcript that ends with an Assistant turn, found a Human turn at its end"
        case .noCommonPrompt(let first, let second):
            "\(first.quoted) and \(second.quoted) share no prompt: they differ before the first response"
        case .noPair(let reason): "\(reason) \(RowOutcome.unpairedReasonEnding)"
        case .refused(let reason): reason
        }
    }

    /// Whether nothing is wrong with the row: there is only nothing to compare in it.
    package var isNoFailure: Bool { if case .noPair = self { true } else { false } }
}

/// A row that cannot be annotated: which, where, and why.
package struct RowError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file's name, without its folder: messages must not depend on where a job ran.
    package let file: String
    /// 1-based line on which the row begins.
    package let line: Int
    /// 1-based place in the JSON array that the file is; nil for any other file.
    package let element: Int?
    /// Which of a row's several responses it is about; nil of a row that is one pair, or is wrong as a whole.
    package let pair: String?
    package let problem: RowProblem

    package init(file: String, line: Int, element: Int? = nil, pair: String? = nil, problem: RowProblem) {
        self.file = file
        self.line = line
        self.element = element
        self.pair = pair
        self.problem = problem
    }

    package var description: String {
        "\(file):\(line): \(element.map { "element \($0): " } ?? "")\(pair.map { "\($0): " } ?? "")\(problem)"
    }
}

extension JSONValue.Kind {
    /// With its article, for messages.
    var words: String {
        switch self {
        case .array, .object: "an \(rawValue)"
        case .null: rawValue
        case .string, .number, .boolean: "a \(rawValue)"
        }
    }
}
