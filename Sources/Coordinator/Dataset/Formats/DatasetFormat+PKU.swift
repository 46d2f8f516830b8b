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

    var columns: [String] { Self.responses + [OriginalRow.saferColumn] }

    /// The responses stay, for the row has more columns about each of them.
    var exchange: ResponseExchange? { .label(OriginalRow.saferColumn) }

    func responses(of row: OriginalRow) -> [RowResponse] {
        Self.responses.map { RowResponse(column: $0, of: row) }
    }

    func comparison(of responses: [RowResponse], in row: OriginalRow) throws(RowProblem) -> ResponseComparison {
        let safer = try row.saferResponse()
        return .pair(preferred: responses[safer], other: responses[1 - safer])
    }
}

extension OriginalRow {
    fileprivate static let saferColumn = "safer_response_id"

    /// Which of its two responses the label of such a row calls the safer one, 0 or 1.
    ///
    /// - Throws: ``RowProblem`` where there is no such label.
    func saferResponse() throws(RowProblem) -> Int {
        guard let value = value(of: Self.saferColumn) else {
            throw .missingColumn(Self.saferColumn, columns: columnNames)
        }
        guard let number = value.number, number == 0 || number == 1 else {
            throw .wrongType(column: Self.saferColumn, expected: "0 or 1", found: value.excerpt)
        }
        return Int(number)
    }
}
