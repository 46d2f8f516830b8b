/// Reads runs of equal numbers and bit-packed numbers, as Parquet stores levels, indices and booleans:
/// https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE.
struct RunLengthDecoder {
    private var input: ByteReader

    /// Bits of a number, 0 to 32.
    private let width: Int

    private var repeated: (left: Int, value: UInt32) = (0, 0)
    private var packed: (left: Int, bit: Int) = (0, 0)

    /// - Throws: where numbers are wider than any can be.
    init(_ input: ByteReader, width: Int) throws(ColumnarProblem) {
        guard (0...32).contains(width) else {
            throw ColumnarProblem("expected numbers of at most 32 bits, found \(width)")
        }
        self.input = input
        self.width = width
    }

    mutating func next() throws(ColumnarProblem) -> UInt32 {
        while true {
            if repeated.left > 0 {
                repeated.left -= 1
                return repeated.value
            }
            if packed.left > 0 { return try nextPacked() }
            try startRun()
        }
    }

    /// Fills the beginning of `levels` with numbers of which none may be greater than `most`.
    mutating func fill(_ levels: inout [UInt8], count: Int, most: UInt8) throws(ColumnarProblem) {
        var index = 0
        while index < count {
            if repeated.left > 0 {
                let run = min(repeated.left, count - index)
                guard repeated.value <= most else { throw Self.tooGreat(repeated.value, most) }
                let value = UInt8(repeated.value)
                for place in index..<(index + run) { levels[place] = value }
                repeated.left -= run
                index += run
            } else if packed.left > 0 {
                let run = min(packed.left, count - index)
                for place in index..<(index + run) {
                    let value = try nextPacked()
                    guard value <= most else { throw Self.tooGreat(value, most) }
                    levels[place] = UInt8(value)
                }
                index += run
            } else {
                try startRun()
            }
        }
    }

    private static func tooGreat(_ value: UInt32, _ most: UInt8) -> ColumnarProblem {
        ColumnarProblem("expected a level of at most \(most), found \(value)")
    }

    @inline(__always)
    private mutating func nextPacked() throws(ColumnarProblem) -> UInt32 {
        // The last run may lack the bytes of numbers that only fill up its last group of eight.
        guard packed.bit + width <= 8 * input.end else { throw .cutOff }
        defer {
            packed.bit += width
            packed.left -= 1
        }
        return UInt32(truncatingIfNeeded: input.bytes.bits(at: packed.bit, width: width))
    }

    private mutating func startRun() throws(ColumnarProblem) {
        let header = try input.count(atMost: Int(UInt32.max))
        if header & 1 == 0 {
            let range = try input.take((width + 7) / 8)
            let value = input.bytes.littleEndian(at: range.lowerBound, byteCount: range.count)
            repeated = (header >> 1, UInt32(truncatingIfNeeded: value))
        } else {
            let groups = header >> 1
            packed = (8 * groups, 8 * input.position)
            input.skip(atMost: groups * width)
        }
    }
}
