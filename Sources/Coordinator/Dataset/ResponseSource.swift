/// Where a row's responses are, and which of them are compared.
package protocol ResponseSource: Sendable {
    /// Columns without which a row is of another layout.
    var columns: [String] { get }

    /// All that the row has, however many.
    ///
    /// - Throws: ``RowProblem`` where the columns cannot be taken apart.
    func responses(of row: OriginalRow) throws(RowProblem) -> [RowResponse]

    /// - Parameter responses: the row's.
    /// - Throws: ``RowProblem`` where the row does not tell.
    func comparison(of responses: [RowResponse], in row: OriginalRow) throws(RowProblem) -> ResponseComparison

    /// What of a row makes the preferred response the other one; nil where nothing does.
    var exchange: ResponseExchange? { get }

    /// What of a row pairs are made of; nil where a row is one.
    var ranking: RankedColumns? { get }
}

extension ResponseSource {
    package var exchange: ResponseExchange? { nil }
    package var ranking: RankedColumns? { nil }
}

/// One response of a row, as the file has it.
package struct RowResponse: Sendable {
    /// What messages call it: its column as a rule.
    let name: String
    /// Nil where the row has no such column.
    let value: ColumnValue?

    package init(_ name: String, _ value: ColumnValue) {
        self.name = name
        self.value = value
    }

    /// What is in a column of its own.
    init(column: String, of row: OriginalRow) {
        name = column
        value = row.value(of: column)
    }
}

/// The responses that a row is read for.
package enum ResponseComparison: Sendable {
    case pair(preferred: RowResponse, other: RowResponse)
    /// The preferred one is the same text in every row.
    case refusal(String, other: RowResponse)
    /// Several, of which pairs are made.
    case ranked(JudgedResponses)
    /// There is no other one.
    case single(RowResponse)
    /// It is read for its prompt alone.
    case none
}

/// A column for each side.
struct ColumnPair: ResponseSource {
    let preferred: String
    let other: String

    static let chosenAndRejected = ColumnPair(preferred: "chosen", other: "rejected")

    var columns: [String] { [preferred, other] }

    var exchange: ResponseExchange? { .columns(preferred, other) }

    func responses(of row: OriginalRow) -> [RowResponse] { columns.map { RowResponse(column: $0, of: row) } }

    func comparison(of responses: [RowResponse], in row: OriginalRow) -> ResponseComparison {
        .pair(preferred: responses[0], other: responses[1])
    }
}

/// No responses: whatever other columns say.
struct NoResponses: ResponseSource {
    var columns: [String] { [] }

    func responses(of row: OriginalRow) -> [RowResponse] { [] }

    func comparison(of responses: [RowResponse], in row: OriginalRow) -> ResponseComparison { .none }
}

/// A column for the other side alone.
struct RefusedColumn: ResponseSource {
    let refusal: String
    let other: String

    var columns: [String] { [other] }

    func responses(of row: OriginalRow) -> [RowResponse] { [RowResponse(column: other, of: row)] }

    func comparison(of responses: [RowResponse], in row: OriginalRow) -> ResponseComparison {
        .refusal(refusal, other: responses[0])
    }
}

/// A column for the one response.
struct SingleColumn: ResponseSource {
    let column: String

    var columns: [String] { [column] }

    func responses(of row: OriginalRow) -> [RowResponse] { [RowResponse(column: column, of: row)] }

    func comparison(of responses: [RowResponse], in row: OriginalRow) -> ResponseComparison { .single(responses[0]) }
}
