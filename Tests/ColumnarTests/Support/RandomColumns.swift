import Columnar
import SeededRandom

/// Columns of any type, nested or not, and values for them.
struct RandomColumns {
    var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &generator) }

    mutating func schema() throws -> ColumnarSchema {
        let fields = (0..<(1 + below(5))).map { field("c\($0)", depth: 3) }
        let metadata = below(2) == 0 ? [] : [ColumnarMetadata(key: [1, 0xFF], value: below(2) == 0 ? nil : [0])]
        return try ColumnarSchema(fields, metadata: metadata)
    }

    private mutating func field(_ name: String, depth: Int) -> ColumnarField {
        let type = type(depth: depth)
        var field = ColumnarField(name, type, isNullable: type == .null || below(4) > 0)
        if below(8) == 0 { field.metadata = [ColumnarMetadata(key: Array("k".utf8), value: Array("v".utf8))] }
        if below(8) == 0 { field.number = Int32(below(100)) }
        if type == .fixedBinary(16), below(2) == 0 { field.annotation = .uuid }
        if type == .string, below(4) == 0 { field.annotation = below(2) == 0 ? .json : .enumeration }
        return field
    }

    private mutating func type(depth: Int) -> ColumnarType {
        guard depth > 0, below(2) == 0 else { return plainType() }
        switch below(5) {
        case 0: return .structure((0..<(1 + below(3))).map { field("f\($0)", depth: depth - 1) })
        case 1:
            let key = ColumnarField("key", .string, isNullable: false)
            return .map(key: key, value: field("value", depth: depth - 1), keysAreSorted: below(2) == 0)
        case 2: return .list(field("element", depth: depth - 1), .fixed(below(3)))
        case 3: return .list(field("element", depth: depth - 1), .large)
        default: return .list(field("element", depth: depth - 1), .regular)
        }
    }

    private mutating func plainType() -> ColumnarType {
        let types: [ColumnarType] = [
            .null, .bool, .integer(bits: 8, isSigned: true), .integer(bits: 16, isSigned: false), .int64,
            .integer(bits: 32, isSigned: true), .integer(bits: 32, isSigned: false),
            .integer(bits: 64, isSigned: false),
            .half, .float, .double, .string, .string, .string(.large), .string(.view), .binary(.regular),
            .fixedBinary(16), .fixedBinary(3), .decimal(precision: 5, scale: 2, bits: 128),
            .decimal(precision: 70, scale: 0, bits: 256), .date(countsMilliseconds: false), .time(.nanosecond),
            .timestamp(.microsecond, zone: nil), .timestamp(.nanosecond, zone: "+01:00"), .duration(.second),
            .dictionary(.string, bits: 16, isSigned: true, isOrdered: true),
        ]
        return types[below(types.count)]
    }

    mutating func value(_ field: ColumnarField) -> ColumnarValue {
        if field.isNullable, field.type == .null || below(4) == 0 { return .null }
        switch field.type {
        case .null: return .null
        case .bool: return .bool(below(2) == 0)
        case .integer(let bits, true): return .integer(signed(bits))
        case .integer(let bits, false): return .unsigned(generator.next() >> UInt64(64 - bits))
        case .half: return .half(UInt16.random(in: 0 ... .max, using: &generator))
        case .float: return .float(Float(bitPattern: UInt32.random(in: 0 ... .max, using: &generator)))
        case .double: return .double(Double(bitPattern: generator.next()))
        case .string, .dictionary: return .text(["", "user", "assistant", "ä🙂\(below(100))"][below(4)])
        case .binary: return .binary(generator.bytes(below(20)))
        case .fixedBinary(let count): return .binary(generator.bytes(count))
        case .decimal(let precision, _, let bits):
            let bytes = precision == 5 ? 2 : 28
            let sign: UInt8 = below(2) == 0 ? 0 : 0xFF
            return .decimal(
                Array(repeating: sign, count: bits / 8 - bytes) + [sign ^ 0x12] + generator.bytes(bytes - 1))
        case .date: return .integer(signed(32))
        case .time, .timestamp, .duration: return .integer(signed(64))
        case .structure(let fields): return .structure(fields.map { value($0) })
        case .map(let key, let item, _):
            return .list((0..<below(4)).map { _ in .structure([value(key), value(item)]) })
        case .list(let element, .fixed(let count)): return .list((0..<count).map { _ in value(element) })
        case .list(let element, _): return .list((0..<below(5)).map { _ in value(element) })
        }
    }

    private mutating func signed(_ bits: Int) -> Int64 { Int64(bitPattern: generator.next()) >> Int64(64 - bits) }
}
