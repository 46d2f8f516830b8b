/// Reads numbers from bytes, little-endian, and none from beyond their end.
struct ByteReader {
    let bytes: [UInt8]

    /// Of the next byte; at most `end`.
    private(set) var position: Int
    let end: Int

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        position = 0
        end = bytes.count
    }

    /// - Parameter range: of the bytes that may be read; cut to those that are there.
    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        let range = range.clamped(to: 0..<bytes.count)
        position = range.lowerBound
        end = range.upperBound
    }

    var remaining: Int { end - position }

    mutating func byte() throws(ColumnarProblem) -> UInt8 {
        guard position < end else { throw ColumnarProblem.cutOff }
        defer { position += 1 }
        return bytes[position]
    }

    /// Where the next `count` bytes are; they are passed over.
    mutating func take(_ count: Int) throws(ColumnarProblem) -> Range<Int> {
        guard count >= 0, count <= remaining else { throw ColumnarProblem.cutOff }
        defer { position += count }
        return position..<(position + count)
    }

    /// Passes over so many bytes, or all that are left.
    mutating func skip(atMost count: Int) { position += min(max(count, 0), remaining) }

    mutating func uint32() throws(ColumnarProblem) -> UInt32 {
        UInt32(truncatingIfNeeded: bytes.littleEndian(at: try take(4).lowerBound, byteCount: 4))
    }

    /// A number in pieces of seven bits, the lowest first (ULEB128).
    mutating func varint() throws(ColumnarProblem) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            let byte = try byte()
            if shift == 63, byte > 1 { break }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw ColumnarProblem("a number of variable length has more than 64 bits")
    }

    /// A signed number whose sign is its lowest bit.
    mutating func zigzag() throws(ColumnarProblem) -> Int64 {
        let value = try varint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// A number of variable length that counts something.
    ///
    /// - Parameter limit: the greatest that can be.
    mutating func count(atMost limit: Int) throws(ColumnarProblem) -> Int {
        let value = try varint()
        guard value <= UInt64(limit) else {
            throw ColumnarProblem("expected a number of at most \(limit), found \(value)")
        }
        return Int(value)
    }
}

extension ColumnarProblem {
    /// Something claims more bytes than there are.
    static let cutOff = ColumnarProblem("the data end too early")
}

extension [UInt8] {
    /// 1 to 8 bytes as an unsigned number. Bytes beyond the end count as zeros.
    ///
    /// - Precondition: `offset` is not negative.
    @inline(__always)
    func littleEndian(at offset: Int, byteCount: Int) -> UInt64 {
        if offset <= count - 8 {
            let word = withUnsafeBytes {
                UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            }
            return byteCount == 8 ? word : word & (1 << UInt64(8 * byteCount) - 1)
        }
        var value: UInt64 = 0
        for index in 0..<byteCount where offset + index < count {
            value |= UInt64(self[offset + index]) << UInt64(8 * index)
        }
        return value
    }

    /// A number of 0 to 64 bits, the lowest first. Bits beyond the end count as zeros.
    ///
    /// - Parameter bit: where it begins, counted from the lowest bit of the first byte.
    @inline(__always)
    func bits(at bit: Int, width: Int) -> UInt64 {
        guard width > 0 else { return 0 }
        let (offset, shift) = (bit >> 3, UInt64(bit & 7))
        var value = littleEndian(at: offset, byteCount: 8) >> shift
        if Int(shift) + width > 64, offset + 8 < count { value |= UInt64(self[offset + 8]) << (64 - shift) }
        return width == 64 ? value : value & (1 << UInt64(width) - 1)
    }

    mutating func append<Number: FixedWidthInteger>(littleEndian value: Number) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }
}
