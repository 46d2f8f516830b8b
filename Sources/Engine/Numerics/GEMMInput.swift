import CKernels

/// The left side of products: `[rows, width]` in the form that a backend multiplies. One lane owns it.
final class GEMMInput {
    enum Format: Sendable {
        case f32
        /// Floats that were rounded to bf16.
        case f32RoundedToBF16
        case bf16
        /// Signed bytes with one scale for each row, after a rotation that spreads large elements over their
        /// neighbours: rounding then loses much less (QuaRot, Ashkboos et al., arXiv 2404.00456). Weights are rotated
        /// alike, which undoes it.
        case int8
    }

    let format: Format
    let width: Int
    /// 32-bit words that a row takes.
    let wordsPerRow: Int
    /// 32-bit words from one row to the next.
    let stride: Int
    private let words: FloatBuffer
    /// int8: what a row's integers are multiplied by, and 128 times their sum.
    private let scales: FloatBuffer
    private let offsets: FloatBuffer
    private let kernels = Kernels()

    /// - Parameter isContiguous: nothing lies between the rows, as libraries want it. Otherwise rows begin on cache lines
    ///   that do not all fall into the same places of the first-level cache.
    init(format: Format, rows: Int, width: Int, isContiguous: Bool) {
        self.format = format
        self.width = width
        wordsPerRow =
            switch format {
            case .f32, .f32RoundedToBF16: width
            case .bf16: (width + 1) / 2
            case .int8: (width + 3) / 4
            }
        let line = FloatBuffer.alignment / MemoryLayout<Float>.stride
        let lines = (wordsPerRow + line - 1) / line
        stride = isContiguous ? wordsPerRow : (lines | 1) * line
        words = FloatBuffer(count: rows * stride)
        let scaled = format == .int8 ? rows : 0
        scales = FloatBuffer(count: scaled)
        offsets = FloatBuffer(count: scaled)
    }

    var base: UnsafeMutablePointer<UInt32> { words.words }

    /// The floats of a contiguous f32 input.
    var floats: FloatBuffer { words }

    var rowScales: UnsafeMutablePointer<Float> { scales.base }
    var rowOffsets: UnsafeMutablePointer<Int32> {
        UnsafeMutableRawPointer(offsets.base).assumingMemoryBound(to: Int32.self)
    }

    /// Elements that are rotated together: the most that a Hadamard matrix of Sylvester's kind does for this width.
    static func rotationBlock(width: Int) -> Int { min(1 << width.trailingZeroBitCount, 512) }

    func check(rows: Int) { precondition(rows >= 0 && rows * stride <= words.count, "more rows than the input has") }

    /// Converts the first rows of `source`, `[rows.count, width]`, into the rows `rows`. Afterwards they mean nothing.
    func store(_ source: FloatBuffer, rows: Range<Int>) {
        store(source[0, count: rows.count * width], rows: rows)
    }

    /// Converts rows of floats, `[rows.count, width]`, into the rows `rows`. Afterwards `source` means nothing.
    func store(_ source: UnsafeMutableBufferPointer<Float>, rows: Range<Int>) {
        precondition(rows.lowerBound >= 0 && source.count >= rows.count * width, "more rows than there are")
        check(rows: rows.upperBound)
        for (index, row) in rows.enumerated() {
            let values = UnsafeMutableBufferPointer(rebasing: source[index * width..<(index + 1) * width])
            let target = words[row * stride, count: stride]
            switch format {
            case .f32: _ = target.update(fromContentsOf: values)
            case .f32RoundedToBF16: kernels.roundToBF16(values, into: target)
            case .bf16: kernels.storeAsBF16(values, into: target.halves)
            case .int8:
                kernels.hadamard(values, block: Self.rotationBlock(width: width))
                let (scale, sum) = kernels.quantize(values, into: target.bytes)
                scales.base[row] = scale
                rowOffsets[row] = 128 &* sum  // which means nothing if the scale is not finite
            }
        }
    }
}

extension UnsafeMutableBufferPointer<Float> {
    /// The same memory as twice as many halves.
    fileprivate var halves: UnsafeMutableBufferPointer<UInt16> {
        let memory = UnsafeMutableRawBufferPointer(self)
        return memory.assumingMemoryBound(to: UInt16.self)
    }

    /// The same memory as four times as many bytes.
    fileprivate var bytes: UnsafeMutableBufferPointer<Int8> {
        let memory = UnsafeMutableRawBufferPointer(self)
        return memory.assumingMemoryBound(to: Int8.self)
    }
}
