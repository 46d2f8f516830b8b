import CKernels
import SeededRandom
import Testing

@testable import Engine

/// Every path of the matrix products against the scalar one, and that one against the definition.
struct GEMMTests {
    struct Path: CustomTestStringConvertible, Sendable {
        let gemm: legend_gemm
        var testDescription: String { String(cString: gemm.name) }
    }

    static let formats = [legend_gemm_f32, legend_gemm_bf16, legend_gemm_int8]

    /// The vector paths that this CPU runs.
    static let paths: [Path] = {
        let found = [
            ("avx2", legend_gemm_avx2()), ("avx512", legend_gemm_avx512()), ("avx512_vnni", legend_gemm_avx512_vnni()),
            ("avx512_bf16", legend_gemm_avx512_bf16()),
        ]
        for (name, table) in found where table == nil { print("skipping products of path \(name): not on this CPU") }
        return found.compactMap { $0.1.map { Path(gemm: $0.pointee) } }
    }()

    /// A product whose operands are converted already.
    private struct Sample {
        let (rows, outputs, inputs): (Int, Int, Int)
        let format: legend_gemm_format
        /// As they come out of the conversion: what a product must give exactly, but for the order of its sums.
        private(set) var a: [Float] = []
        private(set) var b: [Float] = []
        private var words: [UInt32] = []
        private var (scales, offsets): ([Float], [Int32]) = ([], [])
        /// Panels must lie on cache lines.
        private let panels: UnsafeMutableRawBufferPointer
        private var panelScales: [Float] = []
        private var depth: Int { Int(legend_gemm_depth(format, Int64(inputs))) }
        private var stride: Int { depth + 3 }

        init(_ format: legend_gemm_format, rows: Int, outputs: Int, inputs: Int) {
            var random = SeededGenerator(seed: UInt64(rows * 10_000 + outputs * 100 + inputs))
            (self.rows, self.outputs, self.inputs, self.format) = (rows, outputs, inputs, format)
            let panelCount = (outputs + 31) / 32
            let depth = Int(legend_gemm_depth(format, Int64(inputs)))
            panels = .allocate(byteCount: max(panelCount * depth * 128, 64), alignment: 64)
            let values = random.floats(rows * inputs, scale: 2)
            words = Array(repeating: 0xffff_ffff, count: rows * (depth + 3))
            scales = Array(repeating: 1, count: rows)
            offsets = Array(repeating: 0, count: rows)
            for row in 0..<rows { convert(Array(values[row * inputs..<(row + 1) * inputs]), row: row) }
            pack(random.floats(panelCount * 32 * inputs), panels: panelCount)
        }

        func free() { panels.deallocate() }

        /// A row's words, its scale and sum, and the values that they stand for.
        private func converted(_ row: [Float]) -> (words: [UInt32], scale: Float, sum: Int32, values: [Float]) {
            let kernels = legend_kernels_scalar().pointee
            switch format {
            case legend_gemm_f32: return (row.map(\.bitPattern), 1, 0, row)
            case legend_gemm_bf16:
                var halves = [UInt16](repeating: 0, count: depth * 2)
                kernels.round_bf16(row, Int64(inputs), &halves)
                let words = (0..<depth).map { UInt32(halves[2 * $0]) | UInt32(halves[2 * $0 + 1]) << 16 }
                return (words, 1, 0, halves.prefix(inputs).map { Float(bitPattern: UInt32($0) << 16) })
            default:
                var bytes = [Int8](repeating: 0, count: depth * 4)
                var (scale, sum) = (Float(0), Int32(0))
                kernels.quantize_int8(row, Int64(inputs), &bytes, &scale, &sum)
                let words = (0..<depth).map { k in
                    (0..<4).reduce(UInt32(0)) { $0 | UInt32(UInt8(bitPattern: bytes[4 * k + $1])) << (8 * UInt32($1)) }
                }
                return (words, scale, sum, bytes.prefix(inputs).map { Float($0) * scale })
            }
        }

