internal import Dataset
internal import Diagnostics
internal import JobConfiguration
internal import JobStore
internal import Margins
internal import Protocol
internal import Reports

/// What raw margins are worth by the rows' labels, or by annotators' votes: from the difference of two scores to the margin that
/// a row gets.
///
/// Each row's margin is by a calibration that was fitted on rows of other prompts.
struct RowCalibration: Sendable {
    let unit: JobConfiguration.Configuration.Margin.Unit
    private let asked: JobConfiguration.Configuration.Margin.CalibrationMethod

    /// Rows that are calibrated together, and each row's part and fold there; nil where nothing is calibrated.
    private let parts: (all: [CalibratedPart], ofRows: [CalibratedPart.Place])?

    /// What a raw margin is divided by where it is given in standard deviations.
    private let standard: StandardUnit?

    /// Of the log-odds, each by a calibration on other rows; nil where nothing is calibrated.
    let error: CalibrationError?

    /// Whether margins are worth what annotators' votes say, and not the labels.
    let isOfVotes: Bool

    /// Fewer rows, or prompts, say too little of how often margins are right.
    static let rowsMin = 50
    static let promptsMin = 10

    private static let foldsCount = 5
    private static let seed: UInt64 = 13

    /// - Parameters:
    ///   - margins: raw, in the order of the rows.
    ///   - votes: of each row the share of votes for its label, 0 to 1; what margins are worth is not learnt of rows without.
    ///     nil: of labels.
    ///   - prompts: the number of each row's prompt.
    ///   - categories: of rows along a direction of their category: they are calibrated apart where they are enough.
    ///   - isFlattered: of each row, whether the direction saw pairs of its prompt: what margins are worth is not learnt of
    ///     these. nil: of none.
    init(
        _ margins: [Double], votes: [Double?]? = nil, prompts: [Int], categories: [Int?]? = nil,
        isFlattered: [Bool]? = nil, _ configuration: JobConfiguration.Configuration.Margin
    ) {
        (unit, asked, isOfVotes) = (configuration.unit, configuration.calibration, votes != nil)
        var statistics = MarginStatistics()
        for margin in margins { statistics.add(margin) }
        standard = StandardUnit(statistics)
        let method: CalibrationChoice.Method? =
            switch configuration.calibration {
            case .automatic: nil
            case .platt: .platt
            case .isotonic: .isotonic
            }
        let learnt = margins.indices.filter { row in
            isFlattered?[row] != true && votes.map { $0[row] != nil } ?? true
        }
        parts = Self.parts(margins, votes, prompts, categories, learnt: learnt, method)
        error = parts.flatMap { parts in
            CalibrationError(
                logOdds: learnt.map {
                    parts.all[parts.ofRows[$0].part].calibration(parts.ofRows[$0]).margin(margins[$0])
                }, shares: Self.shares(votes, of: learnt))
        }
    }

    /// - Parameter rows: some that have votes.
    private static func shares(_ votes: [Double?]?, of rows: [Int]) -> [Double]? {
        votes.map { votes in rows.compactMap { votes[$0] } }
    }

    private static func parts(
        _ margins: [Double], _ votes: [Double?]?, _ prompts: [Int], _ categories: [Int?]?, learnt: [Int],
        _ method: CalibrationChoice.Method?
    ) -> (all: [CalibratedPart], ofRows: [CalibratedPart.Place])? {
        func part(_ rows: [Int]) -> CalibratedPart? {
            guard rows.count >= rowsMin, Set(rows.map { prompts[$0] }).count >= promptsMin else { return nil }
            return CalibratedPart(
                rows, margins, shares: shares(votes, of: rows), prompts: prompts, foldsCount: foldsCount, seed: seed,
                method: method)
        }
        guard let whole = part(learnt) else { return nil }
        var all = [whole]
        var places = prompts.map { CalibratedPart.Place(part: 0, fold: whole.fold(ofPrompt: $0)) }
        guard let categories else { return (all, places) }
        let named = Set(categories.compactMap(\.self)).sorted()
        // Those with too few rows are as all are.
        for category in [nil] + named.map(Int?.some) where !named.isEmpty {
            guard let part = part(learnt.filter { categories[$0] == category }) else { continue }
            for row in margins.indices where categories[row] == category {
                places[row] = CalibratedPart.Place(part: all.count, fold: part.fold(ofPrompt: prompts[row]))
            }
            all.append(part)
        }
        return (all, places)
    }

    /// Whether the rows have a probability.
    var isCalibrated: Bool { parts != nil }

    /// Whether the margins are log-odds.
    var isLogOdds: Bool { unit == .logOdds && isCalibrated }

    /// Of all rows; nil where nothing is calibrated.
    var method: CalibrationChoice.Method? { parts?.all[0].choice.method }

    /// How probabilities follow from raw margins, and why so, for a person; nil where nothing is calibrated.
    var methodText: String? {
        guard let parts else { return nil }
        let text = methodText(parts.all[0].choice)
        return parts.all.count == 1
            ? text : "\(text); apart: \((parts.all.count - 1).counted("category", plural: "categories"))"
    }

    private func methodText(_ choice: CalibrationChoice) -> String {
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
        case .logOdds where isCalibrated && isOfVotes:
            "log-odds that an annotator finds the chosen response the safer one, as the votes say"
        case .logOdds where isCalibrated: "log-odds that the chosen response is the safer one, as the labels say"
        case .logOdds:
            """
            multiples of all margins' root mean square: fewer than \(Self.rowsMin) rows\(isOfVotes ? " with votes" : "") of \
            \(Self.promptsMin) prompts say too little of how often margins are right
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
        parts.map { $0.all[$0.ofRows[index].part].calibration($0.ofRows[index]) }
    }
}

/// Rows that are calibrated together, by folds.
struct CalibratedPart: Sendable {
    /// Where a row's calibration is.
    struct Place: Sendable {
        var part: Int
        var fold: Int
    }

    let choice: CalibrationChoice

    /// Of each prompt that the part has.
    private let folds: [Int: Int]

    /// - Parameter shares: of `rows`.
    /// - Returns: nil where nothing can be fitted.
    init?(
        _ rows: [Int], _ margins: [Double], shares: [Double]?, prompts: [Int], foldsCount: Int, seed: UInt64,
        method: CalibrationChoice.Method?
    ) {
        let groups = rows.map { prompts[$0] }
        guard let folds = Folds(groups: groups, count: foldsCount, seed: seed),
            let choice = CalibrationChoice(
                rows.map { margins[$0] }, shares: shares, groups: groups, folds: folds, method: method)
        else { return nil }
        self.choice = choice
        self.folds = Dictionary(zip(groups, folds.assignment)) { first, _ in first }
    }

    /// That whose calibration never saw the prompt; of a prompt that the part does not have, any.
    func fold(ofPrompt prompt: Int) -> Int { folds[prompt] ?? 0 }

    func calibration(_ place: Place) -> Calibration { choice.calibrations[place.fold] }
}
