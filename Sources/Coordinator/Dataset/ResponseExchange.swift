internal import JSON

/// What makes the preferred response of a row the other one. Every other column stays as it is.
package enum ResponseExchange: Hashable, Sendable {
    /// The values of two columns change places, with what they have of the prompt.
    case columns(String, String)

    /// A column names the preferred one of two responses by 0 or 1.
    case label(String)

    /// The row has several, and stays as it is: what an output adds of a pair changes places.
    case pair
}

extension OriginalRow {
    /// The row with its responses exchanged.
    ///
    /// - Precondition: the row could be read by the layout that the exchange is of.
    func exchanged(by exchange: ResponseExchange) -> OriginalRow {
        if exchange == .pair { return self }
        switch self {
        case .object(let object):
            let values = exchange.values { column in object.value(of: column).map { Array($0.bytes[$0.range]) } }
            return .object(object.replacing(values))
        case .columns(let row):
            guard case .object(let object) = OriginalRow.object(row.object).exchanged(by: exchange) else { return self }
            return .columns(row.exchanged(by: exchange, object))
        case .fields(let columns, let fields):
            let values = exchange.values { column in value(of: column)?.string.map { Array($0.utf8) } }
            return .fields(
                columns: columns,
                values: zip(columns, fields).map { column, field in
                    values[ExactName(column)].map { String(decoding: $0, as: UTF8.self) } ?? field
                })
        case .unreadable: preconditionFailure("a row that cannot be read has no responses")
        }
    }
}

extension ResponseExchange {
    /// The columns' new values, as the file writes them.
    ///
    /// - Parameter value: of a column.
    fileprivate func values(_ value: (_ column: String) -> [UInt8]?) -> [ExactName: [UInt8]] {
        func known(_ column: String) -> [UInt8] {
            guard let value = value(column) else { preconditionFailure("a row without \(column) could be read") }
            return value
        }
        switch self {
        case .columns(let first, let second):
            // They may be one: nothing forbids to compare a column with itself.
            return [ExactName(first): known(second)].merging([ExactName(second): known(first)]) { $1 }
        case .label(let column): return [ExactName(column): Self.otherLabel(known(column))]
        case .pair: return [:]
        }
    }

    /// 1 for 0 and 0 for 1, written as the column writes numbers: a table has one type for all of its rows.
    static func otherLabel(_ label: [UInt8]) -> [UInt8] {
        let text = String(decoding: label, as: UTF8.self)
        let isQuoted = text.hasPrefix("\"")
        let number = isQuoted ? JSONText.decodedString(label, in: label.indices) : text
        let digit = Double(number) == 0 ? "1" : "0"
        let other = number.contains(".") ? digit + ".0" : digit
        return Array((isQuoted ? "\"\(other)\"" : other).utf8)
    }
}
