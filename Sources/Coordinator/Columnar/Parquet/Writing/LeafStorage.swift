/// Makes of values what a Parquet column stores: the way back from ``LeafConversion``.
struct LeafStorage: Sendable {
    enum Stored {
        case bit(Bool)

        /// Of a number of 32 bits the lower ones count.
        case number(UInt64)
        case bytes([UInt8])
    }

    private let type: ColumnarType
    let physical: ParquetPhysical

    /// Bytes of a value; 0 where they differ, or where it is a bit.
    let width: Int

    init(_ leaf: ParquetLeaf) {
        type = leaf.type.plain
        physical = leaf.physical
        width = LeafConversion(leaf).width
    }

    /// - Throws: where the value is of another type than the column, or does not fit into it.
    func stored(_ value: ColumnarValue) throws(ColumnarProblem) -> Stored {
        switch (type, value) {
        case (.bool, .bool(let value)): return .bit(value)
        case (.integer(let bits, true), .integer(let value)): return .number(try signed(value, bits))
        case (.integer(let bits, false), .unsigned(let value)):
            guard bits == 64 || value >> UInt64(bits) == 0 else { throw unfit("\(value)") }
            return .number(value)
        case (.half, .half(let bits)): return .bytes([UInt8(truncatingIfNeeded: bits), UInt8(bits >> 8)])
        case (.float, .float(let value)): return .number(UInt64(value.bitPattern))
        case (.double, .double(let value)): return .number(value.bitPattern)
        case (.string, .string(let bytes)), (.binary, .binary(let bytes)): return .bytes(bytes)
        case (.fixedBinary(let count), .binary(let bytes)):
            guard bytes.count == count else { throw unfit("\(bytes.count) bytes") }
            return .bytes(bytes)
        case (.decimal(_, _, let bits), .decimal(let bytes)): return .bytes(try decimal(bytes, bits / 8))
        case (.date(let countsMilliseconds), .integer(let value)):
            guard countsMilliseconds else { return .number(try signed(value, 32)) }
            guard value % 86_400_000 == 0 else { throw unfit("\(value), which is no whole day") }
            return .number(try signed(value / 86_400_000, 32))
        case (.time(let unit), .integer(let value)):
            return .number(try signed(try stored(value, unit), unit.timeBits))
        case (.timestamp(let unit, _), .integer(let value)):
            return .number(UInt64(bitPattern: try stored(value, unit)))
        case (.duration, .integer(let value)): return .number(UInt64(bitPattern: value))
        default: throw ColumnarProblem("expected a value of type \(type), found \(value.kind)")
        }
    }

    private func unfit(_ found: String) -> ColumnarProblem {
        ColumnarProblem("expected a value of type \(type), found \(found)")
    }

    private func signed(_ value: Int64, _ bits: Int) throws(ColumnarProblem) -> UInt64 {
        guard bits == 64 || value >> Int64(bits - 1) == value >> 63 else { throw unfit("\(value)") }
        return UInt64(bitPattern: value)
    }

    private func stored(_ value: Int64, _ unit: ColumnarType.TimeUnit) throws(ColumnarProblem) -> Int64 {
        guard unit == .second else { return value }
        let (milliseconds, overflow) = value.multipliedReportingOverflow(by: 1000)
        guard !overflow else { throw unfit("\(value), which has too many milliseconds") }
        return milliseconds
    }

    private func decimal(_ bytes: [UInt8], _ byteCount: Int) throws(ColumnarProblem) -> [UInt8] {
        guard bytes.count == byteCount else { throw unfit("a decimal of \(bytes.count) bytes") }
        let digits = bytes.suffix(width)
        let sign: UInt8 = digits.first ?? 0 >= 0x80 ? 0xFF : 0
        guard bytes.dropLast(width).allSatisfy({ $0 == sign }) else { throw unfit("a decimal of more digits") }
        return Array(digits)
    }
}
