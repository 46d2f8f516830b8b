internal import Columnar

/// A column that an output adds to a row, and its value there.
package struct AddedColumn: Hashable, Sendable {
    package enum Value: Hashable, Sendable, CustomStringConvertible {
        case number(Double)
        case integer(Int)
        case boolean(Bool)

        /// As JSON. Numbers are the shortest that read back as the same Double.
        package var description: String {
            switch self {
            case .number(let value): value.description
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
    var type: ColumnarType {
        switch self {
        case .number: .double
        case .integer: .int64
        case .boolean: .bool
        }
    }

    var columnar: ColumnarValue {
        switch self {
        case .number(let value): .double(value)
        case .integer(let value): .integer(Int64(value))
        case .boolean(let value): .bool(value)
        }
    }
}
