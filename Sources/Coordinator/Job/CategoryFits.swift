internal import Margins

/// Directions of the surveyed rows' own labels for each value of a column, where these order its rows better than the
/// direction of all rows does, beyond chance.
struct CategoryFits {
    struct Fit {
        var name: String

        /// Its surveyed rows, by their places among all of them.
        var rows: [Int]
        var source: SourceFit
        var folds: Folds
    }

    /// Those that are used.
    private(set) var used: [Fit] = []

    /// Of each value, the most frequent first: also of those with too few rows to say something.
    private(set) var described: [SurveyReport.Category] = []

    /// - Parameters:
    ///   - names: of each surveyed row, nil where it has none.
    ///   - rows: the surveyed rows' differences at the place that is read, with their prompts.
    ///   - pooled: their margins along the direction of all, held out.
    ///   - estimator: of the rows' own labels.
    /// - Throws: `DirectionError` for numbers that are not finite.
    init(
        _ names: [String?], rows: PairDifferences, pooled: [Double], by estimator: Estimator, seed: UInt64
    ) throws {
        var places: [String: [Int]] = [:]
        for (row, name) in names.enumerated() { if let name { places[name, default: []].append(row) } }
        for (name, places) in places.sorted(by: { ($1.value.count, $0.key) < ($0.value.count, $1.key) }) {
            let prompts = places.map { rows.groups[$0] }
            let margins = places.map { pooled[$0] }
            guard let all = ClusteredShare(positive: margins, groups: prompts) else { continue }
            var category = SurveyReport.Category(name: name, pooled: all, own: nil, isUsed: false)
            defer { described.append(category) }
            guard used.count < CategoryDirections.countMax, all.groups >= PlaceChoice.groupsMin,
                let folds = Folds(groups: prompts, count: SurveyFit.folds, seed: seed)
            else { continue }
            // Of rows whose differences cancel out there is no direction.
            guard
                let fit = try? SourceFit(
                    own: rows.select(places), folds, by: estimator, partsMax: FittedDirection.partsMax)
            else { continue }
            category.own = ClusteredShare(positive: fit.margins, groups: prompts)
            let choice = PlaceChoice([margins, fit.margins], groups: prompts, defaultCell: 0, seed: seed)
            guard !choice.isDefault else { continue }
            category.isUsed = true
            used.append(Fit(name: name, rows: places, source: fit, folds: folds))
        }
    }

    /// The outcomes of all surveyed rows, in which those of a category with a direction of its own are along that one, by
    /// folds that never saw their prompts. Where there is such a category, no row's error is known.
    func outcomes(_ pooled: [PlaceStates.Outcome], of states: PlaceStates) -> [PlaceStates.Outcome] {
        guard !used.isEmpty else { return pooled }
        var outcomes = pooled
        for fit in used {
            guard let ofFolds = fit.source.ofFolds else { continue }
            let own = states.of(fit.rows).outcomes(fit.folds, ofFolds: ofFolds, whole: fit.source.whole)
            for (row, outcome) in zip(fit.rows, own) { outcomes[row] = outcome }
        }
        return outcomes.map(\.withoutErrors)
    }

    /// nil where none is used.
    func directions(column: String) -> CategoryDirections? {
        guard !used.isEmpty else { return nil }
        return CategoryDirections(
            column: column, names: used.map(\.name), directions: used.map(\.source.whole.direction))
    }
}
