import SeededRandom
import Testing

@testable import Margins

@Suite struct LogisticLossTests {
    private let differences = ReferenceData.differences(90, seed: 41)
    private let margins = ReferenceData.column(90, seed: 42, levels: 8).map { $0 * 3 - 1 }
    private let weights = ReferenceData.column(90, seed: 43, levels: 4).map { (($0 + 1) * 2).rounded(.down) }

    @Test func theMinimumIsTheReferences() throws {
        let plain = LogisticLoss(differences, lambda: 0.003).minimum()
        #expect(try ReferenceData.distance(plain, ReferenceData.numbers("reward-head-plain")) < 1e-8)
        let withMargins = LogisticLoss(differences, lambda: 0.1, margins: margins).minimum()
        #expect(try ReferenceData.distance(withMargins, ReferenceData.numbers("reward-head-margins")) < 1e-8)
        let weighted = LogisticLoss(differences, lambda: 0.02, margins: margins, rowWeights: weights).minimum()
        #expect(try ReferenceData.distance(weighted, ReferenceData.numbers("reward-head-weights")) < 1e-8)
    }

    /// A pair that counts twice is as good as two of it.
    @Test func rowWeightsAreRepetitions() {
        let rows = weights.indices.flatMap { Array(repeating: $0, count: Int(weights[$0])) }
        let repeated = LogisticLoss(differences.select(rows), lambda: 0.02).minimum()
        let weighted = LogisticLoss(differences, lambda: 0.02, rowWeights: weights).minimum()
        #expect(ReferenceData.distance(weighted, repeated) < 1e-8)
    }

    @Test(arguments: [1, 0.01]) func neitherPreconditionerNorStartMovesTheMinimum(_ lambda: Double) throws {
        let solver = try RewardSolver(differences, penalties: [lambda])
        let scaled = ScaledDifferences(differences)
        let expected = LogisticLoss(scaled, lambda: lambda, margins: margins).minimum()
        let start = LogisticLoss(scaled, lambda: 10).minimum(tolerance: 0.1)
        let found = LogisticLoss(
            scaled, lambda: lambda, margins: margins, preconditioner: solver.preconditioner(lambda: lambda)
        ).minimum(from: start)
        #expect(ReferenceData.distance(found, expected) < 1e-8)
    }
}
