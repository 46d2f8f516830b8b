internal import Diagnostics

// What physical and logical types mean together: https://github.com/apache/parquet-format/blob/master/LogicalTypes.md.

extension ParquetElement {
    /// Of a column of bytes, what an Arrow type does not say.
    var annotation: ColumnarField.Annotation? {
        switch logical {
        case .json: .json
        case .bson: .bson
        case .uuid: .uuid
        case .enumeration: .enumeration
        default: nil
        }
    }

    /// - Throws: where the two do not go together, or are not supported.
    func type(_ physical: ParquetPhysical) throws(ColumnarProblem) -> ColumnarType {
        if logical == .unknown { return .null }
        if physical == .fixedByteArray, !(1...ColumnarType.fixedBytesMax).contains(byteCount) {
            throw ColumnarProblem("expected values of at least one byte, found \(byteCount)")
        }
        if case .decimal(let precision, let scale) = logical {
            return try decimal(physical, precision: precision, scale: scale)
        }
        switch (physical, logical) {
        case (.boolean, nil): return .bool
        case (.int32, nil): return .integer(bits: 32, isSigned: true)
        case (.int32, .integer(let bits, let isSigned)) where [8, 16, 32].contains(bits):
            return .integer(bits: bits, isSigned: isSigned)
        case (.int32, .date): return .date(countsMilliseconds: false)
        case (.int32, .time(.millisecond, _)): return .time(.millisecond)
        case (.int64, nil): return .int64
        case (.int64, .integer(64, let isSigned)): return .integer(bits: 64, isSigned: isSigned)
        case (.int64, .time(let unit, _)) where unit != .millisecond: return .time(unit)
        case (.int64, .timestamp(let unit, let isUTC)): return .timestamp(unit, zone: isUTC ? "UTC" : nil)
        case (.int96, nil): return .timestamp(.nanosecond, zone: nil)
        case (.float, nil): return .float
        case (.double, nil): return .double
        case (.byteArray, nil), (.byteArray, .bson): return .binary(.regular)
        case (.byteArray, .string), (.byteArray, .json), (.byteArray, .enumeration): return .string
        case (.fixedByteArray, nil): return .fixedBinary(byteCount)
        case (.fixedByteArray, .uuid) where byteCount == 16: return .fixedBinary(16)
        case (.fixedByteArray, .half) where byteCount == 2: return .half
        default:
            let meaning = logical.map { "\($0)" } ?? "no logical type"
            throw ColumnarProblem(
                """
                expected a logical type of text, numbers, decimals, dates, times, JSON, BSON or UUID that fits how \
                values are stored, found \(meaning.excerpt()) stored as \(physical)
                """)
        }
    }

    private func decimal(
        _ physical: ParquetPhysical, precision: Int, scale: Int
    ) throws(ColumnarProblem) -> ColumnarType {
        let most: Int
        switch physical {
        case .int32: most = 9
        case .int64: most = 18
        case .byteArray, .fixedByteArray: most = 76
        default: throw ColumnarProblem("a decimal is stored as \(physical)")
        }
        guard (1...most).contains(precision), (0...precision).contains(scale) else {
            throw ColumnarProblem(
                "expected a decimal of 1 to \(most) digits, found \(precision) with \(scale) behind the point")
        }
        return .decimal(precision: precision, scale: scale, bits: precision <= 38 ? 128 : 256)
    }
}

extension ColumnarType {
    /// Bytes of a value of a fixed number of them: more is no sane column.
    static let fixedBytesMax = 1 << 24

    /// The type that it was before it was written, as far as Parquet itself does not tell: what pyarrow does with the
    /// Arrow schema that it keeps in a file.
    func restored(to original: ColumnarType?) -> ColumnarType {
        switch (self, original) {
        case (.string, .string), (.binary, .binary), (.int64, .duration): return original ?? self
        case (.timestamp(let unit, .some), .timestamp(_, let zone?)): return .timestamp(unit, zone: zone)
        case (.decimal(let precision, let scale, _), .decimal(let digits, let places, _))
        where precision == digits && scale == places:
            return original ?? self
        case (.string, .dictionary(let values, let bits, let isSigned, let isOrdered)),
            (.binary, .dictionary(let values, let bits, let isSigned, let isOrdered)):
            return .dictionary(restored(to: values), bits: bits, isSigned: isSigned, isOrdered: isOrdered)
        default: return self
        }
    }
}
