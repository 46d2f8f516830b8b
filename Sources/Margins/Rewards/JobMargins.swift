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
        known[excluded] = margins.count == 1 ? margins[0] : combined(margins, without: excluded)
        return known[excluded] ?? []
    }

    private func combined(_ margins: [[Double]], without excluded: FoldSet) -> [Double] {
        let rows = folds.assignment.indices.filter { !excluded.contains(folds.assignment[$0]) }
        var together = Array(repeating: 0.0, count: folds.assignment.count)
        for member in margins {
            var statistics = MarginStatistics()
            for row in rows { statistics.add(member[row]) }
            guard statistics.standardDeviation > 0 else { continue }
            together.add(member, scaledBy: 1 / (statistics.standardDeviation * Double(margins.count)))
        }
        guard choosesSource else { return together }
        let all = [together] + margins
        let choice = PlaceChoice(
            all.map { margins in rows.map { margins[$0] } }, groups: rows.map { groups[$0] }, defaultCell: 0,
            seed: seed)
        return all[choice.cell]
    }
}
