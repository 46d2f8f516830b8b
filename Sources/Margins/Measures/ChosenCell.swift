internal import SeededRandom

/// The best of many cells (a layer, a pooling, an estimator) by held-out margins, and how much having chosen it
/// flatters.
///
/// The best of many noisy values is above its own truth (Varma and Simon, BMC Bioinformatics 2006). Here the groups are
/// halved at random, many times: the best cell of the one half is looked at in the other one, which did not choose it.
/// A value of half the rows varies √2 times as much as one of all, and so what the choice gains by chance in a half is
/// √2 times what it gains in all: the mean fall from the one half to the other, divided by √2, is the optimism. Where
/// cells differ by nothing but noise that is exact for many groups; where one is clearly the best it is 0.
package struct ChosenCell: Hashable, Sendable, Codable {
    /// What cells are compared by: both are larger where margins agree more with the labels.
    package enum Statistic: String, Hashable, Sendable, Codable {
        /// The share of positive margins; those that are 0 count half.
        case accuracy
        /// Their mean divided by their standard deviation.
        case effectSize
    }

    /// The first of the best cells.
    package let cell: Int

    /// The statistic of that cell on all rows.
    package let value: Double

    /// What to take off the value, in the statistic's unit; not below 0.
    package let optimism: Double

    /// - Parameters:
    ///   - margins: held out, of each cell on the same rows: `[cells][rows]`. Of a million rows they would not fit for
    ///     all cells: take a sample. The work is `splits · cells · groups` additions.
    ///   - groups: of each row.
    /// - Returns: nil without cells, or for fewer than four groups.
    package init?(_ margins: [[Double]], groups: [Int], by statistic: Statistic, splits: Int = 200, seed: UInt64) {
        precondition(splits > 0 && margins.allSatisfy { $0.count == groups.count }, "not a margin for each row")
        let index = GroupIndex(groups)
        guard !margins.isEmpty, index.count >= 4 else { return nil }
        let tallies = margins.map { Tally.perGroup($0, index) }
        let all = tallies.map { $0.reduce(into: Tally()) { $0.add($1) }.value(statistic) }
        let best = Self.best(all)
        var random = SeededGenerator(seed: seed)
        var fall = 0.0
        for _ in 0..<splits {
            let isChoosing = index.randomHalf(using: &random)
            var (choosing, judging): ([Double], [Double]) = ([], [])
            for tally in tallies {
                var halves = (Tally(), Tally())
                for group in 0..<index.count {
                    if isChoosing[group] { halves.0.add(tally[group]) } else { halves.1.add(tally[group]) }
                }
                choosing.append(halves.0.value(statistic))
                judging.append(halves.1.value(statistic))
            }
            let chosen = Self.best(choosing)
            fall += choosing[chosen] - judging[chosen]
        }
        cell = best
        value = all[best]
        optimism = max(fall / Double(splits) / 2.0.squareRoot(), 0)
    }

    private static func best(_ values: [Double]) -> Int { values.indices.max { (values[$0], $1) < (values[$1], $0) }! }
}

/// What a statistic needs of some rows.
private struct Tally {
    var count = 0.0
    var right = 0.0
    var sum = 0.0
    var squares = 0.0

    mutating func add(_ other: Tally) {
        count += other.count
        right += other.right
        sum += other.sum
        squares += other.squares
    }

    static func perGroup(_ margins: [Double], _ index: GroupIndex) -> [Tally] {
        var tallies = Array(repeating: Tally(), count: index.count)
        for (number, margin) in zip(index.numbers, margins) {
            let right = margin > 0 ? 1 : margin < 0 ? 0 : 0.5
            tallies[number].add(Tally(count: 1, right: right, sum: margin, squares: margin * margin))
        }
        return tallies
    }

    /// 0 for margins without spread, of which an effect size says nothing.
    func value(_ statistic: ChosenCell.Statistic) -> Double {
        switch statistic {
        case .accuracy: return right / count
        case .effectSize:
            let variance = (squares - sum * sum / count) / max(count - 1, 1)
            return variance > 0 ? sum / count / variance.squareRoot() : 0
        }
    }
}
