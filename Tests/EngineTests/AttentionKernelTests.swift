import CKernels
import SeededRandom
import Testing

@testable import Engine

/// Attention on every path.
extension KernelTests {
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
            for (cap, window) in [(0, 0), (20, 0), (0, 1), (0, 16), (0, 100), (5, 300), (0, 1000)] as [(Float, Int32)] {
                let found = sample.attend(
                    path.kernels, store, ranges: ranges, queries: queries, cap: cap, window: window)
                let expected = sample.attend(
                    Self.scalar, store, ranges: ranges, queries: queries, cap: cap, window: window)
                expectClose(found, expected, tolerance)
            }
        }
    }

    /// A window shows the last slots of a sequence, in however many ranges it lies: as if the others were not there.
    @Test func aWindowIsWhatIsLeftOfTheSequence() {
        for (path, keysPerWord) in Self.formats {
            var sample = AttentionSample(headSize: 64, rotated: 0, rows: 400)
            sample.keysPerWord = keysPerWord
            let store = sample.store(path.kernels)
            for (ranges, left) in [
                ([0..<400], [390..<400]), ([0..<395, 395..<400], [390..<395, 395..<400]),
                ([20..<100, 0..<7, 398..<400], [99..<100, 0..<7, 398..<400]),
            ] as [([Range<Int32>], [Range<Int32>])] {
                let found = sample.attend(path.kernels, store, ranges: ranges, queries: 399..<400, window: 10)
                let expected = sample.attend(path.kernels, store, ranges: left, queries: 399..<400)
                expectClose(found, expected, keysPerWord == 1 ? 1e-6 : 0.01)
            }
        }
    }

    /// To the bit: with which other queries one is asked decides nothing.
    @Test(arguments: [(Float(0), Int32(0)), (0, 70), (8, 20)])
    func aQueryDoesNotDependOnItsNeighbours(_ cap: Float, _ window: Int32) {
        for (path, keysPerWord) in Self.formats {
            var sample = AttentionSample(headSize: 64, rotated: 64, rows: 600)
            sample.keysPerWord = keysPerWord
            let store = sample.store(path.kernels)
            let ranges: [Range<Int32>] = [0..<31, 100..<600]
            let all = sample.attend(path.kernels, store, ranges: ranges, queries: 100..<600, cap: cap, window: window)
            let width = all.count / 500
            for query in [100, 101, 115, 300, 599] as [Int32] {
                let alone = sample.attend(
                    path.kernels, store, ranges: ranges, queries: query..<query + 1, cap: cap, window: window)
                let first = Int(query - 100) * width
                #expect(alone == Array(all[first..<first + width]), "\(path.testDescription) \(query)")
            }
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
}
