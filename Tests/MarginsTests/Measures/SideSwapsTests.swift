import SeededRandom
import Testing

@testable import Margins

@Suite struct SideSwapsTests {
    private static let estimators: [Estimator] = [
        .meanDifference, .firstPrincipalComponent, .ridge(lambda: 1), .ledoitWolf,
    ]

    /// Two places with the same pairs of noise, of prompts with two pairs that resemble one another.
    private func places(groups: Int, shift: Float, using random: inout SeededGenerator) -> [PairDifferences] {
        var places = [PairDifferences(hiddenSize: 12), PairDifferences(hiddenSize: 12)]
        for group in 0..<groups {
            let shared = random.floats(count: 12)
            for _ in 0..<2 {
                let values = zip(shared, random.floats(count: 12)).map { $0 + 0.5 * $1 + shift }
                places[0].append(values, group: group)
                places[1].append(values.map { $0 * abs($0) }, group: group)
            }
        }
        return places
    }

    private func null(_ places: [PairDifferences], permutations: Int, seed: UInt64) throws -> PermutationNull {
        let swaps = try #require(SideSwaps(groups: places[0].groups, permutations: permutations, seed: seed))
        var null = PermutationNull()
        for place in places {
            for agreements in try swaps.agreements(PairProducts(place), by: Self.estimators) { null.add(agreements) }
        }
        return null
    }

    /// 200 sets whose sides mean nothing, eight cells each: 10 are expected below 0.05 at most, and more than 18 in one
    /// of 200 such tests.
    @Test func setsWithoutASideSeldomLookLikeOne() throws {
        var random = SeededGenerator(seed: 11)
        let values = try (0..<200 as Range<UInt64>).map { seed in
            try null(places(groups: 14, shift: 0, using: &random), permutations: 19, seed: seed).pValue
        }
        let (small, half) = (values.count { $0 <= 0.05 }, values.count { $0 <= 0.5 })
        print("\(small) of 200 null sets have a p-value of at most 0.05, \(half) of at most 0.5")
        // Equal shares of few pairs make p-values a little larger than uniform ones.
        #expect(small <= 18 && (65...125).contains(half))
    }

    @Test func setsWithASideAreBeyondEveryPermutation() throws {
        var random = SeededGenerator(seed: 12)
        let found = try null(places(groups: 16, shift: 0.4, using: &random), permutations: 39, seed: 1)
        #expect(found.pValue == 1 / 40.0 && found.observed.count == 8 && found.maxima.count == 39)
        #expect(found.nullAgreement < 0.9 && found.observed.contains { $0 > 0.9 })
    }

    /// Each swap by fits on swapped differences; the discriminant's shrinkage is not theirs, and it has its own test.
    @Test func agreementsAreThoseOfRefits() throws {
        var random = SeededGenerator(seed: 13)
        let pairs = places(groups: 11, shift: 0.1, using: &random)[0]
        let estimators: [Estimator] = [
            .meanDifference, .firstPrincipalComponent, .ridge(lambda: 1), .logistic(lambda: 1),
        ]
        let swaps = try #require(SideSwaps(groups: pairs.groups, permutations: 19, seed: 5))
        let folds = try #require(Folds(groups: pairs.groups, count: 5, seed: 5))
        let found = try swaps.agreements(PairProducts(pairs), by: estimators)
        #expect(found.map(\.count) == [20, 20, 20, 20] && Set(found.joined()).count > 5)
        for swap in 0..<20 {
            let signs = Array(swaps.signs[swap * pairs.count..<(swap + 1) * pairs.count])
            var swapped = PairDifferences(hiddenSize: pairs.hiddenSize)
            for row in 0..<pairs.count {
                swapped.append(pairs[row].map { $0 * Float(signs[row]) }, group: pairs.groups[row])
            }
            for (cell, estimator) in zip(found, estimators) {
                let margins = try swapped.crossFittedMargins(folds) { try estimator.fit($0) }
                let expected = try #require(ClusteredShare(positive: margins, groups: pairs.groups))
                #expect(abs(cell[swap] - expected.value) < 1e-12)
            }
        }
    }

    @Test func agreementsWithoutASwapAreThoseOfTheMargins() throws {
        var random = SeededGenerator(seed: 14)
        let pairs = places(groups: 13, shift: 0.1, using: &random)[1]
        let products = PairProducts(pairs)
        let swaps = try #require(SideSwaps(groups: pairs.groups, permutations: 19, seed: 6))
        let folds = try #require(Folds(groups: pairs.groups, count: 5, seed: 6))
        let found = try swaps.agreements(products, by: Self.estimators)
        let margins = try products.crossFittedMargins(folds, by: Self.estimators)
        for (cell, margins) in zip(found, margins) {
            let share = try #require(ClusteredShare(positive: margins, groups: pairs.groups))
            #expect(abs(cell[0] - share.value) < 1e-12)
        }
    }

    @Test func groupsAreSwappedAsWholes() throws {
        let groups = [4, 1, 4, 7, 1, 9]
        let swaps = try #require(SideSwaps(groups: groups, permutations: 40, seed: 3))
        #expect(swaps.pairs == [0, 1, 2, 3, 4, 5] && swaps.signs.count == 41 * 6)
        #expect(swaps.signs[..<6] == [1, 1, 1, 1, 1, 1])
        var patterns: Set<[Double]> = []
        for swap in 0...40 {
            let signs = Array(swaps.signs[swap * 6..<(swap + 1) * 6])
            #expect(signs[0] == signs[2] && signs[1] == signs[4] && signs.allSatisfy { abs($0) == 1 })
            patterns.insert(signs)
        }
        // Of sixteen.
        #expect(patterns.count > 10)
        #expect(SideSwaps(groups: [3, 3, 3], seed: 1) == nil)
    }

    /// What is said of many pairs is said of a sample of them, and of nothing else.
    @Test func manyPairsAreSampled() throws {
        var random = SeededGenerator(seed: 15)
        let pairs = places(groups: 40, shift: 0.1, using: &random)[0]
        let swaps = try #require(SideSwaps(groups: pairs.groups, permutations: 19, pairsMax: 30, seed: 2))
        #expect(swaps.pairs.count == 30 && swaps.pairs == Set(swaps.pairs).sorted())
        let found = try swaps.agreements(PairProducts(pairs), by: Self.estimators)
        var damaged = PairDifferences(hiddenSize: 12)
        for row in 0..<pairs.count {
            damaged.append(pairs[row].map { swaps.pairs.contains(row) ? $0 : $0 - 9 }, group: pairs.groups[row])
        }
        #expect(try swaps.agreements(PairProducts(damaged), by: Self.estimators) == found)
        // Shares of 30 pairs, by halves.
        #expect(found.joined().allSatisfy { abs($0 * 60 - ($0 * 60).rounded()) < 1e-9 })
    }
}
