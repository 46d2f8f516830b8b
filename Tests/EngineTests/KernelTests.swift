import CKernels
import Foundation
import SeededRandom
import Testing

@testable import Engine

/// Every vector path against the scalar one, at lengths around the vector's.
struct KernelTests {
    static let lengths = [0, 1, 7, 8, 15, 16, 17, 33]
    static let headSizes = [12, 64, 128]

    struct Path: CustomTestStringConvertible, Sendable {
        let kernels: legend_kernels
        var testDescription: String { String(cString: kernels.name) }
    }

    static let scalar = legend_kernels_scalar().pointee

    /// The vector paths that this CPU runs.
    static let paths: [Path] = {
        let found = [
            ("avx2", legend_kernels_avx2()), ("avx512", legend_kernels_avx512()),
            ("avx512_bf16", legend_kernels_avx512_bf16()),
        ]
        for (name, table) in found where table == nil { print("skipping kernels of path \(name): not on this CPU") }
        return found.compactMap { $0.1.map { Path(kernels: $0.pointee) } }
    }()

    @Test(arguments: paths)
    func rmsNormAgrees(_ path: Path) {
        for width in Self.lengths where width > 0 {
            var random = SeededGenerator(seed: UInt64(width))
            let (x, weight) = (random.floats(3 * width), random.floats(width))
            let (found, expected) = outputs(3 * width, path) { kernels, out in
                kernels.rms_norm(x, weight, 3, Int64(width), 1e-5, out)
            }
            expectClose(found, expected, 1e-6)
        }
    }

    @Test func rmsNormIsItsDefinition() {
        let x: [Float] = [3, -4], weight: [Float] = [2, 10]
        var out: [Float] = [0, 0]
        Self.scalar.rms_norm(x, weight, 1, 2, 0, &out)
        expectClose(out, [2 * 3 / 12.5.squareRoot(), -40 / 12.5.squareRoot()].map(Float.init), 1e-6)
    }

    @Test(arguments: paths)
    func gatesAgree(_ path: Path) {
        for activation in [legend_silu, legend_gelu, legend_gelu_tanh] {
            for width in Self.lengths {
                var random = SeededGenerator(seed: UInt64(width))
                let gateUp = random.floats(4 * width, scale: 20) + [-200, 200, -88, 88, 0].map(Float.init)
                let (found, expected) = outputs(2 * width, path) {
                    $0.gate(activation, gateUp, 2, Int64(width), $1)
                }
                expectClose(found, expected, 1e-6)
            }
            for extreme: Float in [-1e30, -200, -104, -88, -87, 0, 87, 88, 104, 200, 1e30] {
                let gateUp = Array(repeating: extreme, count: 16) + Array(repeating: 1, count: 16)
                let (found, expected) = outputs(16, path) { $0.gate(activation, gateUp, 1, 16, $1) }
                expectClose(found, expected, 1e-6)
            }
        }
    }

