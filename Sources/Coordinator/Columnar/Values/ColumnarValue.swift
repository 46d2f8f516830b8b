/// One value of a row, exact: written again it is the same to the bit. What it means, its field's ``ColumnarType``
/// says.
package enum ColumnarValue: Sendable {
    case null
    case bool(Bool)

    /// Signed integers; dates, times, timestamps and durations in the units of their type.
    case integer(Int64)
    case unsigned(UInt64)

    /// The bits of an IEEE 754 binary16.
    case half(UInt16)
    case float(Float)
    case double(Double)

    /// Bytes as the file has them: whether they are UTF-8 nobody has looked at.
    case string([UInt8])
    case binary([UInt8])

    /// The unscaled integer, big-endian in two's complement, as many bytes as its type has.
    case decimal([UInt8])

    /// Lists; maps as lists of structures of key and value.
    case list([ColumnarValue])

    /// A value for each field.
    case structure([ColumnarValue])

    /// A value of text.
    package static func text(_ text: String) -> ColumnarValue { .string(Array(text.utf8)) }

    /// About how many bytes it takes in memory, without what is nested in it.
    var byteCost: Int {
        switch self {
        case .string(let bytes), .binary(let bytes), .decimal(let bytes): 48 + bytes.count
        case .list, .structure: 48
        case .null, .bool, .integer, .unsigned, .half, .float, .double: 16
        }
    }

    /// What it is, for a message.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer: "a signed integer"
        case .unsigned: "an unsigned integer"
        case .half, .float, .double: "a floating-point number"
        case .string: "a string"
        case .binary: "bytes"
        case .decimal: "a decimal"
        case .list: "a list"
        case .structure: "a structure"
        }
    }
}

extension ColumnarValue: Equatable {
    /// To the bit: zeros of both signs differ, a NaN is itself.
    package static func == (one: ColumnarValue, other: ColumnarValue) -> Bool {
        switch (one, other) {
        case (.null, .null): true
        case (.bool(let one), .bool(let other)): one == other
        case (.integer(let one), .integer(let other)): one == other
        case (.unsigned(let one), .unsigned(let other)): one == other
        case (.half(let one), .half(let other)): one == other
        case (.float(let one), .float(let other)): one.bitPattern == other.bitPattern
        case (.double(let one), .double(let other)): one.bitPattern == other.bitPattern
        case (.string(let one), .string(let other)), (.binary(let one), .binary(let other)),
            (.decimal(let one), .decimal(let other)):
            one == other
        case (.list(let one), .list(let other)), (.structure(let one), .structure(let other)): one == other
        default: false
        }
    }
}
