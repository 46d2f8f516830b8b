import Foundation
import SeededRandom
import Testing

@testable import Margins

/// How alike the orders of two columns are, and how sure that is.
@Suite struct RankCorrelationTests {
    /// Rows of a prompt share a part of both columns; strengths have four values, as severities do.
    ///
    /// - Parameter slope: how far the first column follows the second one.
    private func sample(
        groups: Int, rowsEach: Int, slope: Double, shared: Double = 0, using random: inout SeededGenerator
    ) -> (margins: [Double], strengths: [Double], groups: [Int]) {
        var sample: (margins: [Double], strengths: [Double], groups: [Int]) = ([], [], [])
        let own = (1 - shared).squareRoot()
        for group in 0..<groups {
            let parts = (shared.squareRoot() * random.normal(), shared.squareRoot() * random.normal())
            for _ in 0..<rowsEach {
                let strength = parts.0 + own * random.normal()
                sample.margins.append(slope * strength + parts.1 + own * random.normal())
                sample.strengths.append(strength < -1 ? 0 : strength < 0 ? 1 : strength < 1.2 ? 2 : 3)
                sample.groups.append(group)
            }
        }
        return sample
    }

    @Test func itIsSpearmansWithTiesAtTheirMeanRanks() throws {
        let (left, right) = ([1.0, 2, 2, 3, 9, -4], [0.0, 1, 1, 3, 2, 0])
        let found = try #require(RankCorrelation(left, right, groups: Array(0..<6)))
        #expect(abs(found.value - (rankCorrelation(left, right) ?? 0)) < 1e-12)
        #expect(found.low < found.value && found.value < found.high && found.rows == 6 && found.groups == 6)
    }

    /// Of two normal columns with the correlation r it is `6/π asin(r/2)`.
    @Test func ofNormalColumnsItIsWhatIsKnownOfThem() throws {
        var random = SeededGenerator(seed: 1)
        let right = (0..<20_000).map { _ in random.normal() }
        let left = right.map { 0.6 * $0 + 0.8 * random.normal() }
        let found = try #require(RankCorrelation(left, right, groups: Array(0..<20_000)))
        let expected = 6 / Double.pi * asin(0.3)
        #expect(abs(found.value - expected) < 0.015 && found.low < expected && expected < found.high)
        // Of as many rows its standard error is about (1 - r²) / √n.
        #expect(abs((found.high - found.low) / (2 * 1.96) - (1 - expected * expected) / 20_000.squareRoot()) < 0.0006)
    }

    /// The influences tell what leaving each row out does.
    @Test func theInfluencesAreThoseOfLeavingRowsOut() throws {
        var random = SeededGenerator(seed: 2)
        let (left, right, _) = sample(groups: 80, rowsEach: 1, slope: 0.7, using: &random)
        let influence = try #require(RankInfluence(left, right))
        #expect(abs(influence.moves.reduce(0, +)) < 1e-9)
        let refits = try left.indices.map { row in
            var (some, others) = (left, right)
            some.remove(at: row)
            others.remove(at: row)
            return try #require(rankCorrelation(some, others))
        }
        let mean = refits.reduce(0, +) / 80
        let jackknife = (79 / 80 * refits.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }).squareRoot()
        let closed = influence.moves.reduce(0) { $0 + $1 * $1 }.squareRoot() / 80
        #expect(abs(closed / jackknife - 1) < 0.05, "\(closed), leaving rows out \(jackknife)")
    }

    @Test(arguments: [(0.0, 0.0), (0.6, 0.0), (0.6, 0.6)]) func intervalsHoldTheTruthAsOftenAsTheySay(
        _ slope: Double, _ shared: Double
    ) throws {
        var random = SeededGenerator(seed: 3)
        let many = sample(groups: 40_000, rowsEach: 3, slope: slope, shared: shared, using: &random)
        let truth = try #require(rankCorrelation(many.margins, many.strengths))
        let draws = 400
        var held = 0
        for _ in 0..<draws {
            let (margins, strengths, groups) = sample(
                groups: 60, rowsEach: 3, slope: slope, shared: shared, using: &random)
            let found = try #require(RankCorrelation(margins, strengths, groups: groups))
            held += found.low <= truth && truth <= found.high ? 1 : 0
        }
        print("rank correlation \(truth): held by \(held) of \(draws) intervals")
        #expect((0.92...0.98).contains(Double(held) / Double(draws)))
    }

    @Test func aGainIsOfTheSameRows() throws {
        var random = SeededGenerator(seed: 4)
        let (margins, strengths, groups) = sample(groups: 150, rowsEach: 2, slope: 1, using: &random)
        let noisier = margins.map { $0 + 2 * random.normal() }
        let gain = try #require(RankCorrelation.Gain(of: margins, over: noisier, with: strengths, groups: groups))
        let (one, other) = try (
            #require(RankCorrelation(margins, strengths, groups: groups)),
            #require(RankCorrelation(noisier, strengths, groups: groups))
        )
        #expect(abs(gain.value - (one.value - other.value)) < 1e-12 && gain.low > 0)
        let none = try #require(RankCorrelation.Gain(of: margins, over: margins, with: strengths, groups: groups))
        #expect(none.value == 0 && none.low == 0 && none.high == 0)
    }

    @Test func whereNothingVariesThereIsNone() throws {
        #expect(RankCorrelation([1, 1, 1], [1, 2, 3], groups: [0, 1, 2]) == nil)
        #expect(RankCorrelation([1, 2, 3], [2, 2, 2], groups: [0, 1, 2]) == nil)
        #expect(RankCorrelation([1, 2, 3], [1, 2, 3], groups: [5, 5, 5]) == nil)
        #expect(RankCorrelation([], [], groups: []) == nil)
        #expect(RankCorrelation.Gain(of: [1, 2], over: [0, 0], with: [1, 2], groups: [0, 1]) == nil)
        let same = try #require(RankCorrelation([1, 2, 3], [4, 5, 7], groups: [0, 1, 2]))
        #expect(same.value == 1 && same.low == 1 && same.high == 1)
    }
}
