import Foundation
import SeededRandom
import Testing

@testable import Margins

@Suite struct CalibrationTests {
    /// Raw margins, each turned to its label, whose log-odds of being right are `slope` times themselves.
    private func margins(_ count: Int, slope: Double, using random: inout SeededGenerator) -> [Double] {
        (0..<count).map { _ in
            let raw = 3 * random.normal()
            return Double.random(in: 0..<1, using: &random) < sigmoid(slope * raw) ? raw : -raw
        }
    }

    @Test func aHundredRowsAreEnoughForPlatts() throws {
        var random = SeededGenerator(seed: 1)
        var (mean, worst) = (0.0, 0.0)
        for _ in 0..<50 {
            let calibration = try #require(PlattCalibration(fitting: margins(100, slope: 0.5, using: &random)))
            let fresh = margins(4000, slope: 0.5, using: &random).map(calibration.logOdds)
            let error = try #require(CalibrationError(logOdds: fresh)).value
            mean += error / 50
            worst = max(worst, error)
        }
        print("calibration error on fresh rows after 100: mean \(mean), largest \(worst)")
        #expect(mean < 0.05 && worst < 0.12)
    }

    @Test func isotonicMarginsFollowWhatIsNoStraightLine() throws {
        var random = SeededGenerator(seed: 2)
        /// Right in 0.6 of the small margins and in 0.9 of those above 2.
        let draw = { (random: inout SeededGenerator) -> [Double] in
            (0..<6000).map { _ in
                let size = abs(3 * random.normal())
                return Double.random(in: 0..<1, using: &random) < (size > 2 ? 0.9 : 0.6) ? size : -size
            }
        }
        let isotonic = try #require(Calibration.fitted(draw(&random), isIsotonicAllowed: true))
        let platt = try #require(Calibration.fitted(draw(&random), isIsotonicAllowed: false))
        let fresh = draw(&random)
        let errors = try [isotonic, platt].map { calibration in
            try #require(CalibrationError(logOdds: fresh.map(calibration.margin))).value
        }
        print("calibration error of steps: isotonic \(errors[0]), Platt \(errors[1])")
        #expect(errors[0] < 0.03 && errors[1] > 0.05)
        #expect(abs(try #require(isotonic.probability(1)) - 0.6) < 0.06)
        #expect(abs(try #require(isotonic.probability(-6)) - 0.1) < 0.06)
        guard case .platt? = Calibration.fitted(Array(fresh.prefix(999)), isIsotonicAllowed: true) else {
            Issue.record("fewer rows than isotonic regression needs")
            return
        }
    }

    /// Swapped anchors are not turned, and all-right ones are no certainty.
    @Test func theSlopeIsNeitherNegativeNorInfinite() throws {
        var random = SeededGenerator(seed: 3)
        let swapped = margins(500, slope: 2, using: &random).map { -$0 }
        #expect(PlattCalibration(fitting: swapped)?.slope == 0)
        let isotonic = try #require(IsotonicCalibration(fitting: swapped, rowsMin: 1))
        #expect([-9, -1, 0, 0.5, 20].allSatisfy { isotonic.logOdds($0) == 0 })
        for count in [1, 10, 1000] {
            let right = (1...count).map { Double($0) / Double(count) }
            let slope = try #require(PlattCalibration(fitting: right)).slope
            #expect(slope > 0 && slope.isFinite)
            let logOdds = try #require(IsotonicCalibration(fitting: right, rowsMin: 1)).logOdds(1e9)
            #expect(abs(logOdds - log(Double(count + 1))) < 1e-9)
        }
        #expect(PlattCalibration(fitting: [0, 0])?.slope == 0)
        for bad in [[], [1, .nan], [.infinity]] as [[Double]] {
            #expect(PlattCalibration(fitting: bad) == nil && IsotonicCalibration(fitting: bad, rowsMin: 1) == nil)
        }
    }

    private static let forms: [Calibration] = {
        var random = SeededGenerator(seed: 4)
        let margins = CalibrationTests().margins(300, slope: 0.4, using: &random)
        return [
            .platt(PlattCalibration(fitting: margins)!), .isotonic(IsotonicCalibration(fitting: margins, rowsMin: 1)!),
            .standard(StandardUnit(deviation: 2)!),
        ]
    }()