    /// The values of `x Φ(x)` and of its approximation, computed with 50 digits.
    @Test(arguments: paths)
    func activationsAreTheirDefinitions(_ path: Path) {
        let x: [Float] = [-6, -2, -1, -0.5, -0.01, 0, 0.01, 0.5, 1, 2, 6, 0, 0, 0, 0, 0, 3]
        let exact: [Double] = x.map { 0.5 * Double($0) * erfc(-Double($0) / 2.0.squareRoot()) }
        let tanh: [Double] = x.map { x in
            let x = Double(x)
            return 0.5 * x * (1 + Foundation.tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        }
        for (activation, expected) in [(legend_gelu, exact), (legend_gelu_tanh, tanh)] {
            var found = x
            path.kernels.activate(activation, Int64(x.count), &found)
            for (found, expected) in zip(found, expected) { #expect(abs(Double(found) - expected) < 4e-7) }
        }
    }

    @Test(arguments: paths)
    func layerNormAgrees(_ path: Path) {
        for width in Self.lengths where width > 0 {
            var random = SeededGenerator(seed: UInt64(width))
            let (x, weight, bias) = (random.floats(3 * width), random.floats(width), random.floats(width))
            let (found, expected) = outputs(3 * width, path) { kernels, out in
                kernels.layer_norm(x, weight, bias, 3, Int64(width), 1e-5, out)
            }
            expectClose(found, expected, 1e-5)
        }
    }

    @Test func layerNormIsItsDefinition() {
        var out: [Float] = [0, 0, 0, 0]
        Self.scalar.layer_norm([1, 3, 5, 7], [1, 2, 1, 1], [0, 1, 0, -1], 1, 4, 0, &out)
        let unit = Float(1 / 5.0.squareRoot())
        expectClose(out, [-3 * unit, 1 - 2 * unit, unit, 3 * unit - 1], 1e-6)
    }

    @Test(arguments: paths)
    func cappedValuesAgree(_ path: Path) {
        for width in Self.lengths {
            for (scale, cap) in [(0.5, 0), (1, 30), (0.25, 4)] as [(Float, Float)] {
                var random = SeededGenerator(seed: UInt64(width))
                let x = random.floats(width, scale: 100)
                var found = x
                let expected = x.map { cap > 0 ? cap * Foundation.tanh($0 * scale / cap) : $0 * scale }
                path.kernels.cap(Int64(width), scale, cap, &found)
                expectClose(found, expected, 1e-5)
            }
        }
    }

    @Test(arguments: paths)
    func addAndRoundingAgreeToTheBit(_ path: Path) {
        for count in Self.lengths {
            var random = SeededGenerator(seed: UInt64(count))
            let x = (0..<count).map { _ in Float(bitPattern: UInt32.random(in: 0 ... .max, using: &random)) }
            let (sum, expectedSum) = outputs(count, path) { $0.add(x, Int64(count), $1) }
            #expect(sum.map(\.bitPattern) == expectedSum.map(\.bitPattern))
            let (wide, expectedWide) = outputs(count, path) { $0.round_bf16_to_f32(x, Int64(count), $1) }
            #expect(wide.map(\.bitPattern) == expectedWide.map(\.bitPattern))
            var halves = [UInt16](repeating: 0, count: count), expectedHalves = halves
            path.kernels.round_bf16(x, Int64(count), &halves)
            Self.scalar.round_bf16(x, Int64(count), &expectedHalves)
            #expect(halves == expectedHalves)
            #expect(wide.map { UInt16($0.bitPattern >> 16) } == halves)
        }
    }

    @Test func bf16RoundsToNearestWithTiesToEven() {
        // 1 + 2⁻⁸ lies midway between 1 and 1 + 2⁻⁷: even is 1; 1 + 3·2⁻⁸ goes up to 1 + 2⁻⁶.
        let x: [Float] = [1, 1.00390625, 1.01171875, 1.0039064, -0.0, .infinity, .greatestFiniteMagnitude, .nan]
        var out = x
        Self.scalar.round_bf16_to_f32(x, Int64(x.count), &out)
        #expect(out[..<7] == [1, 1, 1.015625, 1.0078125, 0, .infinity, .infinity])
        #expect(out[4].sign == .minus && out[7].isNaN)
    }

    @Test(arguments: paths, headSizes)
    func rotationAgrees(_ path: Path, _ headSize: Int) {
        for dimensions in [headSize, headSize / 2] {
            let sample = AttentionSample(headSize: headSize, rotated: dimensions, rows: 37)
            let found = sample.rotatedQueries(path.kernels), expected = sample.rotatedQueries(Self.scalar)
            expectClose(found, expected, 1e-6)
            let stored = sample.store(path.kernels), expectedStore = sample.store(Self.scalar)
            expectClose(stored.keyFloats, expectedStore.keyFloats, 1e-6)
            #expect(stored.values == expectedStore.values)
        }
    }

    /// Both formats hold the same keys and values, one of them rounded.
    @Test(arguments: headSizes)
    func keysAndValuesInBF16AreThoseOfF32Rounded(_ headSize: Int) {
        var sample = AttentionSample(headSize: headSize, rotated: headSize, rows: 37)
        let wide = sample.store(Self.scalar)
        sample.keysPerWord = 2
        let narrow = sample.store(Self.scalar)
        func half(_ word: UInt32, _ index: Int) -> Float { Float(bitPattern: (word >> (16 * UInt32(index % 2))) << 16) }
        let width = (headSize + 15) / 16 * 16
        for row in 0..<37 {
            for i in 0..<headSize {
                let key = wide.keyFloats[row / 16 * 16 * headSize + i * 16 + row % 16]
                let narrowKey = half(narrow.keys[row / 16 * 16 * (headSize / 2) + i / 2 * 16 + row % 16], i)
                #expect(abs(narrowKey - key) <= abs(key) / 256)
                let value = wide.valueFloats[row * width + i]
                #expect(abs(half(narrow.values[row / 2 * width + i], row) - value) <= abs(value) / 256)
            }
        }
    }

    /// Rotation keeps lengths, and the product of a rotated query and key depends on their distance alone.
    @Test func rotationIsRelative() {
        let sample = AttentionSample(headSize: 64, rotated: 64, rows: 3)
        func rotated(_ vector: [Float], _ position: Int32) -> [Float] {
            var out = vector
            sample.withRotary { rotary in
                var heads = legend_heads(heads: 1, kv_heads: 1, head_dim: 64, keys_per_word: 1, capacity: 16)
                var rotary = rotary, position = position
                Self.scalar.rotate_queries(&heads, &rotary, &position, 1, 1, &out, 64)
            }
            return out
        }
        func dot(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        let a = Array(sample.query[..<64]), b = Array(sample.query[64..<128])
        #expect(abs(dot(rotated(a, 5), rotated(a, 5)) - dot(a, a)) < 1e-4)
        #expect(abs(dot(rotated(a, 3), rotated(b, 9)) - dot(rotated(a, 20), rotated(b, 26))) < 1e-4)
    }

    @Test(arguments: paths)
    func hadamardAgreesAndItsSquareIsTheBlockSize(_ path: Path) {
        for (count, block) in [(0, 1), (3, 1), (12, 4), (24, 8), (16, 16), (96, 32), (192, 64), (1536, 512)] {
            var random = SeededGenerator(seed: UInt64(count))
            let x = random.floats(count)
            var (found, expected) = (x, x)
            path.kernels.hadamard(&found, Int64(count), Int64(block))
            Self.scalar.hadamard(&expected, Int64(count), Int64(block))
            expectClose(found, expected, 1e-6)
            path.kernels.hadamard(&found, Int64(count), Int64(block))
            expectClose(found, x.map { $0 * Float(block) }, 1e-5)
        }
    }

    @Test(arguments: paths)
    func quantizingAgreesToTheBit(_ path: Path) {
        for count in Self.lengths {
            var random = SeededGenerator(seed: UInt64(count))
            for x in [random.floats(count, scale: 3), Array(repeating: 0, count: count)] {
                let (found, expected) = (quantized(x, path.kernels), quantized(x, Self.scalar))
                #expect(found.bytes == expected.bytes && found.scale == expected.scale && found.sum == expected.sum)
                #expect(found.sum == found.bytes.reduce(0) { $0 + Int32($1) })
                for (value, byte) in zip(x, found.bytes) {
                    #expect(abs(Float(byte) * found.scale - value) <= found.scale * 0.501)
                }
            }
        }
    }

    /// A number that is none must not become a byte that looks like one.
    @Test func aRowThatIsNotFiniteStaysSo() {
        for kernels in [Self.scalar] + Self.paths.map(\.kernels) {
            for bad in [Float.nan, .infinity, -.infinity] {
                for place in [0, 17, 32] {
                    var x = [Float](repeating: 1, count: 33)
                    x[place] = bad
                    #expect(!quantized(x, kernels).scale.isFinite)
                }
            }
        }
        // The whole conversion, with a rotation that spreads it over many elements.
        let input = GEMMInput(format: .int8, rows: 1, width: 576, isContiguous: false)
        var row = [Float](repeating: 1, count: 576)
        row[5] = .nan
        row.withUnsafeMutableBufferPointer { input.store($0, rows: 0..<1) }
        #expect(input.rowScales[0].isNaN)
    }

    private func quantized(_ x: [Float], _ kernels: legend_kernels) -> (bytes: [Int8], scale: Float, sum: Int32) {
        var bytes = [Int8](repeating: 99, count: x.count + 1)
        var (scale, sum) = (Float(-1), Int32(-1))
        kernels.quantize_int8(x, Int64(x.count), &bytes, &scale, &sum)
        #expect(bytes[x.count] == 99, "a kernel wrote past the end")
        return (bytes.dropLast(), scale, sum)
    }

    // MARK: Support

    private func outputs(
        _ count: Int, _ path: Path, _ run: (legend_kernels, UnsafeMutablePointer<Float>) -> Void
    ) -> (found: [Float], expected: [Float]) {
        var found = [Float](repeating: 0.5, count: count + 1), expected = found
        run(path.kernels, &found)
        run(Self.scalar, &expected)
        #expect(found[count] == 0.5, "a kernel wrote past the end")
        return (found.dropLast(), expected.dropLast())
    }
}

/// The largest difference, relative to the largest magnitude.
func expectClose(
    _ found: [Float], _ expected: [Float], _ tolerance: Float, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(found.count == expected.count, sourceLocation: sourceLocation)
    let magnitude = expected.reduce(1e-30) { max($0, abs($1)) }
    let difference = zip(found, expected).reduce(Float(0)) { max($0, ($1.0 - $1.1).magnitude) } / magnitude
    #expect(difference <= tolerance, sourceLocation: sourceLocation)  // also fails for NaN, as max keeps the first
    #expect(!found.contains { !$0.isFinite }, sourceLocation: sourceLocation)
}

extension SeededGenerator {
    mutating func floats(_ count: Int, scale: Float = 1) -> [Float] {
        (0..<count).map { _ in Float.random(in: -scale...scale, using: &self) }
    }
}
