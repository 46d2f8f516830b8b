import SeededRandom
import Testing

@testable import Margins

@Suite struct MeasureTests {
    @Test func theMostCertainRowsAreThoseFarthestFromZero() {
        let margins = [-10, 9, 8, 7, 6, -5, 4, -3, 2, -1] as [Double]
        let found = SelectiveAccuracy.measured(margins, groups: Array(0..<10))
        #expect(found.map(\.coverage) == [0.1, 0.25, 0.5, 1])
        #expect(found.map(\.accuracy.rows) == [1, 3, 5, 10])
        #expect(found.map(\.accuracy.value) == [0, 2.0 / 3, 0.8, 0.6])
        #expect(SelectiveAccuracy.measured([], groups: []).isEmpty)
    }

    /// Which of them comes first in the file must not matter.
    @Test func rowsThatAreAsCertainAreTakenTogether() {
        let found = SelectiveAccuracy.measured([1, -1, 1, 1, 0.5], groups: [0, 1, 2, 3, 4], coverages: [0.2])
        #expect(found[0].accuracy.rows == 4 && found[0].accuracy.value == 0.75)
    }

    @Test func rowsOfEqualLengthDifferByLessThanAQuarter() throws {
        let lengths = [(100, 100), (100, 124), (100, 125), (124, 100), (300, 100), (0, 0), (0, 1)]
            .map { (preferred: $0.0, other: $0.1) }
        let margins = [1, 1, -1, -1, -1, 1, -1] as [Double]
        let share = try #require(accuracyAtEqualLength(margins, lengths: lengths, groups: Array(0..<7)))
        #expect(share.rows == 4 && share.value == 0.75)
        #expect(accuracyAtEqualLength([1], lengths: [(1, 9)], groups: [0]) == nil)
    }

    /// What is cut off at 0 is what all parts leave, not each part's.
    @Test func manyPartsOfNoiseExplainNothing() throws {
        var random = SeededGenerator(seed: 8)
        let parts = (0..<400).map { _ in (0..<30).map { _ in random.normal() } }
        let categories = parts.map { $0.indices.map { $0 % 15 } }
        let found = try #require(VarianceExplained(ofParts: parts, byCategories: categories))
        #expect(found.share > 0.4 && found.adjusted < 0.05, "\(found)")
        // Within each an effect of its own, of another sign.
        let turned = parts.enumerated().map { part, noise in
            noise.enumerated().map { $1 + (part % 2 == 0 ? 2 : -2) * Double($0 % 2) }
        }
        let columns = parts.map { $0.indices.map { Double($0 % 2) } }
        let within = try #require(VarianceExplained(ofParts: turned, by: columns))
        let across = try #require(VarianceExplained(of: turned.flatMap(\.self), by: columns.flatMap(\.self)))
        #expect(abs(within.adjusted - 0.5) < 0.03 && across.adjusted < 0.02)
        #expect(VarianceExplained(ofParts: [parts[0], [1]], by: [columns[0], [2]])?.share != nil, "a part of one row")
        #expect(VarianceExplained(ofParts: [[1], [2]], by: [[1], [2]]) == nil)
    }

    @Test func manyCategoriesExplainNothingOfNoise() throws {
        var random = SeededGenerator(seed: 7)
        let noise = (0..<400).map { _ in random.normal() }
        let categories = (0..<400).map { $0 % 200 }
        let found = try #require(VarianceExplained(of: noise, byCategory: categories))
        #expect(found.share > 0.4 && found.adjusted < 0.12)
        let scores = zip(noise, categories).map { $0 + Double($1 % 2) * 4 }
        let two = try #require(VarianceExplained(of: scores, byCategory: categories))
        #expect(abs(two.adjusted - 0.8) < 0.05)
        #expect(VarianceExplained(of: noise, byCategory: Array(0..<400)) == nil)
        #expect(VarianceExplained(of: [1, 1, 1], byCategory: [0, 0, 1]) == nil)
        #expect(VarianceExplained(of: [1, 2, 3], by: [4, 4, 4])?.share == 0)
        #expect(VarianceExplained(of: [1, 2, 3], by: [4, .nan, 4]) == nil)
    }

    @Test func halvesOfNoiseDisagreeAndHalvesOfASignalAgree() throws {
        var random = SeededGenerator(seed: 8)
        var (noise, signal) = (PairDifferences(hiddenSize: 256), PairDifferences(hiddenSize: 256))
        for row in 0..<80 {
            let values = random.floats(count: 256)
            noise.append(values, group: row / 2)
            signal.append(values.map { $0 + 0.5 }, group: row / 2)
        }
        let fit = { try Estimator.meanDifference.fit($0) }
        #expect(abs(try #require(try noise.splitHalfCosine(seed: 1, fit: fit))) < 0.1)
        #expect(try #require(try signal.splitHalfCosine(seed: 1, fit: fit)) > 0.9)
        var one = PairDifferences(hiddenSize: 1)
        one.append([1], group: 0)
        one.append([2], group: 0)
        #expect(try one.splitHalfCosine(seed: 1, fit: fit) == nil)
    }

    /// Rows of one group, which repeat one another, are never in both halves.
    @Test func aGroupIsInOneHalf() throws {
        var pairs = PairDifferences(hiddenSize: 1)
        for row in 0..<20 { pairs.append([1], group: row % 5) }
        var halves: [[Int]] = []
        _ = try pairs.splitHalfCosine(repeats: 4, seed: 2) { half in
            halves.append(half.groups)
            return [1]
        }
        #expect(halves.count == 8)
        for start in stride(from: 0, to: 8, by: 2) {
            #expect(Set(halves[start]).isDisjoint(with: halves[start + 1]))
            #expect(halves[start].count == 8 && halves[start + 1].count == 12)
        }
    }

    @Test func theCosineOfVectorsWithoutADirectionIsNone() {
        #expect(cosine([3, 4], [6, 8]) == 1 && cosine([1, 0], [0, 2]) == 0)
        #expect(cosine([0, 0], [1, 1]) == nil && cosine([.nan, 0], [1, 1]) == nil)
    }
}
