internal import Columnar
internal import JSON

/// A column that an output adds to a row, and its value there.
package struct AddedColumn: Hashable, Sendable {
    package enum Value: Hashable, Sendable, CustomStringConvertible {
        case number(Double)
        case integer(Int)
        case boolean(Bool)
        case text(String)
        /// In place of a number.
        case noNumber

        /// As JSON. Numbers are the shortest that read back as the same Double.
        package var description: String {
            switch self {
            case .number(let value): value.description
            case .noNumber: "null"
            case .text(let text): Self.quoted(text)
            case .integer(let value): value.description
            case .boolean(let value): value.description
            }
        }
    }

    package let name: String
    package let value: Value

    package init(_ name: String, _ value: Value) {
        self.name = name
        self.value = value
    }
}

extension AddedColumn.Value {
    private static func quoted(_ text: String) -> String {
        var json: [UInt8] = []
        JSONText.append(text, to: &json)
        return String(decoding: json, as: UTF8.self)
    }

    var type: ColumnarType {
        switch self {
        case .number, .noNumber: .double
        case .text: .string(.regular)
        case .integer: .int64
        case .boolean: .bool
        }
    }

    var columnar: ColumnarValue {
        switch self {
        case .number(let value): .double(value)
        case .noNumber: .null
        case .text(let text): .string(Array(text.utf8))
        case .integer(let value): .integer(Int64(value))
        case .boolean(let value): .bool(value)
        }
    }
}
