internal import CKernels

/// One tensor of a mapped model file. It keeps the file mapped.
public struct GGUFTensor: Sendable {
    public let name: String
    public let type: TensorType
    /// Row-major, outermost dimension first: the file's dimensions reversed, so that a linear layer's weight is
    /// `[out, in]`. At least one dimension, none of them 0.
    public let shape: [Int]

    private let file: MappedFile
    /// Bytes in `file`; exactly those of the tensor's blocks.
    private let range: Range<Int>

    /// - Precondition: `range` lies inside `file` and has the length that `type` and `shape` ask for.
    init(name: String, type: TensorType, shape: [Int], file: MappedFile, range: Range<Int>) {
        self.name = name
        self.type = type
        self.shape = shape
        self.file = file
        self.range = range
    }

    /// Values in one row: the innermost dimension.
    public var rowLength: Int { shape[shape.count - 1] }

    /// The product of all dimensions but the innermost one.
    public var rowCount: Int { shape.dropLast().reduce(1, *) }

    /// The stored blocks, valid only inside `body`. They may start at any address: nothing is said about alignment.
    public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try file.withBytes(range, body)
    }

    /// Lets the system take back the memory that the stored blocks were read into; reading them again reads the file.
    public func release() { file.release(range) }

    /// Writes `rows` as float32, `[rows.count, rowLength]`, to the start of `output`.
    ///
    /// - Precondition: `rows` lies in `0..<rowCount`, and `output` has room for `rows.count * rowLength` values.
    public func dequantize(rows: Range<Int>, into output: UnsafeMutableBufferPointer<Float>) {
        precondition(
            rows.lowerBound >= 0 && rows.upperBound <= rowCount, "rows \(rows) of \(name), which has \(rowCount)")
        precondition(
            output.count >= rows.count * rowLength,
            "\(rows.count) rows of \(rowLength) values do not fit \(output.count)")
        guard !rows.isEmpty, let out = output.baseAddress else { return }
        let rowBlocks = rowLength / type.blockLength
        withBytes { bytes in
            let first = bytes.baseAddress?.advanced(by: rows.lowerBound * rowBlocks * type.blockBytes)
            type.dequantize(first, Int64(rows.count * rowBlocks), out)
        }
    }

    /// All values as float32, `shape` row-major.
    public func dequantized() -> [Float] {
        let rows = rowCount
        return Array(unsafeUninitializedCapacity: rows * rowLength) { buffer, initializedCount in
            dequantize(rows: 0..<rows, into: buffer)
            initializedCount = rows * rowLength
        }
    }
}

extension TensorType {
    /// The kernel for this type: blocks, their number, and where their values go.
    fileprivate var dequantize: (UnsafeRawPointer?, Int64, UnsafeMutablePointer<Float>?) -> Void {
        switch self {
        case .f32: legend_dequantize_f32
        case .f16: legend_dequantize_f16
        case .bf16: legend_dequantize_bf16
        case .q4_0: legend_dequantize_q4_0
        case .q4_1: legend_dequantize_q4_1
        case .q5_0: legend_dequantize_q5_0
        case .q5_1: legend_dequantize_q5_1
        case .q8_0: legend_dequantize_q8_0
        case .q4_K: legend_dequantize_q4_K
        case .q5_K: legend_dequantize_q5_K
        case .q6_K: legend_dequantize_q6_K
        }
    }
}
