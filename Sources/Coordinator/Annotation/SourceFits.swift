internal import Diagnostics
internal import JobConfiguration
internal import Margins

/// The direction of one source at one place, and what it says of the surveyed rows.
struct SourceFit: Sendable {
    let estimator: Estimator
    let whole: FittedDirection

    /// Without each fold of the surveyed rows, where these are the pairs.
    let ofFolds: [FittedDirection]?

    /// Of the surveyed rows: where they are the pairs, each along the direction that never saw its fold.
    let margins: [Double]

    /// Of the rows' own labels.
    ///
    /// - Throws: `Problem` where a fold gives no direction, `DirectionError` for numbers that are not finite.
    init(own rows: PairDifferences, _ folds: Folds, by estimator: Estimator, partsMax: Int) throws {
        self.estimator = estimator
        let fits: [FittedDirection]
        do {
            whole = try FittedDirection(rows, by: estimator, partsMax: partsMax)
            fits = try rows.fits(without: folds) { try FittedDirection($0, by: estimator, partsMax: partsMax) }
        } catch DirectionError.zero {
            throw Problem(
                "the rows' own labels give no direction: chosen and rejected responses have the same mean embedding",
                isOfConfiguration: true)
        }
        let units = fits.map(\.direction.unit)
        margins = folds.assignment.indices.map { projection(of: rows[$0], on: units[folds.assignment[$0]]) }
        ofFolds = fits
    }

    /// Of a file's anchors.
    ///
    /// - Throws: `DirectionError` where they give no direction.
    init(anchors: PairDifferences, rows: PairDifferences, by estimator: Estimator, partsMax: Int) throws {
        self.estimator = estimator
        whole = try FittedDirection(anchors, by: estimator, partsMax: partsMax)
        let unit = whole.direction.unit
        margins = (0..<rows.count).map { projection(of: rows[$0], on: unit) }
        ofFolds = nil
    }

    /// The standard deviation of held-out margins outside of each fold, `[folds]`, in which nothing of the fold has a part.
    ///
    /// - Parameter rows: the surveyed ones.
    /// - Precondition: there are more than two folds.
    /// - Throws: `DirectionError` where two folds' absence leaves no direction.
    func deviations(outsideEachOf folds: Folds, _ rows: PairDifferences) throws -> [Double] {
        guard ofFolds != nil else {
            return (0..<folds.count).map { fold in standardDeviation(folds.rows(outside: fold).map { margins[$0] }) }
        }
        return try rows.crossFittedMargins(outsideEachOf: folds) { try estimator.fit($0) }.map(standardDeviation)
    }
}

/// The directions of a job's sources at one place, each fitted apart, and the one that is made of them: their average, or
/// that of a single source.
struct SourceFits: Sendable {
    /// In the order of the sources.
    let members: [SourceFit]

    /// All together, cell 0, or one alone, the cells behind it; nil with one source.
    let choice: PlaceChoice?

    /// The members that the direction is of.
    let used: Range<Int>

    /// How the direction was fitted, as the configuration has it.
    let estimator: String

    /// The job's direction.
    let whole: FittedDirection

    /// Without each fold of the surveyed rows, where they are among what it is of.
    let ofFolds: [FittedDirection]?

    /// Of the surveyed rows, each along a direction that never saw its prompt.
    let margins: [Double]

    /// - Parameters:
    ///   - sources: pairs of each source at the place; nil: the surveyed rows.
    ///   - rows: the surveyed ones at the place, with their prompts.
    ///   - seed: of the random halves by which the luck of the best is known.
    ///   - combination: what was chosen at another place; nil: it is chosen here.
    /// - Precondition: for several sources there are more than two folds.
    /// - Throws: `DirectionError` where a source gives no direction, or they cancel out.
    init(
        _ sources: [PairDifferences?], rows: PairDifferences, folds: Folds,
        by estimator: JobConfiguration.Configuration.Direction.EstimatorChoice, seed: UInt64,
        combination: PlaceChoice? = nil
    ) throws {
        let partsMax = FittedDirection.partsMax / sources.count
        let members = try sources.map { anchors in
            let chosen = Estimator(estimator, ownLabels: anchors == nil, isMember: sources.count > 1)
            return try anchors.map {
                try SourceFit(anchors: $0, rows: rows, by: chosen, partsMax: partsMax)
            } ?? SourceFit(own: rows, folds, by: chosen, partsMax: partsMax)
        }
        self.members = members
        guard members.count > 1 else {
            (choice, used, self.estimator) = (nil, 0..<1, members[0].estimator.name)
            (whole, ofFolds, margins) = (members[0].whole, members[0].ofFolds, members[0].margins)
            return
        }
        let together = try FittedDirection(
            combining: members.map(\.whole), deviations: members.map { standardDeviation($0.margins) })
        let foldsTogether =
            try members.contains { $0.ofFolds != nil } ? Self.ofFolds(members, folds, rows) : nil
        let units = foldsTogether.map { $0.map(\.direction.unit) }
        let wholeUnit = together.direction.unit
        let marginsTogether = (0..<rows.count).map { row in
            projection(of: rows[row], on: units?[folds.assignment[row]] ?? wholeUnit)
        }
        let choice =
            combination
            ?? PlaceChoice(
                [marginsTogether] + members.map(\.margins), groups: rows.groups, defaultCell: 0, seed: seed)
        self.choice = choice
        guard estimator != .ensemble, !choice.isDefault else {
            typealias Choice = JobConfiguration.Configuration.Direction.EstimatorChoice
            (used, self.estimator) = (members.indices, Choice.ensemble.rawValue)
            (whole, ofFolds, margins) = (together, foldsTogether, marginsTogether)
            return
        }
        let single = members[choice.cell - 1]
        (used, self.estimator) = (choice.cell - 1..<choice.cell, single.estimator.name)
        (whole, ofFolds, margins) = (single.whole, single.ofFolds, single.margins)
    }

    /// The members that never saw a fold, as one, of each fold.
    private static func ofFolds(
        _ members: [SourceFit], _ folds: Folds, _ rows: PairDifferences
    ) throws -> [FittedDirection] {
        let deviations = try members.map { try $0.deviations(outsideEachOf: folds, rows) }
        return try (0..<folds.count).map { fold in
            try FittedDirection(
                combining: members.map { $0.ofFolds?[fold] ?? $0.whole }, deviations: deviations.map { $0[fold] })
        }
    }
}

extension Folds {
    /// The rows of all other folds, ascending.
    fileprivate func rows(outside fold: Int) -> [Int] { assignment.indices.filter { assignment[$0] != fold } }
}
