import Foundation
import SeededRandom
import Testing

@testable import Margins

/// What margins are worth by annotators' votes.
@Suite struct VoteCalibrationTests {
    /// Raw margins whose log-odds that an annotator agrees are `slope` times themselves; the label is what most of five say.
    private func voted(
        _ count: Int, using random: inout SeededGenerator, probability: (Double) -> Double
    ) -> (margins: [Double], shares: [Double]) {
        var sample: (margins: [Double], shares: [Double]) = ([], [])
        for _ in 0..<count {
            let raw = 2 * random.normal()
            let agree = probability(raw)
            let votes = (0..<5).count { _ in Double.random(in: 0..<1, using: &random) < agree }
            // Every row is turned to its label.
            sample.margins.append(votes > 2 ? raw : -raw)
            sample.shares.append(Double(max(votes, 5 - votes)) / 5)
        }
        return sample
    }

    @Test func plattsSlopeIsThatOfAnAnnotator() throws {
        var random = SeededGenerator(seed: 1)
        let (margins, shares) = voted(4000, using: &random) { sigmoid(0.4 * $0) }
        let byVotes = try #require(PlattCalibration(fitting: margins, shares: shares))
        let byLabels = try #require(PlattCalibration(fitting: margins))
        #expect(abs(byVotes.slope - 0.4) < 0.02, "\(byVotes.slope)")
        // The majority of five is right more often than one of them.
        #expect(byLabels.slope > 0.6, "\(byLabels.slope)")
        let fresh = voted(4000, using: &random) { sigmoid(0.4 * $0) }
        func error(_ calibration: PlattCalibration) throws -> Double {
            try #require(
                CalibrationError(logOdds: fresh.margins.map(calibration.logOdds), shares: fresh.shares)
            ).value
        }
        let errors = try (error(byVotes), error(byLabels))
        print("calibration error against votes: \(errors.0) by votes, \(errors.1) by labels")
        #expect(errors.0 < 0.02 && errors.1 > 0.06)
    }

    @Test func plattsSlopeHasTheLeastCrossEntropy() throws {
        var random = SeededGenerator(seed: 2)
        let (margins, shares) = voted(300, using: &random) { sigmoid($0) }
        let slope = try #require(PlattCalibration(fitting: margins, shares: shares)).slope
        func loss(_ slope: Double) -> Double {
            zip(margins, shares).reduce(0) { sum, row in
                let target = (300 * row.1 + 1) / 302
                return sum + target * softplus(-slope * row.0) + (1 - target) * softplus(slope * row.0)
            }
        }
        for other in [0.5, 0.99, 1.01, 2] { #expect(loss(slope) < loss(slope * other), "\(other)") }
    }

    @Test func isotonicMarginsFollowTheVotes() throws {
        var random = SeededGenerator(seed: 3)
        let (margins, shares) = voted(6000, using: &random) { $0 > 2 ? 0.8 : $0 > 0 ? 0.6 : $0 > -2 ? 0.4 : 0.2 }
        let calibration = try #require(IsotonicCalibration(fitting: margins, shares: shares))
        for (raw, expected) in [(1.0, 0.6), (-1, 0.4), (3, 0.8), (-3, 0.2)] {
            #expect(abs(sigmoid(calibration.logOdds(raw)) - expected) < 0.03, "\(raw)")
        }
    }

    @Test func votesOfOneMindAreLabels() throws {
        var random = SeededGenerator(seed: 4)
        let margins = (0..<1500).map { _ in random.normal() + 0.3 }
        let shares = margins.map { _ in 1.0 }
        #expect(PlattCalibration(fitting: margins, shares: shares) == PlattCalibration(fitting: margins))
        #expect(IsotonicCalibration(fitting: margins, shares: shares) == IsotonicCalibration(fitting: margins))
        #expect(CalibrationError(logOdds: margins, shares: shares) == CalibrationError(logOdds: margins))
        let groups = Array(0..<1500)
        let folds = try #require(Folds(groups: groups, count: 5, seed: 1))
        #expect(
            CalibrationChoice(margins, shares: shares, groups: groups, folds: folds, method: nil)
                == CalibrationChoice(margins, groups: groups, folds: folds, method: nil))
    }

    /// Turning a row round, with its votes, changes nothing.
    @Test func whichResponseStandsFirstSaysNothing() throws {
        var random = SeededGenerator(seed: 5)
        let (margins, shares) = voted(1200, using: &random) { sigmoid(0.7 * $0) }
        let turned = (margins.map { -$0 }, shares.map { 1 - $0 })
        let (one, other) = try (
            #require(PlattCalibration(fitting: margins, shares: shares)),
            #require(PlattCalibration(fitting: turned.0, shares: turned.1))
        )
        #expect(abs(one.slope - other.slope) < 1e-9)
        let errors = try (
            #require(CalibrationError(logOdds: margins, shares: shares)),
            #require(CalibrationError(logOdds: turned.0, shares: turned.1))
        )
        #expect(abs(errors.0.value - errors.1.value) < 1e-9)
    }

    @Test func theChoiceIsByTheVotesOutOfFold() throws {
        var random = SeededGenerator(seed: 6)
        let groups = Array(0..<6000)
        let folds = try #require(Folds(groups: groups, count: 5, seed: 1))
        let steps = voted(6000, using: &random) { $0 > 2 ? 0.6 : $0 > 0 ? 0.6 : 0.4 }
        let choice = try #require(
            CalibrationChoice(steps.margins, shares: steps.shares, groups: groups, folds: folds, method: nil))
        #expect(choice.method == .isotonic && choice.gain?.isMeasurable == true)
        let straight = voted(6000, using: &random) { sigmoid(0.4 * $0) }
        #expect(
            CalibrationChoice(straight.margins, shares: straight.shares, groups: groups, folds: folds, method: nil)?
                .method == .platt)
    }
}