        private mutating func convert(_ row: [Float], row index: Int) {
            let row = converted(row)
            for (k, word) in row.words.enumerated() { words[index * stride + k] = word }
            (scales[index], offsets[index]) = (row.scale, 128 * row.sum)
            a += row.values
        }

        private mutating func pack(_ weights: [Float], panels count: Int) {
            let panelWords = depth * 32
            let target = panels.assumingMemoryBound(to: UInt32.self).baseAddress!
            for panel in 0..<count {
                let rows = (panel * 32..<(panel + 1) * 32).map {
                    converted(Array(weights[$0 * inputs..<($0 + 1) * inputs]))
                }
                panelScales += rows.map(\.scale)
                legend_gemm_pack_panel(
                    rows.flatMap(\.words), Int64(depth), Int64(depth), format, target + panel * panelWords)
            }
            for output in 0..<outputs {
                for k in 0..<inputs {
                    let place = (output / 32 * depth + k / valuesPerWord) * 32 + output % 32
                    b.append(weight(target[place], k % valuesPerWord) * panelScales[output])
                }
            }
            // Rounding of the packing itself.
            let step: Float = format == legend_gemm_f32 ? 0 : format == legend_gemm_bf16 ? 1.0 / 256 : 1.0 / 250
            for (found, expected) in zip(b, weights) { #expect(abs(found - expected) <= step) }
        }

        private var valuesPerWord: Int { format == legend_gemm_f32 ? 1 : format == legend_gemm_bf16 ? 2 : 4 }

        private func weight(_ word: UInt32, _ index: Int) -> Float {
            switch format {
            case legend_gemm_f32: Float(bitPattern: word)
            case legend_gemm_bf16: Float(bitPattern: (word >> (16 * UInt32(index))) << 16)
            default: Float(Int(word >> (8 * UInt32(index)) & 255) - 128)
            }
        }

        /// `a · bᵀ` in double precision.
        func expected(_ row: Int, _ output: Int) -> Double {
            (0..<inputs).reduce(0) { $0 + Double(a[row * inputs + $1]) * Double(b[output * inputs + $1]) }
        }

        func multiply<Element>(
            _ gemm: legend_gemm, _ store: legend_gemm_store, width: Int, into c: inout [Element],
            rows only: Range<Int>? = nil, activation: legend_activation = legend_silu
        ) {
            let rows = only ?? 0..<self.rows
            let run =
                format == legend_gemm_f32
                ? gemm.multiply_f32 : format == legend_gemm_bf16 ? gemm.multiply_bf16 : gemm.multiply_int8
            words.withUnsafeBufferPointer { words in
                scales.withUnsafeBufferPointer { scales in
                    offsets.withUnsafeBufferPointer { offsets in
                        panelScales.withUnsafeBufferPointer { panelScales in
                            c.withUnsafeMutableBytes { c in
                                let first = rows.lowerBound
                                var product = legend_product(
                                    rows: Int64(rows.count), outputs: Int64(outputs), depth: Int64(depth),
                                    a: words.baseAddress! + first * stride, a_stride: Int64(stride),
                                    a_scales: scales.baseAddress! + first, a_offsets: offsets.baseAddress! + first,
                                    b: panels.assumingMemoryBound(to: UInt32.self).baseAddress!,
                                    b_scales: panelScales.baseAddress!, store: store,
                                    activation: activation, c: c.baseAddress!, c_stride: Int64(width))
                                run(&product)
                            }
                        }
                    }
                }
            }
        }
    }

    static let shapes = [
        (1, 1, 1), (3, 33, 7), (5, 16, 8), (13, 64, 15), (14, 31, 16), (15, 96, 17), (29, 40, 33), (6, 32, 0),
        (43, 70, 100),
    ]

