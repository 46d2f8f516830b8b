import Margins
import Protocol
import Testing

@testable import Coordinator

/// What surveyed rows come to.
@Suite struct PlaceStatesTests {
    /// Directions of folds that see what all states have in common as another number each.
    @Test func scoresOfFoldsHaveTheMeanThatTheWholeGives() throws {
        let common: [Float] = [50, -30, 20]
        var states = PlaceStates(rows: Array(0..<20), hiddenSize: 3)
        for row in 0..<20 {
            let one = common.enumerated().map { $1 + Float((row * 7 + $0 * 3) % 5) }
            let two = common.enumerated().map { $1 - Float((row * 3 + $0) % 4) }
            states.append(preferred: one[...], other: two[...])
        }
        let folds = try #require(Folds(groups: Array(0..<20), count: 5, seed: 1))
        func fit(_ vector: [Float]) throws -> FittedDirection {
            var pairs = PairDifferences(hiddenSize: 3)
            pairs.append(vector, group: 0)
            return try FittedDirection(pairs, by: .meanDifference)
        }
        let ofFolds = try (0..<5).map { try fit([1, Float($0) / 4, 0.5]) }
        let whole = try fit([1, 0.6, 0.5])
        let plain = states.outcomes { ofFolds[folds.assignment[$0]] }
        let shifted = states.outcomes(folds, ofFolds: ofFolds, whole: whole)
        let expected = states.outcomes { _ in whole }
        for fold in 0..<5 {
            let rows = (0..<20).filter { folds.assignment[$0] == fold }
            func mean(_ outcomes: [PlaceStates.Outcome]) -> Double {
                rows.reduce(0) { $0 + outcomes[$1].scores.0 + outcomes[$1].scores.1 } / Double(2 * rows.count)
            }
            #expect(abs(mean(shifted) - mean(expected)) < 1e-9 && abs(mean(plain) - mean(expected)) > 1e-3)
        }
        for row in 0..<20 { #expect(abs(shifted[row].margin - plain[row].margin) < 1e-9) }
        // Of one pair nobody knows how uncertain a direction is, and nobody says that it is certain.
        #expect(shifted.allSatisfy { $0.errors == nil })
        #expect(try shifted[0].values.elementCount == 2)
    }
}
