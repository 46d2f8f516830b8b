/// The margins that a job would give the rows, did it know those of some folds alone: of one source, or the average of
/// several, each by its spread, or of that one of them which orders the rows as labelled more often beyond chance.
struct JobMargins {
    private var sources: [FoldMargins]
    private let folds: Folds
    private let groups: [Int]
    private let choosesSource: Bool
    private let seed: UInt64
    private var known: [FoldSet: [Double]] = [:]

    init(_ data: RewardData, _ folds: Folds, seed: UInt64) {
        sources = data.ours.map { FoldMargins($0, folds) }
        (self.folds, groups) = (folds, data.pairs.groups)
        (choosesSource, self.seed) = (data.choosesSource, seed)
    }

    /// Of all rows, each along a direction that knows neither the excluded folds nor its own.
    ///
    /// - Throws: `DirectionError` where what is left gives no direction.
    mutating func margins(without excluded: FoldSet) throws -> [Double] {
        if let known = known[excluded] { return known }
        var margins: [[Double]] = []
        for index in sources.indices { margins.append(try sources[index].margins(without: excluded)) }
        let weights = weights(of: margins, without: excluded)
        var combined = Array(repeating: 0.0, count: folds.assignment.count)
        for (margins, weight) in zip(margins, weights) { combined.add(margins, scaledBy: weight) }
        known[excluded] = combined
        return combined
    }

    /// What the margins are projections on, `[hidden]`.
    ///
    /// - Throws: `DirectionError` where what is left gives no direction.
    mutating func direction(without excluded: FoldSet) throws -> [Double] {
        var margins: [[Double]] = []
        var directions: [[Float]] = []
        for index in sources.indices {
            margins.append(try sources[index].margins(without: excluded))
            directions.append(try sources[index].direction(without: excluded))
        }
        var combined = Array(repeating: 0.0, count: directions[0].count)
        for (direction, weight) in zip(directions, weights(of: margins, without: excluded)) {
            combined.add(direction.map { Double($0) }, scaledBy: weight)
        }
        return combined
    }

    /// Of each source in the sum: 1 of a single one, also where it is chosen; of several, what divides each by its spread.
    private func weights(of margins: [[Double]], without excluded: FoldSet) -> [Double] {
        guard margins.count > 1 else { return [1] }
        let rows = folds.assignment.indices.filter { !excluded.contains(folds.assignment[$0]) }
        let weights = margins.map { member -> Double in
            var statistics = MarginStatistics()
            for row in rows { statistics.add(member[row]) }
            let deviation = statistics.standardDeviation
            return deviation > 0 ? 1 / (deviation * Double(margins.count)) : 0
        }
        guard choosesSource else { return weights }
        let together = rows.map { row in zip(margins, weights).reduce(0) { $0 + $1.0[row] * $1.1 } }
        let choice = PlaceChoice(
            [together] + margins.map { margins in rows.map { margins[$0] } }, groups: rows.map { groups[$0] },
            defaultCell: 0, seed: seed)
        guard choice.cell > 0 else { return weights }
        return margins.indices.map { $0 == choice.cell - 1 ? 1 : 0 }
    }
}