    @Test(arguments: formats.map(\.rawValue))
    func theScalarProductIsItsDefinition(_ format: UInt32) {
        for (rows, outputs, inputs) in Self.shapes {
            let sample = Sample(legend_gemm_format(format), rows: rows, outputs: outputs, inputs: inputs)
            defer { sample.free() }
            var c = [Float](repeating: 1, count: rows * outputs)
            sample.multiply(legend_gemm_scalar().pointee, legend_gemm_add, width: outputs, into: &c)
            for row in 0..<rows {
                for output in 0..<outputs {
                    let found = Double(c[row * outputs + output]) - 1
                    let difference = abs(found - sample.expected(row, output))
                    #expect(difference < 1e-3)
                }
            }
        }
    }

    @Test(arguments: paths, formats.map(\.rawValue))
    func everyPathAgrees(_ path: Path, _ format: UInt32) {
        for (rows, outputs, inputs) in Self.shapes {
            let sample = Sample(legend_gemm_format(format), rows: rows, outputs: outputs, inputs: inputs)
            defer { sample.free() }
            let width = outputs + 5
            for store in [legend_gemm_replace, legend_gemm_add] {
                var found = [Float](repeating: 0.5, count: rows * width), expected = found
                sample.multiply(path.gemm, store, width: width, into: &found)
                sample.multiply(legend_gemm_scalar().pointee, store, width: width, into: &expected)
                expectClose(found, expected, 2e-6)
            }
        }
    }

    @Test(arguments: paths, formats.map(\.rawValue))
    func gatedProductsAgree(_ path: Path, _ format: UInt32) {
        for (rows, gate, inputs) in [(1, 16, 8), (17, 48, 33), (14, 32, 64), (5, 13, 9), (15, 40, 20)] {
            let sample = Sample(legend_gemm_format(format), rows: rows, outputs: 2 * gate, inputs: inputs)
            defer { sample.free() }
            for activation in Activation.allCases {
                gatedProductsAgree(path, sample, width: gate + 3, activation.kernel)
            }
        }
    }

    private func gatedProductsAgree(_ path: Path, _ sample: Sample, width: Int, _ activation: legend_activation) {
        let scalar = legend_gemm_scalar().pointee
        var found = [Float](repeating: 0.5, count: sample.rows * width), expected = found
        sample.multiply(path.gemm, legend_gemm_gated, width: width, into: &found, activation: activation)
        sample.multiply(scalar, legend_gemm_gated, width: width, into: &expected, activation: activation)
        expectClose(found, expected, 2e-6)
        var halves = [UInt16](repeating: 7, count: sample.rows * width), expectedHalves = halves
        sample.multiply(path.gemm, legend_gemm_gated_bf16, width: width, into: &halves, activation: activation)
        sample.multiply(scalar, legend_gemm_gated_bf16, width: width, into: &expectedHalves, activation: activation)
        func floats(_ halves: [UInt16]) -> [Float] { halves.map { Float(bitPattern: UInt32($0) << 16) } }
        expectClose(floats(halves), floats(expectedHalves), 0.01)
    }

    /// To the bit: where a text lies in a batch decides nothing.
    @Test(arguments: paths, formats.map(\.rawValue))
    func aRowDoesNotDependOnTheRowsAroundIt(_ path: Path, _ format: UInt32) {
        let (rows, outputs) = (31, 48)
        let sample = Sample(legend_gemm_format(format), rows: rows, outputs: outputs, inputs: 100)
        defer { sample.free() }
        var all = [Float](repeating: 0, count: rows * outputs)
        sample.multiply(path.gemm, legend_gemm_replace, width: outputs, into: &all)
        for row in 0..<rows {
            var alone = [Float](repeating: 0, count: outputs)
            sample.multiply(path.gemm, legend_gemm_replace, width: outputs, into: &alone, rows: row..<row + 1)
            #expect(alone == Array(all[row * outputs..<(row + 1) * outputs]))
        }
    }
}
