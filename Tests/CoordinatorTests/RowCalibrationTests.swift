import Dataset
import Diagnostics
import JobConfiguration
import Margins
import Protocol
import SeededRandom
import Testing

@testable import Coordinator

/// From the difference of two scores to the margin that a row gets.
@Suite struct RowCalibrationTests {
    typealias Margin = JobConfiguration.Configuration.Margin

    /// Margins whose sign is the label's with the log-odds `slope · margin`.
    private func margins(rows: Int, slope: Double, seed: UInt64) -> [Double] {
        var random = SeededGenerator(seed: seed)
        return (0..<rows).map { _ in
            let size = Double.random(in: 0..<4, using: &random)
            let probability = 1 / (1 + exp(-slope * size))
            return Double.random(in: 0..<1, using: &random) < probability ? size : -size
        }
    }

    private func exp(_ value: Double) -> Double {
        // In halves, as the series of the exponential converges.
        abs(value) > 0.5
            ? exp(value / 2) * exp(value / 2) : (1...20).reversed().reduce(1) { 1 + value * $0 / Double($1) }
    }

    private func scores(_ margin: Double, error: Double = 0.25) throws -> RowScores {
        try RowScores(Tensor([margin + 1, 9, 1, error], shape: [4]), row: 0)
    }

    @Test func marginsAreLogOddsThatComeTrue() throws {
        let raw = margins(rows: 4000, slope: 0.5, seed: 1)
        let calibration = RowCalibration(raw, prompts: Array(0..<4000), .init(unit: .logOdds, negative: .keep))
        #expect(calibration.isCalibrated)
        #expect((calibration.error?.value ?? 1) < 0.03, "\(calibration.error?.value ?? .nan)")
        let annotation = try calibration.annotation(0, scores(2))
        #expect(abs(annotation.margin - 1) < 0.1, "\(annotation.margin)")
        let calibrated = try #require(annotation.calibrated)
        #expect(calibrated.raw == 2 && annotation.scoreChosen == 3 && annotation.scoreRejected == 1)
        #expect(abs((calibrated.standardError ?? 0) - 0.125) < 0.02)
        #expect(abs((calibrated.probability ?? 0) - 0.731) < 0.03)
    }

    /// Rows of a prompt are in one fold, and the calibration of a row's fold has not seen it.
    @Test func noRowsCalibrationSawItsPrompt() throws {
        var raw = margins(rows: 200, slope: 0.5, seed: 2)
        let prompts = (0..<200).map { $0 / 4 }
        let unit = Margin(unit: .logOdds, negative: .keep)
        let before = try RowCalibration(raw, prompts: prompts, unit).annotation(8, scores(1))
        for row in 8..<12 { raw[row] = -raw[row] * 10 }
        let after = RowCalibration(raw, prompts: prompts, unit)
        #expect(try after.annotation(8, scores(1)).margin == before.margin)
        #expect(try after.annotation(11, scores(1)).margin == before.margin)
    }

    @Test func whereNothingCarriesOverMarginsAreNearZeroAndNeverTurned() throws {
        let raw = margins(rows: 1000, slope: 0.8, seed: 3).map { -$0 }
        let calibration = RowCalibration(raw, prompts: Array(0..<1000), .init(unit: .logOdds, negative: .keep))
        let annotation = try calibration.annotation(1, scores(3))
        #expect(annotation.margin == 0 && annotation.calibrated?.probability == 0.5)
    }

