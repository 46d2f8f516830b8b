internal import Diagnostics
internal import JSON

extension DatasetFormat {
    /// A prompt, `response_0`, `response_1`, `safer_response_id` (0 or 1), as in PKU-SafeRLHF.
    package static let pku = DatasetFormat(
        name: "pku", columns: "prompt, response_0, response_1, safer_response_id",
        precedence: [.row: 0, .anchor: 0]
    ) { options in
        [RowLayout(.known, SaferOfTwo(), .texts, options)]
    }
}

private struct SaferOfTwo: ResponseSource {
    private static let responses = ["response_0", "response_1"]
    private static let safer = "safer_response_id"

    var columns: [String] { Self.responses + [Self.safer] }

    /// The responses stay, for the row has more columns about each of them.
    var exchange: ResponseExchange? { .label(Self.safer) }

    func responses(of row: OriginalRow) -> [RowResponse] {
        Self.responses.map { RowResponse(column: $0, of: row) }
    }

    func comparison(of responses: [RowResponse], in row: OriginalRow) throws(RowProblem) -> ResponseComparison {
        let safer = try saferID(of: row)
        return .pair(preferred: responses[safer], other: responses[1 - safer])
    }

    private func saferID(of row: OriginalRow) throws(RowProblem) -> Int {
        guard let value = row.value(of: Self.safer) else {
            throw .missingColumn(Self.safer, columns: row.columnNames)
        }
        let number =
            switch value {
            case .json(let value): value.number ?? value.string.flatMap(Double.init)
            case .text(let text): Double(text)
            }
        guard let number, number == 0 || number == 1 else {
            throw .wrongType(column: Self.safer, expected: "0 or 1", found: value.excerpt)
        }
        return Int(number)
    }
}

extension ColumnValue {
    /// A short value itself, else what kind it is.
    fileprivate var excerpt: String {
        switch self {
        case .text(let text): text.quoted
        case .json(let value) where value.kind == .number:
            String(decoding: value.bytes[value.range].prefix(24), as: UTF8.self)
        case .json(let value): value.kind.words
        }
    }
}
