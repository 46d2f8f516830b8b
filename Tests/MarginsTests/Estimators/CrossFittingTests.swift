import SeededRandom
import Testing

@testable import Margins

@Suite struct CrossFittingTests {
    @Test func aPairIsScoredByADirectionThatNeverSawItsGroup() throws {
        var differences = PairDifferences(hiddenSize: 24)
        let rows = ReferenceData.differences(40, seed: 4)
        for row in 0..<40 { differences.append(rows[row], group: row % 13) }
        let folds = try #require(Folds(groups: differences.groups, count: 4, seed: 1))
        var fitted: [[Int]] = []
        let margins = try differences.crossFittedMargins(folds) { others in
            fitted.append(others.groups)
            return try Estimator.ridge(lambda: 1).fit(others)
        }
        #expect(fitted.map(\.count).reduce(0, +) == 3 * 40)
        for row in 0..<40 {
            #expect(!fitted[folds.assignment[row]].contains(row % 13))
            let others = differences.filter { folds.assignment[$0] != folds.assignment[row] }
            let expected = projection(of: differences[row], on: try Estimator.ridge(lambda: 1).fit(others))
            #expect(margins[row] == expected)
        }
    }

    @Test func everyFoldsFitIsOfTheOthersPairs() throws {
        let pairs = GroupedDifferences.pairs(GroupedDifferences.groups(12, seed: 1))
        let folds = try #require(Folds(groups: pairs.groups, count: 3, seed: 1))
        let fits = pairs.fits(without: folds) { $0 }
        #expect(fits.count == 3)
        for (fold, others) in fits.enumerated() {
            #expect(others == pairs.filter { folds.assignment[$0] != fold } && others.count < pairs.count)
        }
    }

    @Test func marginsOutsideOfAFoldAreHeldOutAndKnowNothingOfIt() throws {
        let pairs = GroupedDifferences.pairs(GroupedDifferences.groups(20, seed: 3))
        let folds = try #require(Folds(groups: pairs.groups, count: 4, seed: 1))
        let margins = try pairs.crossFittedMargins(outsideEachOf: folds) { try Estimator.meanDifference.fit($0) }
        #expect(margins.count == 4)
        for fold in 0..<4 {
            let outside = pairs.groups.indices.filter { folds.assignment[$0] != fold }
            let expected = try outside.map { row in
                let others = pairs.filter { ![fold, folds.assignment[row]].contains(folds.assignment[$0]) }
                return projection(of: pairs[row], on: try Estimator.meanDifference.fit(others))
            }
            #expect(margins[fold] == expected)
        }
        // Another fold's numbers are others where one of its pairs is another one.
        let changed = try #require(folds.assignment.firstIndex(of: 2))
        var others = PairDifferences(hiddenSize: pairs.hiddenSize)
        for row in 0..<pairs.count {
            others.append(row == changed ? pairs[row].map { $0 * -3 }[...] : pairs[row], group: pairs.groups[row])
        }
        let again = try others.crossFittedMargins(outsideEachOf: folds) { try Estimator.meanDifference.fit($0) }
        #expect(again[2] == margins[2] && again[0] != margins[0] && again[1] != margins[1] && again[3] != margins[3])
    }

    /// The closed form against the mean of the other groups' pairs.
    @Test(arguments: [(2, 7), (12, 40), (40, 40)]) func theClosedFormIsThatOfTheOthers(_ groups: Int, _ rows: Int) {
        var pairs = PairDifferences(hiddenSize: 24)
        let differences = ReferenceData.differences(rows, seed: 6)
        for row in 0..<rows { pairs.append(differences[row], group: row % groups) }
        let expected = (0..<rows).map { row in
            let others = pairs.filter { $0 % groups != row % groups }
            return dot(pairs[row].map { Double($0) }, others.mean)
        }
        let found = pairs.leaveGroupOutMargins()
        let scale = expected.map(abs).max() ?? 0
        #expect(found.count == rows && scale > 0)
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-12 * scale * Double(rows) })
    }

    /// In as many dimensions, every estimator but the principal component puts the noise that it was fitted on on its
    /// right side.
    @Test(arguments: EstimatorTests.all)
    func noiseHasMarginsOfEitherSign(_ estimator: Estimator) throws {
        var right = 0
        for seed in 1...6 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            var noise = PairDifferences(hiddenSize: 128)
            for row in 0..<60 { noise.append(random.floats(count: 128), group: row) }
            let direction = try estimator.fit(noise)
            let leaning = noise.groups.indices.count { projection(of: noise[$0], on: direction) > 0 }
            if estimator != .firstPrincipalComponent { #expect(leaning > 50) }
            let folds = try #require(Folds(groups: noise.groups, count: 5, seed: seed))
            right += try noise.crossFittedMargins(folds) { try estimator.fit($0) }.count { $0 > 0 }
        }
        print("\(estimator): \(right) of 360 right")
        #expect((140...220).contains(right))
    }
}