    @Test(arguments: forms)
    func everyFormIsAscendingAndTakesOppositesToOpposites(_ calibration: Calibration) {
        let raw = stride(from: -12.0, through: 12, by: 0.05).map { $0 }
        let margins = raw.map(calibration.margin)
        #expect(zip(margins, margins.dropFirst()).allSatisfy { $0 <= $1 } && margins.last! > margins[0])
        #expect(raw.allSatisfy { abs(calibration.margin(-$0) + calibration.margin($0)) < 1e-12 })
        #expect(margins.allSatisfy(\.isFinite) && calibration.margin(0) == 0)
        #expect(raw.allSatisfy { calibration.standardError(0.5, at: $0) >= 0 })
        if let probability = calibration.probability(1.5) {
            #expect(abs(log(probability / (1 - probability)) - calibration.margin(1.5)) < 1e-9)
        }
    }

    @Test(arguments: forms)
    func everyFormIsTheSameWhenItIsReadAgain(_ calibration: Calibration) throws {
        let written = try JSONEncoder().encode(calibration)
        #expect(try JSONDecoder().decode(Calibration.self, from: written) == calibration)
    }

    @Test func whatCannotBeACalibrationIsNotRead() {
        func isRead<Value: Decodable>(_ type: Value.Type, _ json: String) -> Bool {
            (try? JSONDecoder().decode(type, from: Data(json.utf8))) != nil
        }
        #expect(isRead(PlattCalibration.self, #"{"slope":0}"#) && !isRead(PlattCalibration.self, #"{"slope":-1}"#))
        #expect(isRead(StandardUnit.self, #"{"deviation":2}"#) && !isRead(StandardUnit.self, #"{"deviation":0}"#))
        #expect(isRead(MarginBins.self, #"{"edges":[1,2]}"#) && !isRead(MarginBins.self, #"{"edges":[2,1]}"#))
        #expect(isRead(IsotonicCalibration.self, #"{"sizes":[0,1],"shares":[0.5,0.75]}"#))
        for (sizes, shares) in [("[]", "[]"), ("[0]", "[0.5,0.6]"), ("[0,0]", "[0.5,0.6]"), ("[0,1]", "[0.5,1]")] {
            #expect(!isRead(IsotonicCalibration.self, #"{"sizes":\#(sizes),"shares":\#(shares)}"#))
        }
    }

    @Test func theStandardUnitIsTheRootMeanSquare() throws {
        var statistics = MarginStatistics()
        #expect(StandardUnit(statistics) == nil)
        for margin in [3, -4, 5, 0] as [Double] { statistics.add(margin) }
        #expect(abs(try #require(StandardUnit(statistics)).deviation - 12.5.squareRoot()) < 1e-12)
        var zeros = MarginStatistics()
        zeros.add(0)
        #expect(StandardUnit(zeros)?.deviation == 1)
        zeros.add(.infinity)
        #expect(StandardUnit(zeros) == nil)
        #expect(Calibration.standard(StandardUnit(deviation: 2)!).probability(1) == nil)
    }

    @Test func rowsAreCalibratedByTheOtherFolds() throws {
        let margins = [1, 2, 3, 4, 5, 6] as [Double]
        let folds = try #require(Folds(groups: [0, 0, 1, 1, 2, 2], count: 3, seed: 1))
        var seen: [[Double]] = []
        let found = try #require(
            Calibration.crossFitted(margins, folds: folds) { others in
                seen.append(others)
                return .standard(StandardUnit(deviation: Double(seen.count))!)
            })
        for (row, margin) in margins.enumerated() {
            #expect(found[row] == margin / Double(folds.assignment[row] + 1))
            #expect(!seen[folds.assignment[row]].contains(margin) && seen[folds.assignment[row]].count == 4)
        }
        #expect(Calibration.crossFitted(margins, folds: folds) { _ in nil } == nil)
    }

    @Test func theCurveHasEveryRowOnce() throws {
        let error = try #require(CalibrationError(logOdds: [0, 0, 10, -10, 1.5, 1.5, 1.5, -1.5], binCount: 4))
        #expect(error.bins.map(\.rows) == [2, 4, 2] && error.bins.map(\.accuracy) == [0.5, 0.75, 0.5])
        let expected = (4 * abs(sigmoid(1.5) - 0.75) + 2 * (sigmoid(10) - 0.5)) / 8
        #expect(abs(error.value - expected) < 1e-12)
        #expect(CalibrationError(logOdds: []) == nil)
    }
}
