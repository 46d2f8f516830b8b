import SeededRandom
import Testing

@testable import Margins

@Suite struct PairedGainTests {
    @Test(arguments: [1, 2, 5, 29, 400]) func tailsAreTheReferences(_ degreesOfFreedom: Int) throws {
        let found = [0, 0.3, 1, 1.96, 2.5, 4, 12].map { studentTails($0, degreesOfFreedom: degreesOfFreedom) }
        #expect(
            try ReferenceData.distance(found, ReferenceData.numbers("student-tails-\(degreesOfFreedom)")) < 1e-9)
        #expect(studentTails(-2.5, degreesOfFreedom: degreesOfFreedom) == found[4])
        #expect(studentTails(.infinity, degreesOfFreedom: degreesOfFreedom) == 0)
    }

    /// The example of Holm's paper's table, and ties.
    @Test func holmMultipliesTheLeastByAllAndNeverDescends() {
        #expect(
            holmAdjusted([0.01, 0.04, 0.03, 0.005]).map { ($0 * 1e6).rounded() / 1e6 } == [0.03, 0.06, 0.06, 0.02])
        #expect(holmAdjusted([0.4, 0.5]) == [0.8, 0.8])
        #expect(holmAdjusted([0.6, 0.7]) == [1, 1])
        #expect(holmAdjusted([]).isEmpty)
    }

    /// Of rows that are their own groups it is the paired t-test; copies of a row add nothing to what is known.
    @Test func theIntervalKnowsItsGroups() throws {
        var random = SeededGenerator(seed: 5)
        let gains = (0..<40).map { _ in Double(Int.random(in: -1...1, using: &random)) }
        let alone = try #require(PairedGain(gains, groups: Array(0..<40)))
        let mean = gains.reduce(0, +) / 40
        let deviation = (gains.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 39).squareRoot()
        let half = studentQuantile(degreesOfFreedom: 39) * deviation / 40.0.squareRoot()
        #expect(abs(alone.value - mean) < 1e-12 && abs(alone.high - mean - half) < 1e-12)
        #expect(abs(alone.low - mean + half) < 1e-12)
        let copies = try #require(
            PairedGain(gains.flatMap { [$0, $0, $0] }, groups: (0..<120).map { $0 / 3 }))
        #expect(abs(copies.low - alone.low) < 1e-12 && abs(copies.p - alone.p) < 1e-9)
        #expect(PairedGain([1, 1], groups: [7, 7]) == nil)
    }

    /// The interval leaves out 0 exactly where p is below one in twenty.
    @Test func pAndTheIntervalAgree() throws {
        var random = SeededGenerator(seed: 6)
        for _ in 0..<200 {
            let shift = Double.random(in: 0...0.2, using: &random)
            let gains = (0..<60).map { _ in max(-1, min(1, random.normal() / 3 + shift)) }
            let gain = try #require(PairedGain(gains, groups: Array(0..<60)))
            guard abs(gain.p - 0.05) > 0.001 else { continue }
            #expect((gain.p < 0.05) == (gain.low > 0 || gain.high < 0))
        }
    }

    @Test func whatNeverDiffersIsNoGain() throws {
        let none = try #require(PairedGain([0, 0, 0], groups: [0, 1, 2]))
        #expect(none.value == 0 && none.low == 0 && none.high == 0 && none.p == 1)
        let always = try #require(PairedGain([1, 1, 1], groups: [0, 1, 2]))
        #expect(always.p == 0 && always.low == 1)
    }
}
