/// The number of a metadata value's type in a GGUF file.
enum GGUFValueType: UInt32 {
    case uint8 = 0
    case int8 = 1
    case uint16 = 2
    case int16 = 3
    case uint32 = 4
    case int32 = 5
    case float32 = 6
    case bool = 7
    case string = 8
    case array = 9
    case uint64 = 10
    case int64 = 11
    case float64 = 12

    /// The least that one value takes in the file; exact for all but strings and arrays.
    var leastBytes: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64: 8
        case .string: 8  // the length
        case .array: 12  // the type of its elements and their number
        }
    }

    /// Strings and arrays have to be walked to find their end.
    var hasFixedSize: Bool { self != .string && self != .array }
}

/// One metadata value. Strings and arrays stay in the file, already checked to lie inside it.
enum GGUFValue {
    /// Wide enough for every integer type of the format.
    case integer(Int128)
    case float(Double)
    case bool(Bool)
    case string(Range<Int>)
    case array(GGUFArray)

    /// For errors.
    var kind: String {
        switch self {
        case .integer(let integer): "the integer \(integer)"
        case .float(let value): "the number \(value)"
        case .bool(let value): "\(value)"
        case .string: "a string"
        case .array(let array): "an array of \(array.count) \(array.elementType)"
        }
    }
}

/// An array's elements: `count` of them, of one type, in `bytes` of the file.
struct GGUFArray {
    let elementType: GGUFValueType
    let count: Int
    let bytes: Range<Int>
}

extension ByteCursor {
    /// Arrays in arrays in arrays: more levels than any model file has.
    private static let nestingLimit = 8

    mutating func readValueType(_ what: String) throws -> GGUFValueType {
        let start = offset
        let number = try read(UInt32.self, "type of \(what)")
        guard let type = GGUFValueType(rawValue: number) else {
            throw ModelFileError(
                file: file, place: .byte(start), what: "type of \(what)", expected: "0 to 12", found: "\(number)")
        }
        return type
    }

    mutating func readValue(of type: GGUFValueType, _ what: String) throws -> GGUFValue {
        switch type {
        case .uint8: .integer(Int128(try read(UInt8.self, what)))
        case .uint16: .integer(Int128(try read(UInt16.self, what)))
        case .uint32: .integer(Int128(try read(UInt32.self, what)))
        case .uint64: .integer(Int128(try read(UInt64.self, what)))
        case .int8: .integer(Int128(try read(Int8.self, what)))
        case .int16: .integer(Int128(try read(Int16.self, what)))
        case .int32: .integer(Int128(try read(Int32.self, what)))
        case .int64: .integer(Int128(try read(Int64.self, what)))
        case .float32: .float(Double(Float(bitPattern: try read(UInt32.self, what))))
        case .float64: .float(Double(bitPattern: try read(UInt64.self, what)))
        case .bool: .bool(try readBool(what))
        case .string: .string(try readString(what))
        case .array: .array(try readArray(what, depth: 1))
        }
    }

    private mutating func readBool(_ what: String) throws -> Bool {
        let start = offset
        switch try read(UInt8.self, what) {
        case 0: return false
        case 1: return true
        case let other:
            throw ModelFileError(
                file: file, place: .byte(start), what: what, expected: "0 or 1 for a bool", found: "\(other)")
        }
    }

    /// Checks that an array, whatever it holds, ends inside the file. Nothing is allocated.
    private mutating func readArray(_ what: String, depth: Int) throws -> GGUFArray {
        guard depth <= Self.nestingLimit else {
            throw ModelFileError(
                file: file, place: .byte(offset), what: what,
                expected: "arrays nested at most \(Self.nestingLimit) deep", found: "a deeper one")
        }
        let elementType = try readValueType("elements of \(what)")
        let count = try readCount(elementBytes: elementType.leastBytes, "count of \(what)")
        let start = offset
        switch elementType {
        case .string: for _ in 0..<count { _ = try readString(what) }
        case .array: for _ in 0..<count { _ = try readArray(what, depth: depth + 1) }
        default: try skip(count * elementType.leastBytes, what)
        }
        return GGUFArray(elementType: elementType, count: count, bytes: start..<offset)
    }
}
