import SeededRandom
import Testing

@testable import Margins

@Suite struct CrossFittingProductsTests {
    private static let estimators: [(name: String, estimator: Estimator)] = [
        ("mean", .meanDifference), ("pca", .firstPrincipalComponent), ("ridge.0.3", .ridge(lambda: 0.3)),
        ("ridge.10.0", .ridge(lambda: 10)), ("logistic", .logistic(lambda: 1e-2)), ("ledoitwolf", .ledoitWolf),
    ]

    /// Against scikit-learn and numpy, with fewer pairs than components and with more.
    @Test(arguments: estimators, [20, 60])
    func heldOutMarginsAreTheReferences(_ named: (name: String, estimator: Estimator), pairs: Int) throws {
        let data = ReferenceData.differences(pairs, seed: UInt64(pairs))
        var differences = PairDifferences(hiddenSize: ReferenceData.hiddenSize)
        for row in 0..<pairs { differences.append(data[row], group: row % 5) }
        // As many folds as groups: each is left out alone.
        let folds = try #require(Folds(groups: differences.groups, count: 5, seed: 1))
        let found = try PairProducts(differences).crossFittedMargins(folds, by: [named.estimator])
        let distance = ReferenceData.distance(
            try #require(found.first), try ReferenceData.numbers("held out.\(named.name).\(pairs)"))
        print("\(named.name), \(pairs) pairs: largest difference of a held-out margin \(distance)")
        #expect(found.count == 1 && distance < 1e-6)
    }

    /// Groups of several pairs, in folds of different sizes; fewer and more components than pairs, and more than a panel.
    @Test(arguments: [(9, 40), (30, 7), (24, 24), (20, 300)])
    func marginsAreThoseOfFitsOnTheDifferences(_ groups: Int, hiddenSize: Int) throws {
        let pairs = GroupedDifferences.pairs(
            GroupedDifferences.groups(groups, mean: 0.3, hiddenSize: hiddenSize, seed: UInt64(groups)))
        let folds = try #require(Folds(groups: pairs.groups, count: 4, seed: 2))
        let found = try PairProducts(pairs).crossFittedMargins(folds, by: Self.estimators.map(\.estimator))
        #expect(found.count == Self.estimators.count)
        for (margins, (name, estimator)) in zip(found, Self.estimators) {
            let expected = try pairs.crossFittedMargins(folds) { try estimator.fit($0) }
            let scale = expected.map(abs).max() ?? 0
            let distance = ReferenceData.distance(margins, expected)
            print("\(name), \(pairs.count) pairs of \(hiddenSize): largest difference \(distance) of \(scale)")
            #expect(scale > 0.1 && distance < 1e-6 * max(scale, 1))
        }
    }

    @Test(arguments: EstimatorTests.all)
    func aFoldWithoutADirectionHasMarginsOfZero(_ estimator: Estimator) throws {
        var pairs = PairDifferences(hiddenSize: 3)
        for (group, sign) in [(0, 1), (0, -1), (1, 1), (1, 1)] as [(Int, Float)] {
            pairs.append([0.1, -0.7, 0.3].map { sign * $0 }, group: group)
        }
        let folds = try #require(Folds(groups: pairs.groups, count: 2, seed: 1))
        let margins = try PairProducts(pairs).crossFittedMargins(folds, by: [estimator])[0]
        let norm = 0.59.squareRoot()
        // The first group's pairs cancel out: nothing is known of the second one's.
        #expect(ReferenceData.distance(margins, [norm, -norm, 0, 0]) < 1e-6)
    }

    @Test(arguments: EstimatorTests.all)
    func differencesOfNothingHaveMarginsOfZero(_ estimator: Estimator) throws {
        var pairs = PairDifferences(hiddenSize: 3)
        for group in 0..<4 { pairs.append([0, 0, 0], group: group) }
        let folds = try #require(Folds(groups: pairs.groups, count: 2, seed: 1))
        #expect(try PairProducts(pairs).crossFittedMargins(folds, by: [estimator]) == [[0, 0, 0, 0]])
    }

    @Test(arguments: EstimatorTests.all)
    func numbersThatAreNotFiniteAreAnError(_ estimator: Estimator) throws {
        for bad in [Float.nan, .infinity] {
            var pairs = PairDifferences(hiddenSize: 2)
            for group in 0..<4 { pairs.append([group == 2 ? bad : 1, Float(group)], group: group) }
            let folds = try #require(Folds(groups: pairs.groups, count: 2, seed: 1))
            #expect(throws: DirectionError.notFinite) {
                try PairProducts(pairs).crossFittedMargins(folds, by: [estimator])
            }
        }
    }

    @Test func productsOfSomePairsAreThoseOfTheSelection() {
        let pairs = ReferenceData.differences(70, seed: 3)
        let rows = [69, 3, 64, 0, 17]
        let selected = PairProducts(pairs).select(rows)
        let expected = PairProducts(pairs.select(rows))
        #expect(selected.groups == rows && selected.count == 5)
        #expect(ReferenceData.distance(selected.rows.values, expected.rows.values) < 1e-12)
        #expect(abs(selected.meanSquare - pairs.select(rows).meanSquare) < 1e-12)
    }

    /// Swapped sides, from the products of the unswapped differences, against a fit on the swapped ones.
    @Test(arguments: estimators.filter { $0.estimator != .ledoitWolf }, [10, 40])
    func swappedSidesAreThoseOfAFit(_ named: (name: String, estimator: Estimator), rows: Int) throws {
        let pairs = ReferenceData.differences(rows, seed: 8)
        // All, every second one, every third one.
        let signs = (0..<3).flatMap { swap in (0..<rows).map { $0 % (swap + 1) == 0 ? -1.0 : 1 } }
        let weights = try named.estimator.pairWeights(PairProducts(pairs), signs: signs)
        for swap in 0..<3 {
            var swapped = PairDifferences(hiddenSize: pairs.hiddenSize)
            for row in 0..<rows { swapped.append(pairs[row].map { $0 * Float(signs[swap * rows + row]) }, group: row) }
            let found = pairs.transposeTimes(Array(weights[swap * rows..<(swap + 1) * rows]))
            let expected = try named.estimator.weights(swapped)
            #expect(ReferenceData.distance(found.scaled(by: 1 / found.norm), expected) < 1e-8)
        }
    }

    /// The shrinkage is that of the unswapped pairs, so that weights are linear in the signs.
    @Test func theDiscriminantsShrinkageIsTheSameForAllSwaps() throws {
        let pairs = ReferenceData.differences(30, seed: 9)
        func signs(_ isSwapped: (Int) -> Bool) -> [Double] { (0..<30).map { isSwapped($0) ? -1 : 1 } }
        let rows = [signs { _ in false }, signs { $0 < 5 }, signs { $0 > 20 }, signs { $0 < 5 || $0 > 20 }]
        let weights = try Estimator.ledoitWolf.pairWeights(PairProducts(pairs), signs: rows.flatMap { $0 })
        let (none, first) = (Array(weights[..<30]), Array(weights[30..<60]))
        let (second, both) = (Array(weights[60..<90]), Array(weights[90...]))
        var sum = first
        sum.add(second)
        sum.add(none, scaledBy: -1)
        #expect(ReferenceData.distance(sum, both) < 1e-9 * both.norm && ReferenceData.distance(none, first) > 1e-3)
    }
}
