import Foundation
import SeededRandom
import Testing

@testable import Margins

@Suite struct CalibrationChoiceTests {
    /// Margins that are right as often as `share` says of their size, three rows to a group.
    private func sample(
        _ count: Int, seed: UInt64, share: (_ size: Double) -> Double
    ) throws -> (margins: [Double], groups: [Int], folds: Folds) {
        var random = SeededGenerator(seed: seed)
        let margins = (0..<count).map { _ in
            let size = abs(3 * random.normal())
            return Double.random(in: 0..<1, using: &random) < share(size) ? size : -size
        }
        let groups = (0..<count).map { $0 / 3 }
        return (margins, groups, try #require(Folds(groups: groups, count: 5, seed: 1)))
    }

    private func choice(
        _ count: Int, seed: UInt64, _ method: CalibrationChoice.Method? = nil, share: (Double) -> Double
    ) throws -> CalibrationChoice {
        let (margins, groups, folds) = try sample(count, seed: seed, share: share)
        return try #require(CalibrationChoice(margins, groups: groups, folds: folds, method: method))
    }

    private let steps = { (size: Double) in size > 2 ? 0.9 : 0.6 }
    private let line = { (size: Double) in sigmoid(0.5 * size) }

    @Test func whatIsNoStraightLineIsIsotonic() throws {
        let choice = try choice(6000, seed: 1, share: steps)
        let gain = try #require(choice.gain)
        #expect(choice.method == .isotonic && gain.isMeasurable)
        #expect(gain.value > 0.005 && gain.error > 0 && gain.error < gain.value / 1.96)
        #expect(choice.calibrations.count == 5 && choice.calibrations.allSatisfy { $0.margin(1) < $0.margin(5) })
    }

    /// Isotonic regression gains nothing there, and what it seems to gain is luck.
    @Test func whatIsAStraightLineIsPlatts() throws {
        let choices = try (1...30).map { try choice(1500, seed: $0, share: line) }
        let taken = choices.count { $0.method == .isotonic }
        let mean = choices.reduce(0) { $0 + ($1.gain?.value ?? .nan) / 30 }
        print("isotonic taken of 30 straight lines: \(taken), mean gain \(mean)")
        #expect(taken <= 1 && mean < 0)
    }

    @Test func theSameRowsGiveTheSameChoice() throws {
        #expect(try choice(1500, seed: 3, share: steps) == choice(1500, seed: 3, share: steps))
    }

    /// What is asked for is not measured, and is Platt's where there is too little data for the other.
    @Test func aMethodMayBeAskedFor() throws {
        let isotonic = try choice(1500, seed: 4, .isotonic, share: line)
        #expect(isotonic.method == .isotonic && isotonic.gain == nil)
        let platt = try choice(6000, seed: 4, .platt, share: steps)
        #expect(platt.method == .platt && platt.gain == nil)
        // Of 1200 rows, four folds have 960.
        for method in [nil, CalibrationChoice.Method.isotonic] {
            let few = try choice(1200, seed: 5, method, share: steps)
            #expect(few.method == .platt && few.gain == nil)
        }
    }

    /// The log loss out of fold is that of log-odds by the other folds' calibration.
    @Test func theGainIsTheDifferenceOfLogLosses() throws {
        let (margins, groups, folds) = try sample(2000, seed: 6, share: steps)
        let choice = try #require(CalibrationChoice(margins, groups: groups, folds: folds, method: nil))
        func loss(_ isIsotonicAllowed: Bool) throws -> Double {
            let logOdds = try #require(
                Calibration.crossFitted(margins, folds: folds) {
                    Calibration.fitted($0, isIsotonicAllowed: isIsotonicAllowed)
                })
            return logOdds.reduce(0) { $0 - log(1 / (1 + exp(-$1))) } / 2000
        }
        #expect(abs(try #require(choice.gain).value - (loss(false) - loss(true))) < 1e-12)
    }

    @Test func oneGroupMeasuresNothing() throws {
        let (margins, _, folds) = try sample(3000, seed: 7, share: steps)
        let groups = Array(repeating: 0, count: 3000)
        let choice = try #require(CalibrationChoice(margins, groups: groups, folds: folds, method: nil))
        #expect(choice.method == .platt && choice.gain?.error == .infinity)
        #expect(CalibrationChoice([.nan] + margins.dropFirst(), groups: groups, folds: folds, method: nil) == nil)
    }
}
