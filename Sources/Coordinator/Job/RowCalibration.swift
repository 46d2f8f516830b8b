internal import Dataset
internal import Diagnostics
internal import JobConfiguration
internal import JobStore
internal import Margins
internal import Protocol

/// What raw margins are worth by the rows' labels: from the difference of two scores to the margin that a row gets.
///
/// Each row's margin is by a calibration that was fitted on rows of other prompts.
struct RowCalibration: Sendable {
    let unit: JobConfiguration.Configuration.Margin.Unit
    private let negative: JobConfiguration.Configuration.Margin.Negative

    /// In the order of the rows; nil where nothing is calibrated.
    private let folds: Folds?

    /// Of each fold, by the rows of the others.
    private let calibrations: [Calibration]

    /// What a raw margin is divided by where it is given in standard deviations.
    private let standard: StandardUnit?

    /// How often the margins have the label's sign; nil without rows.
    let agreement: ClusteredShare?

    /// Among the most certain rows.
    let selective: [SelectiveAccuracy]

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
        (unit, negative) = (configuration.unit, configuration.negative)
        agreement = ClusteredShare(positive: margins, groups: prompts)
        selective = SelectiveAccuracy.measured(margins, groups: prompts)
        var statistics = MarginStatistics()
        for margin in margins { statistics.add(margin) }
        standard = StandardUnit(statistics)
        let isEnough = margins.count >= Self.rowsMin && Set(prompts).count >= Self.promptsMin
        let folds = isEnough ? Folds(groups: prompts, count: Self.foldsCount, seed: Self.seed) : nil
        let fitted = folds.flatMap { folds in
            Calibration.ofFolds(margins, folds: folds) { Calibration.fitted($0, isIsotonicAllowed: false) }
        }
        self.folds = fitted == nil ? nil : folds
        let calibrations = fitted ?? []
        self.calibrations = calibrations
        error = self.folds.flatMap { folds in
            CalibrationError(logOdds: zip(margins, folds.assignment).map { calibrations[$1].margin($0) })
        }
    }

    /// Whether the rows have a probability.
    var isCalibrated: Bool { folds != nil }

    /// What margins are given in, for a person.
    var unitText: String {
        switch unit {
        case .logOdds where isCalibrated: "log-odds that the chosen response is the safer one, as the labels say"
        case .logOdds:
            """
            standard deviations of all margins: fewer than \(Self.rowsMin) rows of \(Self.promptsMin) prompts say too little of \
            how often margins are right
            """
        case .raw: "as measured"
        case .standard: "standard deviations of all margins"
        }
    }

    /// - Parameters:
    ///   - index: the row's place in the order of the rows.
    ///   - scores: the row's.
    /// - Throws: `NonFiniteValue`.
    func annotation(_ index: Int, _ scores: RowScores) throws -> Annotation {
        let raw = scores.margin
        let calibration = folds.map { calibrations[$0.assignment[index]] }
        let chosen: Calibration? =
            switch unit {
            case .logOdds: calibration ?? standard.map { .standard($0) }
            case .standard: standard.map { .standard($0) }
            case .raw: nil
            }
        // Rows that are all alike have no deviation, and are 0 in any unit.
        let isRaw = unit == .raw || chosen == nil
        let margin = isRaw ? raw : chosen?.margin(raw) ?? raw
        let standardError = scores.error.map { isRaw ? $0 : chosen?.standardError($0, at: raw) ?? $0 }
        return try Annotation(
            margin: negative == .clip ? max(margin, 0) : margin, scoreChosen: scores.chosen,
            scoreRejected: scores.rejected,
            calibrated: .init(raw: raw, standardError: standardError, probability: calibration?.probability(raw)))
    }
}

/// What the results say of a preference row.
struct RowScores: Hashable, Sendable {
    let chosen: Double
    let rejected: Double

    /// The standard error of their difference; nil of all rows where the direction's is not known.
    let error: Double?

    var margin: Double { chosen - rejected }

    /// - Parameter values: `[texts, scores]`: the score of each text and, where the scorer has errors, the standard error.
    /// - Throws: `Problem` for values that are not of two texts.
    init(_ values: Tensor, row: UInt64) throws {
        let values = try values.doubles()
        switch values.count {
        case 2: (chosen, rejected, error) = (values[0], values[1], nil)
        case 4: (chosen, rejected, error) = (values[0], values[2], values[3])
        default: throw Problem("row \(row) has \(values.count) scores; expected one of each of 2 responses")
        }
    }
}
