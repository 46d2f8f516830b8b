/// Reads integers that were stored as differences, in blocks of bit-packed ones:
/// https://parquet.apache.org/docs/file-format/data-pages/encodings/#DELTAENC.
struct DeltaDecoder {
    /// How many integers there are.
    let count: Int

    private var input: ByteReader
    private let miniblocksPerBlock: Int
    private let valuesPerMiniblock: Int

    private var returned = 0
    private var value: Int64
    private var minDelta: Int64 = 0

    /// Where the widths of this block's miniblocks are, and which of them comes next.
    private var widths = 0..<0
    private var packed: (left: Int, bit: Int, width: Int) = (0, 0, 0)

    /// - Throws: where the header is none.
    init(_ input: ByteReader) throws(ColumnarProblem) {
        var input = input
        let blockSize = try input.count(atMost: 1 << 24)
        miniblocksPerBlock = try input.count(atMost: 1 << 16)
        count = try input.count(atMost: Int(Int32.max))
        value = try input.zigzag()
        guard miniblocksPerBlock > 0, blockSize > 0, blockSize % (32 * miniblocksPerBlock) == 0 else {
            throw ColumnarProblem(
                """
                expected blocks of a multiple of 32 differences for each part, found \(blockSize) in \
                \(miniblocksPerBlock) parts
                """)
        }
        valuesPerMiniblock = blockSize / miniblocksPerBlock
        self.input = input
    }

    mutating func next() throws(ColumnarProblem) -> Int64 {
        guard returned < count else { throw .cutOff }
        defer { returned += 1 }
        if returned == 0 { return value }
        if packed.left == 0 { try startMiniblock() }
        guard packed.bit + packed.width <= 8 * input.end else { throw .cutOff }
        let delta = Int64(bitPattern: input.bytes.bits(at: packed.bit, width: packed.width))
        packed.bit += packed.width
        packed.left -= 1
        // Differences wrap around by definition.
        value = value &+ minDelta &+ delta
        return value
    }

    private mutating func startMiniblock() throws(ColumnarProblem) {
        if widths.isEmpty {
            minDelta = try input.zigzag()
            widths = try input.take(miniblocksPerBlock)
        }
        let width = Int(input.bytes[widths.lowerBound])
        guard width <= 64 else { throw ColumnarProblem("expected differences of at most 64 bits, found \(width)") }
        widths = widths.dropFirst()
        packed = (valuesPerMiniblock, 8 * input.position, width)
        // The last one may lack the bytes that only fill it up.
        input.skip(atMost: width * valuesPerMiniblock / 8)
    }

    /// What stands behind the integers, when none was read yet.
    func rest() throws(ColumnarProblem) -> ByteReader {
        var copy = self
        var left = count - 1
        while left > 0 {
            try copy.startMiniblock()
            left -= valuesPerMiniblock
        }
        return copy.input
    }
}
