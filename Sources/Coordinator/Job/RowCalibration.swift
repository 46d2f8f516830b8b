internal import Dataset
internal import Diagnostics
internal import JobConfiguration
internal import JobStore
internal import Margins
internal import Protocol
internal import Reports

/// What raw margins are worth by the rows' labels: from the difference of two scores to the margin that a row gets.
///
/// Each row's margin is by a calibration that was fitted on rows of other prompts.
struct RowCalibration: Sendable {
    let unit: JobConfiguration.Configuration.Margin.Unit
    private let asked: JobConfiguration.Configuration.Margin.CalibrationMethod

    /// In the order of the rows, and a calibration for each; nil where nothing is calibrated.
    private let folds: (rows: Folds, choice: CalibrationChoice)?

    /// What a raw margin is divided by where it is given in standard deviations.
    private let standard: StandardUnit?

    /// Of the log-odds, each by a calibration on other rows; nil where nothing is calibrated.
    let error: CalibrationError?

    /// Fewer rows, or prompts, say too little of how often margins are right.
    static let rowsMin = 50
    static let promptsMin = 10

    private static let foldsCount = 5
    private static let seed: UInt64 = 13

    /// - Parameters:
    ///   - margins: raw, in the order of the rows.
    ///   - prompts: the number of each row's prompt.
    init(_ margins: [Double], prompts: [Int], _ configuration: JobConfiguration.Configuration.Margin) {
        (unit, asked) = (configuration.unit, configuration.calibration)
        var statistics = MarginStatistics()
        for margin in margins { statistics.add(margin) }
        standard = StandardUnit(statistics)
        let isEnough = margins.count >= Self.rowsMin && Set(prompts).count >= Self.promptsMin
        let folds = isEnough ? Folds(groups: prompts, count: Self.foldsCount, seed: Self.seed) : nil
        let method: CalibrationChoice.Method? =
            switch configuration.calibration {
            case .automatic: nil
            case .platt: .platt
            case .isotonic: .isotonic
            }
        self.folds = folds.flatMap { folds in
            CalibrationChoice(margins, groups: prompts, folds: folds, method: method).map { (folds, $0) }
        }
        error = self.folds.flatMap { folds, choice in
            CalibrationError(
                logOdds: zip(margins, folds.assignment).map { choice.calibrations[$1].margin($0) })
        }
    }

    /// Whether the rows have a probability.
    var isCalibrated: Bool { folds != nil }

    /// Whether the margins are log-odds.
    var isLogOdds: Bool { unit == .logOdds && isCalibrated }

    /// nil where nothing is calibrated.
    var method: CalibrationChoice.Method? { folds?.choice.method }

    /// How probabilities follow from raw margins, and why so, for a person; nil where nothing is calibrated.
    var methodText: String? {
        guard let choice = folds?.choice else { return nil }
        if let gain = choice.gain {
            let figures =
                """
                log loss \(gain.value.rounded(toPlaces: 4)) ± \((1.96 * gain.error).rounded(toPlaces: 4)) lower out of fold
                """
            return choice.method == .isotonic
                ? "isotonic (\(figures) than Platt's)"
                : "Platt's (isotonic is not better beyond chance: \(figures))"
        }
        return switch (choice.method, asked) {
        case (.isotonic, _): "isotonic, as configured"
        case (.platt, .platt): "Platt's, as configured"
        case (.platt, _):
            "Platt's (too few rows for isotonic: each fold needs \(IsotonicCalibration.rowsMin) of the others)"
        }
    }

    /// What margins are given in, for a person.
    var unitText: String {
        switch unit {
        case .logOdds where isCalibrated: "log-odds that the chosen response is the safer one, as the labels say"
        case .logOdds:
            """
            multiples of all margins' root mean square: fewer than \(Self.rowsMin) rows of \(Self.promptsMin) prompts say \
            too little of how often margins are right
            """
        case .raw: "as measured"
        case .standard: "multiples of all margins' root mean square"
        }
    }

    /// Of all rows, in the unit.
    ///
    /// - Parameter raw: in the order of the rows.
    func margins(of raw: [Double]) -> [Double] { raw.indices.map { form(of: $0)?.margin(raw[$0]) ?? raw[$0] } }

    /// - Parameters:
    ///   - index: the row's place in the order of the rows.
    ///   - scores: the row's.
    /// - Throws: `NonFiniteValue`.
    func annotation(_ index: Int, _ scores: RowScores) throws -> Annotation {
        let raw = scores.margin
        let form = form(of: index)
        return try Annotation(
            // Of a slope of 0, 0 and not -0.
            margin: form.map { $0.margin(raw) + 0 } ?? raw, scoreChosen: scores.chosen, scoreRejected: scores.rejected,
            calibrated: .init(
                raw: raw, standardError: scores.error.map { form?.standardError($0, at: raw) ?? $0 },
                probability: calibration(of: index)?.probability(raw)))
    }

    /// What makes a row's margin of its raw one; nil where that is the margin: in the raw unit, and of rows without any.
    private func form(of index: Int) -> Calibration? {
        switch unit {
        case .logOdds: calibration(of: index) ?? standard.map { .standard($0) }
        case .standard: standard.map { .standard($0) }
        case .raw: nil
        }
    }

    private func calibration(of index: Int) -> Calibration? {
        folds.map { $0.choice.calibrations[$0.rows.assignment[index]] }
    }
}

/// What the results say of a preference row.
struct RowScores: Hashable, Sendable {
    let chosen: Double
    let rejected: Double

    /// The standard error of their difference; nil of all rows where the direction's is not known.
    let error: Double?

    var margin: Double { chosen - rejected }

    /// - Parameters:
    ///   - values: `[texts, scores]`: of each text one score; or what the scorer gives it: its score and, where that has
    ///     errors, the standard error, or its score along the direction of all rows and those along the categories'.
    ///   - categories: how many directions of categories the scorer has.
    ///   - category: the row's, of these; nil: the row is along the direction of all.
    /// - Throws: `Problem` for values that are not of two texts.
    init(_ values: Tensor, row: UInt64, categories: Int = 0, category: Int? = nil) throws {
        let values = try values.doubles()
        switch values.count {
        case 2: (chosen, rejected, error) = (values[0], values[1], nil)
        case 4 where categories == 0: (chosen, rejected, error) = (values[0], values[2], values[3])
        case 2 * (1 + categories):
            let place = category.map { 1 + $0 } ?? 0
            (chosen, rejected, error) = (values[place], values[1 + categories + place], nil)
        default: throw Problem("row \(row) has \(values.count) scores; expected one of each of 2 responses")
        }
    }
}
