import CKernels
package import ModelFiles

extension ModelTensor {
    /// Writes `rows` as float32, `[rows.count, rowLength]`, to the start of `output`.
    ///
    /// - Precondition: `rows` lies in `0..<rowCount`, and `output` has room for `rows.count * rowLength` values.
    package func dequantize(rows: Range<Int>, into output: UnsafeMutableBufferPointer<Float>) {
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
    package func dequantized() -> [Float] {
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
        case .q1_0: legend_dequantize_q1_0
        case .q2_0: legend_dequantize_q2_0
        case .mxfp4: legend_dequantize_mxfp4
        case .nvfp4: legend_dequantize_nvfp4
        case .q2_K: legend_dequantize_q2_K
        case .q3_K: legend_dequantize_q3_K
        case .q4_K: legend_dequantize_q4_K
        case .q5_K: legend_dequantize_q5_K
        case .q6_K: legend_dequantize_q6_K
        case .tq1_0: legend_dequantize_tq1_0
        case .tq2_0: legend_dequantize_tq2_0
        case .iq4_nl: legend_dequantize_iq4_nl
        case .iq4_xs: legend_dequantize_iq4_xs
        case .iq2_xxs: legend_dequantize_iq2_xxs
        case .iq2_xs: legend_dequantize_iq2_xs
        case .iq2_s: legend_dequantize_iq2_s
        case .iq3_xxs: legend_dequantize_iq3_xxs
        case .iq3_s: legend_dequantize_iq3_s
        case .iq1_s: legend_dequantize_iq1_s
        case .iq1_m: legend_dequantize_iq1_m
        }
    }
}
