import CKernels
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
    func swiGLUAgrees(_ path: Path) {
        for width in Self.lengths {
            var random = SeededGenerator(seed: UInt64(width))
            let gateUp = random.floats(4 * width, scale: 20) + [-200, 200, -88, 88, 0].map(Float.init)
            let (found, expected) = outputs(2 * width, path) { $0.swiglu(gateUp, 2, Int64(width), $1) }
            expectClose(found, expected, 1e-6)
        }
        for extreme: Float in [-1e30, -200, -104, -88, -87, 0, 87, 88, 104, 200, 1e30] {
            let gateUp = Array(repeating: extreme, count: 16) + Array(repeating: 1, count: 16)
            let (found, expected) = outputs(16, path) { $0.swiglu(gateUp, 1, 16, $1) }
            expectClose(found, expected, 1e-6)
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

    @Test(arguments: paths, headSizes)
    func attentionAgrees(_ path: Path, _ headSize: Int) {
        let rows = 600  // more than two chunks of keys
        var sample = AttentionSample(headSize: headSize, rotated: headSize, rows: rows)
        let cases: [(ranges: [Range<Int32>], queries: Range<Int32>)] = [
            ([0..<1], 0..<1), ([0..<33], 0..<33), ([0..<600], 0..<600), ([5..<6, 40..<77], 40..<77),
            ([0..<17, 31..<32, 100..<400, 590..<600], 590..<600), ([3..<7, 9..<10], 9..<10), ([256..<520], 300..<301),
        ]
        let formats: [(keysPerWord: Int, tolerance: Float)] = [
            (1, 1e-5),  // scores reach 60, whose rounding softmax makes a factor
            (2, 0.01),  // weights are rounded to 8 bits
        ]
        for (keysPerWord, tolerance) in formats where keysPerWord == 1 || path.kernels.attention_bf16 != nil {
            sample.keysPerWord = keysPerWord
            attentionAgrees(path, sample, cases, tolerance)
        }
    }

    private func attentionAgrees(
        _ path: Path, _ sample: AttentionSample, _ cases: [(ranges: [Range<Int32>], queries: Range<Int32>)],
        _ tolerance: Float
    ) {
        var sample = sample
        if sample.keysPerWord == 2 {
            // What the path rounds is rounded for both, and the scores are small.
            Self.scalar.round_bf16_to_f32(sample.query.map { $0 / 4 }, Int64(sample.query.count), &sample.query)
        }
        let store = sample.store(Self.scalar)
        for (ranges, queries) in cases {
            let found = sample.attend(path.kernels, store, ranges: ranges, queries: queries)
            let expected = sample.attend(Self.scalar, store, ranges: ranges, queries: queries)
            expectClose(found, expected, tolerance)
        }
    }

    /// Every path, with keys and values in each format that it has.
    static let formats: [(path: Path, keysPerWord: Int)] = ([Path(kernels: scalar)] + paths).flatMap { path in
        [1, 2].filter { $0 == 1 || path.kernels.attention_bf16 != nil }.map { (path, $0) }
    }

    /// What was summed under a maximum that turns out to be nothing beside a later one is nothing.
    @Test func aMuchLargerScoreInALaterChunkTakesAllTheWeight() {
        for (path, keysPerWord) in Self.formats {
            var sample = AttentionSample(headSize: 64, rotated: 0, rows: 300)
            sample.keysPerWord = keysPerWord
            sample.query = Array(repeating: 1, count: sample.query.count)
            for row in 0..<300 { sample.setKey(row, to: row == 280 ? 2 : -2) }  // scores of 128 and -128
            let store = sample.store(path.kernels)
            let found = sample.attend(path.kernels, store, ranges: [0..<300], queries: 299..<300)
            let expected = sample.attend(path.kernels, store, ranges: [280..<281], queries: 299..<300)
            expectClose(found, expected, 1e-3)
        }
    }

    @Test func attentionDoesNotHideANumberThatIsNone() {
        for (path, keysPerWord) in Self.formats {
            for row in [3, 20] {
                var sample = AttentionSample(headSize: 64, rotated: 0, rows: 40)
                sample.keysPerWord = keysPerWord
                sample.setKey(row, to: .nan)
                let store = sample.store(path.kernels)
                let found = sample.attend(path.kernels, store, ranges: [0..<40], queries: 39..<40)
                #expect(found.allSatisfy({ $0.isNaN }), "\(path.testDescription) \(keysPerWord)")
                let before = sample.attend(path.kernels, store, ranges: [0..<2], queries: 1..<2)
                #expect(before.allSatisfy({ $0.isFinite }))
            }
        }
    }

    /// Two rows share a word of the values in bf16: what an earlier micro-batch left there must not reach the next.
    @Test func anOddLastRowForgetsItsFormerNeighbour() {
        for (path, keysPerWord) in Self.formats where keysPerWord == 2 {
            var sample = AttentionSample(headSize: 64, rotated: 0, rows: 19)
            sample.keysPerWord = 2
            var store = sample.store(path.kernels)
            for index in store.values.indices { store.values[index] = 0x7fc0_7fc0 }  // NaN twice
            sample.store(path.kernels, into: &store)
            let found = sample.attend(path.kernels, store, ranges: [0..<19], queries: 18..<19)
            #expect(found.allSatisfy({ $0.isFinite }), "\(path.testDescription)")
        }
    }

    /// One key is the whole softmax; the mean of values where all scores are equal.
    @Test func attentionWeighsValuesBySoftmax() {
        let sample = AttentionSample(headSize: 12, rotated: 12, rows: 20)
        let store = sample.store(Self.scalar)
        let alone = sample.attend(Self.scalar, store, ranges: [4..<5], queries: 4..<5)
        let value = store.valueFloats[(4 * 16)..<(4 * 16 + 12)]
        #expect(Array(alone[..<12]) == Array(value))

        var flat = sample
        flat.query = Array(repeating: 0, count: sample.query.count)
        let mean = flat.attend(Self.scalar, store, ranges: [2..<4, 9..<10], queries: 9..<10)
        let expected = (0..<12).map { i in [2, 3, 9].reduce(0) { $0 + store.valueFloats[$1 * 16 + i] } / 3 }
        expectClose(Array(mean[..<12]), expected, 1e-6)
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
