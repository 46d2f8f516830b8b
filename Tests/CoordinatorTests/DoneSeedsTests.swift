import JobStore
import JobStoreFixtures
import Margins
import SeededRandom
import Testing

@testable import Coordinator

/// Seeds of an evaluation that was interrupted.
@Suite struct DoneSeedsTests {
    private let temporary: TemporaryLedger

    init() throws { temporary = try TemporaryLedger() }

    /// Of pairs that heads tell apart, but for a few.
    private func held(seed: UInt64) throws -> HeldOutRewards {
        var random = SeededGenerator(seed: 7)
        var pairs = PairDifferences(hiddenSize: 3)
        var preferred: [Float] = []
        for row in 0..<60 {
            let difference = (0..<3).map { Float.random(in: -2...2, using: &random) + ($0 == 0 ? 0.8 : 0) }
            preferred += difference
            pairs.append(difference, group: row)
        }
        let data = RewardData(
            pairs: pairs,
            states: ResponseStates(preferred: preferred, others: preferred.map { _ in 0 }, hiddenSize: 3),
            ours: [.fitted(on: pairs, by: .ridge(lambda: 3), rows: pairs)], choosesSource: true, legend: nil)
        var training = RewardTraining()
        training.heads = [.linear]
        return try #require(try RewardEvaluation(data, training).heldOut(seed: seed))
    }

    @Test func aSeedIsReadToTheLastBit() throws {
        let ledger = try temporary.open
        let done = DoneSeeds(ledger, key: "k")
        let (first, second) = try (held(seed: 0), held(seed: 1))
        #expect(first != second)
        #expect(try done.held(0) == nil)
        try done.keep(first, 0)
        try done.keep(second, 1)
        #expect(try done.held(0) == first && done.held(1) == second && done.held(2) == nil)
    }

    @Test func aSeedByOtherSettingsIsDoneAgain() throws {
        let ledger = try temporary.open
        try DoneSeeds(ledger, key: "k").keep(held(seed: 0), 0)
        #expect(try DoneSeeds(ledger, key: "other").held(0) == nil)
        try ledger.set("seed 1", to: Array("{}".utf8))
        #expect(try DoneSeeds(ledger, key: "k").held(1) == nil)
    }
}
