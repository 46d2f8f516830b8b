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
        let depth =
            switch format {
            case .f32, .f32RoundedToBF16: width
            case .bf16: (width + 1) / 2
            case .int8: (width + 3) / 4
            }
        let line = FloatBuffer.alignment / MemoryLayout<Float>.stride
        let lines = (depth + line - 1) / line
        stride = isContiguous ? depth : (lines | 1) * line
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

    func check(rows: Int) { precondition(rows * stride <= words.count, "more rows than the input has") }

    /// Converts rows of floats, `[rows.count, width]`, into the rows `rows`. Afterwards `source` means nothing.
    func store(_ source: UnsafeMutablePointer<Float>, rows: Range<Int>) {
        check(rows: rows.upperBound)
        for (index, row) in rows.enumerated() {
            let (values, target) = (source + index * width, UnsafeMutableRawPointer(words.base + row * stride))
            switch format {
            case .f32: target.copyMemory(from: values, byteCount: width * MemoryLayout<Float>.stride)
            case .f32RoundedToBF16:
                kernels.roundToBF16(values, count: width, into: target.assumingMemoryBound(to: Float.self))
            case .bf16: kernels.storeAsBF16(values, count: width, into: target.assumingMemoryBound(to: UInt16.self))
            case .int8:
                kernels.hadamard(values, count: width, block: Self.rotationBlock(width: width))
                let (scale, sum) = kernels.quantize(
                    values, count: width, into: target.assumingMemoryBound(to: Int8.self))
                scales.base[row] = scale
                rowOffsets[row] = 128 &* sum  // which means nothing if the scale is not finite
            }
        }
    }
}
