import SeededRandom
import Testing

@testable import Margins

@Suite struct EnsembleTests {
    /// Two kinds that agree on nothing: one is ten times as loud on the rows, and weighs no more for it.
    private func twoKinds() throws -> Ensemble {
        var differences = PairDifferences(hiddenSize: 2)
        for group in 0..<4 {
            differences.append([1, 0], group: group, kind: 7)
            differences.append([0, 1], group: group, kind: 3)
        }
        return try Ensemble(fitting: differences, by: .meanDifference)
    }

    @Test func everyKindWeighsAsMuchInTheScoresOfTheRows() throws {
        var ensemble = try twoKinds()
        #expect(ensemble.kinds == [3, 7] && ensemble.members == [[0, 1], [1, 0]])
        for row in [[10, 1], [-10, 1], [10, -1], [-10, -1]] as [[Float]] { ensemble.standardise(on: row) }
        let direction = try ensemble.direction()
        #expect(abs(direction[1] / direction[0] - 10) < 1e-5)
    }

    @Test func theDirectionsScoresAreTheAverageOfTheStandardisedOnes() throws {
        var ensemble = try Ensemble(fitting: ReferenceData.differences(30, seed: 1), by: .meanDifference)
        let rows = ReferenceData.differences(50, seed: 2)
        for row in 0..<50 { ensemble.standardise(on: rows[row]) }
        let direction = try ensemble.direction()
        let weights = try ensembleWeights(deviations: ensemble.deviations)
        let ratios = (0..<50).map { row in
            let average = zip(ensemble.members, weights).reduce(0) { $0 + $1.1 * projection(of: rows[row], on: $1.0) }
            return projection(of: rows[row], on: direction) / average
        }
        #expect(ratios.max()! - ratios.min()! < 1e-4 * ratios[0])
    }

    @Test func marginsAreAveragedInUnitsOfTheirDeviations() {
        #expect(averagedMargins([[3, -1, 4]]) == [3, -1, 4])
        let average = averagedMargins([[3, -1, 4], [30, -10, 40], [7, 7, 7]])
        let deviation = standardDeviation([3, -1, 4])
        #expect(zip(average, [3, -1, 4]).allSatisfy { abs($0 - $1 / deviation) < 1e-12 })
        #expect(averagedMargins([[1, 1], [2, 2]]) == [0, 0] && averagedMargins([[.nan, 1], [2, 1]]) == [0, 0])
    }

    /// The spread of ensembles of fresh anchors, two sources of different sizes and means, against the closed form.
    @Test func theErrorsAreThoseOfBothSources() throws {
        let states = GroupedDifferences.states(40, seed: 5)
        var scores = states.map { _ in MarginStatistics() }
        var squares = states.map { _ in 0.0 }
        let draws = 150
        for draw in 0..<draws {
            let sources = [(12, 1.0), (40, 0.5)].enumerated().map { number, source in
                GroupedDifferences.pairs(
                    GroupedDifferences.groups(source.0, mean: source.1, seed: UInt64(1000 * number + draw)))
            }
            let members = try sources.map { source in
                let fit = try Estimator.meanDifference.fitWithErrors(source)
                return (direction: fit.direction, errors: try #require(fit.errors))
            }
            let combined = try Ensemble.combined(members, deviations: [2, 3])
            for (index, state) in states.enumerated() {
                scores[index].add(projection(of: state, on: combined.direction))
                let error = combined.errors.standardError(of: state)
                squares[index] += error * error / Double(draws)
            }
        }
        let ratio = zip(scores, squares).map { $1.squareRoot() / $0.standardDeviation }.reduce(0, +) / 40
        print("errors of an ensemble are \(ratio) of the spread of \(draws) fresh ones")
        #expect(abs(ratio - 1) < 0.1)
    }

    @Test func aMemberWhoseScoresDoNotVaryHasNoPart() throws {
        #expect(try ensembleWeights(deviations: [2, 0, 4]) == [0.25, 0, 0.125])
        #expect(throws: DirectionError.zero) { try ensembleWeights(deviations: [0, 0]) }
        #expect(throws: DirectionError.notFinite) { try ensembleWeights(deviations: [1, .nan]) }
        #expect(throws: DirectionError.zero) { try twoKinds().direction() }
    }
}