    @Test(arguments: [(49, 49), (200, 9)]) func aFewRowsOrPromptsAreStandardisedAndHaveNoProbability(
        _ rows: Int, _ prompts: Int
    ) throws {
        let raw = margins(rows: rows, slope: 1, seed: 4)
        let calibration = RowCalibration(
            raw, prompts: (0..<rows).map { $0 % prompts }, .init(unit: .logOdds, negative: .keep))
        #expect(!calibration.isCalibrated && calibration.error == nil)
        let size = (raw.reduce(0) { $0 + $1 * $1 } / Double(rows)).squareRoot()
        let annotation = try calibration.annotation(0, scores(2))
        #expect(abs(annotation.margin - 2 / size) < 1e-12 && annotation.calibrated?.probability == nil)
        #expect(
            calibration.unitText.hasPrefix(
                "multiples of all margins' root mean square: fewer than 50 rows of 10 prompts"))
    }

    @Test func otherUnitsAreAsTheyAreAskedFor() throws {
        let raw = margins(rows: 400, slope: 0.5, seed: 5)
        func annotation(_ unit: Margin.Unit, _ margin: Double) throws -> Annotation {
            try RowCalibration(raw, prompts: Array(0..<400), .init(unit: unit)).annotation(0, scores(margin))
        }
        #expect(try annotation(.raw, -2).margin == -2)
        #expect(try annotation(.raw, -2).calibrated?.standardError == 0.25)
        let standard = try annotation(.standard, -2)
        let size = (raw.reduce(0) { $0 + $1 * $1 } / 400).squareRoot()
        #expect(abs(standard.margin + 2 / size) < 1e-12 && standard.calibrated?.probability != nil)
    }

    @Test(arguments: Margin.Unit.allCases) func allMarginsAreThoseOfTheRows(_ unit: Margin.Unit) throws {
        let raw = margins(rows: 300, slope: 0.5, seed: 6)
        let calibration = RowCalibration(raw, prompts: (0..<300).map { $0 / 2 }, .init(unit: unit))
        let each = try raw.indices.map { try calibration.annotation($0, scores(raw[$0])) }
        // The scores' difference has their rounding.
        #expect(zip(calibration.margins(of: raw), each).allSatisfy { abs($0 - $1.margin) < 1e-12 })
        #expect(calibration.isLogOdds == (unit == .logOdds))
    }

    @Test func theMethodIsChosenAndSaid() throws {
        func calibration(_ method: Margin.CalibrationMethod, rows: Int, isStraight: Bool) -> RowCalibration {
            var random = SeededGenerator(seed: 7)
            let raw = (0..<rows).map { _ in
                let size = Double.random(in: 0..<4, using: &random)
                let share = isStraight ? 1 / (1 + exp(-0.5 * size)) : size > 2 ? 0.9 : 0.6
                return Double.random(in: 0..<1, using: &random) < share ? size : -size
            }
            return RowCalibration(raw, prompts: Array(0..<rows), .init(calibration: method))
        }
        let steps = calibration(.automatic, rows: 6000, isStraight: false)
        #expect(steps.method == .isotonic && steps.methodText?.hasPrefix("isotonic (log loss 0.0") == true)
        let line = calibration(.automatic, rows: 2000, isStraight: true)
        #expect(line.method == .platt)
        #expect(line.methodText?.hasPrefix("Platt's (isotonic is not better beyond chance: log loss -0.0") == true)
        let asked = calibration(.isotonic, rows: 2000, isStraight: true)
        #expect(asked.method == .isotonic && asked.methodText == "isotonic, as configured")
        #expect(calibration(.platt, rows: 6000, isStraight: false).methodText == "Platt's, as configured")
        for method in [Margin.CalibrationMethod.isotonic, .automatic] {
            #expect(
                calibration(method, rows: 200, isStraight: false).methodText
                    == "Platt's (too few rows for isotonic: each fold needs 1000 of the others)")
        }
        let few = calibration(.automatic, rows: 20, isStraight: true)
        #expect(few.method == nil && few.methodText == nil && !few.isLogOdds)
    }

    @Test func rowsThatAreAllAlikeHaveFiniteNumbers() throws {
        for margin in [0.0, 3] {
            for unit in Margin.Unit.allCases {
                let calibration = RowCalibration(
                    Array(repeating: margin, count: 100), prompts: Array(0..<100), .init(unit: unit, negative: .keep))
                let annotation = try calibration.annotation(0, scores(margin))
                #expect(annotation.members.count == 6 && annotation.isFinite)
            }
        }
    }

    /// Margins of one size that are right more often in one category than in another are worth more there.
    @Test func categoriesAreCalibratedApart() throws {
        let count = 600
        var random = SeededGenerator(seed: 4)
        let categories = (0..<count).map { row -> Int? in row % 3 == 2 ? nil : row % 3 }
        let margins = categories.map { category -> Double in
            let share = category == 0 ? 0.95 : category == 1 ? 0.6 : 0.75
            return Double.random(in: 0.5...1.5, using: &random)
                * (Double.random(in: 0...1, using: &random) < share ? 1 : -1)
        }
        func probabilities(_ categories: [Int?]?) throws -> [Double] {
            let calibration = RowCalibration(margins, prompts: Array(0..<count), categories: categories, .init())
            return try margins.indices.map { index in
                let scores = try RowScores(Tensor([margins[index], 0], shape: [2]), row: UInt64(index))
                return try #require(try calibration.annotation(index, scores).calibrated?.probability)
            }
        }
        func mean(_ probabilities: [Double], _ category: Int?) -> Double {
            let rows = margins.indices.filter { categories[$0] == category && margins[$0] > 0 }
            return rows.reduce(0) { $0 + probabilities[$1] } / Double(rows.count)
        }
        let apart = try probabilities(categories)
        #expect(mean(apart, 0) > 0.9 && mean(apart, 1) < 0.7 && abs(mean(apart, nil) - 0.75) < 0.08)
        let together = try probabilities(nil)
        #expect(abs(mean(together, 0) - mean(together, 1)) < 0.03)
        // Too few of a category are as all are.
        let rare = try probabilities(categories.indices.map { $0 < 20 ? 5 : nil })
        #expect(rare.allSatisfy { $0 > 0 && $0 < 1 })
    }

    /// Rows whose prompts the direction saw are right too often.
    @Test func flatteredRowsTeachNothing() throws {
        let count = 400
        let isFlattered = (0..<count).map { $0 % 2 == 0 }
        let margins = (0..<count).map { row in isFlattered[row] || row % 20 < 13 ? 1.0 : -1 }
        func probability(_ flags: [Bool]?) throws -> Double {
            let calibration = RowCalibration(margins, prompts: Array(0..<count), isFlattered: flags, .init())
            let scores = try RowScores(Tensor([1.0, 0], shape: [2]), row: 0)
            return try #require(try calibration.annotation(0, scores).calibrated?.probability)
        }
        #expect(abs(try probability(isFlattered) - 0.65) < 0.07)
        #expect(try probability(nil) > 0.78)
    }

    /// Rows that teach nothing have prompts, too, and their calibration has not seen other rows of them.
    @Test func aFlatteredRowsCalibrationDidNotSeeItsPrompt() throws {
        var raw = margins(rows: 400, slope: 0.5, seed: 6)
        // The last row of each prompt is flattered.
        let prompts = (0..<400).map { $0 / 4 }
        let flags = (0..<400).map { $0 % 4 == 3 }
        func calibrated() throws -> [Double] {
            let calibration = RowCalibration(raw, prompts: prompts, isFlattered: flags, .init())
            return try (0..<400).map { try calibration.annotation($0, scores(1)).margin }
        }
        for row in stride(from: 3, to: 400, by: 40) {
            let before = try calibrated()
            for other in row - 3..<row { raw[other] = -10 * raw[other] }
            let after = try calibrated()
            #expect(after[row] == before[row])
            #expect((0..<400).contains { flags[$0] && after[$0] != before[$0] }, "those of other folds saw it")
        }
    }

    @Test func scoresAreOfTwoResponsesWithTheirErrorsOrWithout() throws {
        let plain = try RowScores(Tensor([3.0, 1], shape: [2]), row: 7)
        #expect(plain.margin == 2 && plain.error == nil)
        let withErrors = try RowScores(Tensor([3.0, 0.5, 1, 0.25], shape: [4]), row: 7)
        #expect(withErrors.margin == 2 && withErrors.error == 0.25)
        // Along the direction of all, and along two categories'.
        func directions(_ count: Int) throws -> CategoryDirections {
            CategoryDirections(
                column: "c", names: (0..<count).map { "\($0)" },
                directions: try (0..<count).map { _ in try Direction(difference: [1, 0]) },
                units: (0..<count).map { .init(scale: Double($0 + 2), offset: 7) })
        }
        let values = Tensor([3.0, 5, 8, 1, 2, 10], shape: [6])
        let scores = try [nil, 0, 1].map { try RowScores(values, row: 7, directions(2), category: $0) }
        #expect(scores.map(\.margin) == [2, 6, -6] && scores.map(\.chosen) == [3, 17, 31])
        let one = try RowScores(Tensor([3.0, 0.5, 1, 0.25], shape: [4]), row: 7, directions(1), category: 0)
        #expect(one.margin == 0.5 && one.error == nil, "no errors, where there are categories")
        #expect(try RowScores(Tensor([3.0, 1], shape: [2]), row: 7, directions(2), category: 1).margin == 2)
        let error = #expect(throws: Problem.self) { try RowScores(Tensor([3.0], shape: [1]), row: 7) }
        #expect(error?.description == "row 7 has 1 scores; expected one of each of 2 responses")
    }
}

extension Annotation {
    /// Whether all of its numbers are.
    var isFinite: Bool {
        members.allSatisfy { if case .number(let value) = $0.value { value.isFinite } else { true } }
    }
}
