import SeededRandom
import Testing

@testable import Margins

@Suite struct EstimatorTests {
    static let all: [Estimator] = [
        .meanDifference, .firstPrincipalComponent, .ridge(lambda: 1), .logistic(lambda: 1e-2), .ledoitWolf,
    ]

    private func noise(_ pairs: Int, hiddenSize: Int, shift: Float, seed: UInt64) -> PairDifferences {
        var random = SeededGenerator(seed: seed)
        var differences = PairDifferences(hiddenSize: hiddenSize)
        for row in 0..<pairs {
            differences.append(random.floats(count: hiddenSize).map { $0 + shift }, group: row / 2)
        }
        return differences
    }

    @Test(arguments: all)
    func theDirectionHasNormOneAndPointsToThePreferredSide(_ estimator: Estimator) throws {
        for pairs in [1, 2, 5, 40] {
            let differences = noise(pairs, hiddenSize: 16, shift: 0.4, seed: UInt64(pairs))
            let direction = try estimator.fit(differences)
            #expect(abs(projection(of: direction, on: direction) - 1) < 1e-6)
            #expect(dot(direction.map { Double($0) }, differences.mean) > 0, "\(estimator), \(pairs) pairs")
        }
    }

    /// The same pairs the other way round, or of another size, say the same.
    @Test(arguments: all)
    func theDirectionFollowsTheSideAndNotTheScale(_ estimator: Estimator) throws {
        let differences = noise(30, hiddenSize: 40, shift: 0.2, seed: 5)
        let direction = try estimator.weights(differences)
        for factor in [-1, 1024, 1 / 1024] as [Float] {
            var scaled = PairDifferences(hiddenSize: 40)
            for row in 0..<30 { scaled.append(differences[row].map { $0 * factor }, group: row) }
            let expected = direction.scaled(by: factor < 0 ? -1 : 1)
            #expect(ReferenceData.distance(try estimator.weights(scaled), expected) < 1e-8)
        }
    }

    @Test(arguments: all)
    func pairsThatGiveNoDirectionAreAnError(_ estimator: Estimator) {
        #expect(throws: DirectionError.noAnchors) { try estimator.fit(PairDifferences(hiddenSize: 3)) }
        var opposite = PairDifferences(hiddenSize: 2)
        opposite.append([1, -2], group: 0)
        opposite.append([-1, 2], group: 1)
        #expect(throws: DirectionError.zero) { try estimator.fit(opposite) }
        for bad in [Float.nan, .infinity] {
            var broken = opposite
            broken.append([bad, 1], group: 2)
            #expect(throws: DirectionError.notFinite) { try estimator.fit(broken) }
        }
    }

    @Test(arguments: all)
    func pairsThatAreAllTheSameGiveTheirDirection(_ estimator: Estimator) throws {
        var same = PairDifferences(hiddenSize: 3)
        for row in 0..<4 { same.append([2, 0, -1], group: row) }
        let expected = [2, 0, -1].map { $0 / 5.0.squareRoot() }
        #expect(ReferenceData.distance(try estimator.weights(same), expected) < 1e-9)
    }

    /// Centred, these pairs would vary along the second axis alone.
    @Test func thePrincipalComponentIsUncentred() throws {
        var pairs = PairDifferences(hiddenSize: 2)
        for row in 0..<10 { pairs.append([3, row % 2 == 0 ? 1 : -1], group: row) }
        #expect(ReferenceData.distance(try Estimator.firstPrincipalComponent.weights(pairs), [1, 0]) < 1e-9)
    }

    /// The mean says next to nothing of the axis along which these pairs vary most, but which end of it is which.
    @Test(arguments: [0.001, -0.001] as [Float])
    func thePrincipalComponentIsFoundFromAMeanThatIsNowhereNearIt(_ tilt: Float) throws {
        var pairs = PairDifferences(hiddenSize: 3)
        for row in 0..<10 { pairs.append([0.5, row % 2 == 0 ? 3 : -3, 0], group: row) }
        pairs.append([0, tilt, 0], group: 10)
        let direction = try Estimator.firstPrincipalComponent.weights(pairs)
        #expect(abs(direction[1]) > 0.999999 && dot(direction, pairs.mean) > 0)
    }

    @Test func moreThanASamplesPairsAreSampledButForTheMean() throws {
        var many = PairDifferences(hiddenSize: 2)
        var random = SeededGenerator(seed: 2)
        for row in 0..<DifferenceSample.pairsMax + 100 {
            many.append([Float(random.normal()) + 1, Float(random.normal())], group: row)
        }
        let ridge = Estimator.ridge(lambda: 1)
        #expect(try ridge.fit(many, seed: 3) == ridge.fit(many.sampled(seed: 3)))
        #expect(try ridge.fit(many, seed: 3) != ridge.fit(many, seed: 4))
        let mean = Estimator.meanDifference
        #expect(try mean.fit(many, seed: 3) == mean.fit(many, seed: 4))
        #expect(try mean.fit(many, seed: 3) != mean.fit(many.sampled(seed: 3)))
    }

    /// The mean of a stream that is never held is the same direction.
    @Test func theMeanDifferenceIsThatOfTheAccumulator() throws {
        let differences = noise(50, hiddenSize: 8, shift: 0.1, seed: 8)
        var accumulator = DirectionAccumulator(hiddenSize: 8)
        for row in 0..<50 { accumulator.add(harmless: differences[row], harmful: Array(repeating: 0, count: 8)) }
        #expect(try accumulator.direction().unit == Estimator.meanDifference.fit(differences))
    }
}
