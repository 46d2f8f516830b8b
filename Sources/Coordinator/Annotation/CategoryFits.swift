internal import Diagnostics
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
        fileprivate var unit = CategoryDirections.Unit.identity
    }

    /// Those that are used.
    private(set) var used: [Fit] = []

    /// Of each value that has enough prompts, the most frequent first.
    private(set) var described: [SurveyReport.Category] = []

    /// Of the other values, and how many rows have one of these or none.
    private(set) var others = SurveyReport.OtherCategories()

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
        for (row, name) in names.enumerated() {
            if let name { places[name, default: []].append(row) } else { others.rows += 1 }
        }
        for (name, places) in places.sorted(by: { ($1.value.count, $0.key) < ($0.value.count, $1.key) }) {
            let prompts = places.map { rows.groups[$0] }
            let margins = places.map { pooled[$0] }
            guard let all = ClusteredShare(positive: margins, groups: prompts), all.groups >= PlaceChoice.groupsMin,
                let folds = Folds(groups: prompts, count: SurveyFit.folds, seed: seed)
            else {
                others.values += 1
                others.rows += places.count
                continue
            }
            guard described.count < CategoryDirections.countMax else {
                others.valuesTooMany += 1
                others.rows += places.count
                continue
            }
            var category = SurveyReport.Category(name: name, pooled: all, own: nil, isUsed: false)
            defer { described.append(category) }
            let fit: SourceFit
            do {
                fit = try SourceFit(
                    own: rows.select(places), folds, by: estimator, partsMax: FittedDirection.partsMax)
            } catch is Problem {
                // Its differences cancel out.
                continue
            }
            category.own = ClusteredShare(positive: fit.margins, groups: prompts)
            let choice = PlaceChoice([margins, fit.margins], groups: prompts, defaultCell: 0, seed: seed)
            guard !choice.isDefault else { continue }
            category.isUsed = true
            used.append(Fit(name: name, rows: places, source: fit, folds: folds))
        }
    }

    /// Scores the rows of each category with a direction of its own along that one, by folds that never saw their prompts,
    /// in the unit of the scores of all. Where there is such a category, no row's error is known.
    ///
    /// - Parameter outcomes: of all surveyed rows, along the direction of all.
    mutating func score(_ outcomes: inout [PlaceStates.Outcome], of states: PlaceStates) {
        guard !used.isEmpty else { return }
        let deviation = standardDeviation(outcomes.map(\.margin))
        for index in used.indices {
            let fit = used[index]
            guard let ofFolds = fit.source.ofFolds else { preconditionFailure("rows' own labels without folds") }
            let own = states.of(fit.rows).outcomes(fit.folds, ofFolds: ofFolds, whole: fit.source.whole)
            let ratio = deviation / standardDeviation(own.map(\.margin))
            let scale = ratio.isFinite && ratio > 0 ? ratio : 1
            func mean(_ outcomes: [PlaceStates.Outcome]) -> Double {
                outcomes.reduce(0) { $0 + $1.scores.0 + $1.scores.1 } / Double(2 * outcomes.count)
            }
            let unit = CategoryDirections.Unit(
                scale: scale, offset: mean(fit.rows.map { outcomes[$0] }) - scale * mean(own))
            used[index].unit = unit
            for (row, outcome) in zip(fit.rows, own) { outcomes[row] = outcome.inUnit(unit) }
        }
        outcomes = outcomes.map(\.withoutErrors)
    }

    /// The number of the direction along which each of so many rows is scored: 0 that of all.
    func directionNumbers(rows: Int) -> [Int] {
        var numbers = Array(repeating: 0, count: rows)
        for (index, fit) in used.enumerated() { for row in fit.rows { numbers[row] = index + 1 } }
        return numbers
    }

    /// nil where none is used.
    func directions(column: String) -> CategoryDirections? {
        guard !used.isEmpty else { return nil }
        return CategoryDirections(
            column: column, names: used.map(\.name), directions: used.map(\.source.whole.direction),
            units: used.map(\.unit))
    }
}
