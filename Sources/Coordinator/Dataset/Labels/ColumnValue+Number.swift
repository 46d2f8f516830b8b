internal import Diagnostics
internal import Foundation
internal import JSON

extension ColumnValue {
    /// A finite number, or a text of one in decimal digits, as CSV has it and some programs write JSON; nil of all else.
    var number: Double? {
        let number: Double? =
            switch self {
            case .json(let value) where value.kind == .number: value.number
            default: string.flatMap { $0.utf8.allSatisfy(Self.isOfNumber) ? Double($0) : nil }
            }
        return number.flatMap { $0.isFinite ? $0 : nil }
    }

    /// Of neither hexadecimal digits nor words such as "nan".
    private static func isOfNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    /// A short value itself, else what kind it is.
    var excerpt: String {
        switch self {
        case .text(let text): text.quoted
        case .json(let value) where value.kind == .number:
            String(decoding: value.bytes[value.range].prefix(24), as: UTF8.self)
        case .json(let value): value.kind.words
        }
    }
}

extension OriginalRow {
    /// - Throws: ``RowProblem`` where there is none.
    func number(in column: String) throws(RowProblem) -> Double {
        guard let value = value(of: column) else { throw .missingColumn(column, columns: columnNames) }
        guard let number = value.number else {
            throw .wrongType(column: column, expected: "a number", found: value.excerpt)
        }
        return number
    }
}
