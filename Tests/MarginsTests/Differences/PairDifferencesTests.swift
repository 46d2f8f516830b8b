import SeededRandom
import Testing

@testable import Margins

@Suite struct PairDifferencesTests {
    private func differences(_ count: Int, hiddenSize: Int, seed: UInt64) -> PairDifferences {
        var random = SeededGenerator(seed: seed)
        var differences = PairDifferences(hiddenSize: hiddenSize)
        for row in 0..<count { differences.append(random.floats(count: hiddenSize), group: row % 5, kind: row % 2) }
        return differences
    }

    @Test func selectedPairsKeepTheirGroupAndKind() {
        let all = differences(9, hiddenSize: 3, seed: 1)
        let some = all.filter { $0 % 3 == 1 }
        #expect(some.count == 3 && some.groups == [1, 4, 2] && some.kinds == [1, 0, 1])
        #expect(some[1].elementsEqual(all[4]))
        #expect(all.distinctKinds == [0, 1])
    }

    @Test(arguments: [1, 7, 8, 9, 16, 33])
    func productsAreThoseByDefinition(_ hiddenSize: Int) {
        let rows = differences(6, hiddenSize: hiddenSize, seed: 2)
        let vector = (0..<hiddenSize).map { Double($0 % 4) - 1.5 }
        let weights = [0.5, -1, 2, 0, 3, 0.25]
        for (row, product) in rows.times(vector).enumerated() {
            let expected = zip(rows[row], vector).reduce(0) { $0 + Double($1.0) * $1.1 }
            #expect(abs(product - expected) < 1e-12)
        }
        for (column, product) in rows.transposeTimes(weights).enumerated() {
            let expected = weights.indices.reduce(0) {
                $0 + weights[$1] * Double(rows.values[$1 * hiddenSize + column])
            }
            #expect(abs(product - expected) < 1e-12)
        }
    }

    /// In single precision the ones would vanish beside 2^24.
    @Test func sumsAreInDoublePrecision() {
        var rows = PairDifferences(hiddenSize: 1)
        rows.append([16_777_216], group: 0)
        for _ in 0..<7 { rows.append([1], group: 1) }
        #expect(rows.mean == [16_777_223.0 / 8])
    }

    @Test func aSampleDoesNotDependOnHowGroupsAreInterleaved() {
        let rows = differences(60, hiddenSize: 2, seed: 5)
        let byGroup = rows.select((0..<5).flatMap { group in (0..<60).filter { $0 % 5 == group } })
        let sample = rows.sampled(pairsMax: 17, seed: 8)
        #expect(sample.count == 17 && sample == byGroup.sampled(pairsMax: 17, seed: 8))
        #expect(sample != rows.sampled(pairsMax: 17, seed: 9))
        #expect(Set((0..<17).map { Array(sample[$0]) }).isSubset(of: Set((0..<60).map { Array(rows[$0]) })))
        #expect(rows.sampled(pairsMax: 60, seed: 8) == rows)
    }

    @Test func aStreamsSampleIsThatOfItsPairs() {
        let rows = differences(60, hiddenSize: 2, seed: 5)
        var sample = DifferenceSample(hiddenSize: 2, pairsMax: 17, seed: 8)
        for row in 0..<60 {
            sample.add(rows[row], group: rows.groups[row], kind: rows.kinds[row])
            #expect(sample.differences.count == min(row + 1, 17))
        }
        #expect(sample.seenCount == 60 && sample.differences == rows.sampled(pairsMax: 17, seed: 8))
    }

    /// 200 samples of 20 from 100: each pair is in 40 of them, give or take 5.7.
    @Test func everyPairIsAsLikely() {
        var rows = PairDifferences(hiddenSize: 1)
        for row in 0..<100 { rows.append([Float(row)], group: row < 50 ? 0 : row) }
        var counts = Array(repeating: 0, count: 100)
        for seed in 0..<200 as Range<UInt64> {
            for value in rows.sampled(pairsMax: 20, seed: seed).values { counts[Int(value)] += 1 }
        }
        #expect(counts.reduce(0, +) == 4000)
        #expect(counts.allSatisfy { (15...65).contains($0) }, "\(counts)")
        #expect(abs(counts[..<50].reduce(0, +) - 2000) < 200)
    }
}
