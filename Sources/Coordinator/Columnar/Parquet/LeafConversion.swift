/// Makes values of what a Parquet column stores.
struct LeafConversion: Sendable {
    /// What a value is stored as, and what becomes of it.
    private enum Form: Sendable {
        case bool, float, double, half, string, binary, int96, null
        case signed(bits: Int)
        case unsigned(bits: Int)
        case decimal(byteCount: Int)
        case days
    }

    let physical: ParquetPhysical

    /// Bytes of a value, plainly stored; 0 where they differ in length, or where it is a bit.
    let width: Int
    private let form: Form

    init(_ leaf: ParquetLeaf) {
        physical = leaf.physical
        width =
            switch leaf.physical {
            case .boolean, .byteArray: 0
            case .int32, .float: 4
            case .int64, .double: 8
            case .int96: 12
            case .fixedByteArray: leaf.byteCount
            }
        form =
            switch leaf.type.plain {
            case .null: .null
            case .bool: .bool
            case .integer(let bits, let isSigned): isSigned ? .signed(bits: bits) : .unsigned(bits: bits)
            case .half: .half
            case .float: .float
            case .double: .double
            case .string: .string
            case .decimal(_, _, let bits): .decimal(byteCount: bits / 8)
            case .date(let countsMilliseconds): countsMilliseconds ? .days : .signed(bits: 32)
            case .time(let unit): .signed(bits: unit.timeBits)
            case .timestamp where leaf.physical == .int96: .int96
            case .timestamp, .duration: .signed(bits: 64)
            case .binary, .fixedBinary: .binary
            case .list, .structure, .map, .dictionary: .null
            }
    }

    /// Whether a value is a number of at most 64 bits.
    var isNumber: Bool {
        switch physical {
        case .boolean, .int32, .int64, .float, .double: true
        case .int96, .byteArray, .fixedByteArray: false
        }
    }

    /// - Parameter bits: of a value of 32 bits the lower ones count.
    @inline(__always)
    func value(_ bits: UInt64) throws(ColumnarProblem) -> ColumnarValue {
        switch form {
        case .signed(let count): return .integer(Self.signed(bits, count))
        case .double: return .double(Double(bitPattern: bits))
        case .float: return .float(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
        case .bool: return .bool(bits & 1 == 1)
        case .unsigned(let count): return .unsigned(count == 64 ? bits : bits & (1 << UInt64(count) - 1))
        case .days: return .integer(Self.signed(bits, 32) * 86_400_000)
        case .decimal(let count):
            let number = physical == .int32 ? Self.signed(bits, 32) : Int64(bitPattern: bits)
            return .decimal(Self.extended(withUnsafeBytes(of: number.bigEndian, Array.init)[...], to: count))
        case .null: throw ColumnarProblem("a column of nulls has a value")
        case .half, .string, .binary, .int96: throw ColumnarProblem("a number where bytes are expected")
        }
    }

    @inline(__always)
    private static func signed(_ bits: UInt64, _ count: Int) -> Int64 {
        let shift = Int64(64 - count)
        return Int64(bitPattern: bits << UInt64(shift)) >> shift
    }

    @inline(__always)
    func value(_ bytes: ArraySlice<UInt8>) throws(ColumnarProblem) -> ColumnarValue {
        switch form {
        case .string: return .string(Array(bytes))
        case .binary: return .binary(Array(bytes))
        case .half: return .half(UInt16(truncatingIfNeeded: Self.littleEndian(bytes)))
        case .int96: return try Self.timestamp(bytes)
        case .decimal(let count):
            guard bytes.count <= count || bytes.dropLast(count).allSatisfy({ $0 == Self.sign(bytes.suffix(count)) })
            else { throw ColumnarProblem("a decimal has more digits than its column") }
            return .decimal(Self.extended(bytes.suffix(count), to: count))
        case .null: throw ColumnarProblem("a column of nulls has a value")
        case .bool, .float, .double, .signed, .unsigned, .days:
            throw ColumnarProblem("bytes where a number is expected")
        }
    }

    private static func littleEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Nanoseconds of the day and a Julian day number: what `INT96` is used for.
    private static func timestamp(_ bytes: ArraySlice<UInt8>) throws(ColumnarProblem) -> ColumnarValue {
        let nanoseconds = Int64(bitPattern: littleEndian(bytes))
        let days = Int64(littleEndian(bytes.dropFirst(8))) - 2_440_588
        let (start, overflow) = days.multipliedReportingOverflow(by: 86_400_000_000_000)
        let (sum, sumOverflow) = start.addingReportingOverflow(nanoseconds)
        guard !overflow, !sumOverflow else {
            throw ColumnarProblem("expected a time of 1677 to 2262, found one \(days) days behind 1970-01-01")
        }
        return .integer(sum)
    }

    /// What the bytes before a number in two's complement are.
    private static func sign(_ bytes: ArraySlice<UInt8>) -> UInt8 { bytes.first ?? 0 >= 0x80 ? 0xFF : 0 }

    private static func extended(_ bytes: ArraySlice<UInt8>, to count: Int) -> [UInt8] {
        Array(repeating: sign(bytes), count: max(0, count - bytes.count)) + bytes.suffix(count)
    }
}
