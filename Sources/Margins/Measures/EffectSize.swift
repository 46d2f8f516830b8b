/// Cohen's d of paired differences, `mean / standard deviation` of the margins (d_z: Cohen, Statistical Power Analysis,
/// 1988), with its standard error where rows of one group resemble one another.
///
/// Of held-out margins it says how far pairs that a direction never saw stand from 0. Unlike their accuracy it goes on
/// growing where all of them are on the right side.
package struct EffectSize: Hashable, Sendable, Codable {
    /// d, in standard deviations of the margins.
    package let value: Double

    /// By the delta method: with `z` the standardised margins, a row moves d by `(z - d̂ (z² - 1) / 2) / n`.
    package let standardError: Double

    /// Bounds of the 95 % interval.
    package var low: Double { value - 1.959963984540054 * standardError }
    package var high: Double { value + 1.959963984540054 * standardError }

    /// - Parameter groups: of each row.
    /// - Returns: nil for fewer than two groups, margins without spread, or numbers that are not finite.
    package init?(_ margins: [Double], groups: [Int]) {
        precondition(margins.count == groups.count, "not a group for each row")
        let index = GroupIndex(groups)
        guard index.count > 1 else { return nil }
        var statistics = MarginStatistics()
        for margin in margins { statistics.add(margin) }
        let (mean, deviation) = (statistics.mean, statistics.standardDeviation)
        guard deviation > 0, deviation.isFinite else { return nil }
        let value = mean / deviation
        let moves = margins.map { margin in
            let z = (margin - mean) / deviation
            return z - value / 2 * (z * z - 1)
        }
        self.value = value
        standardError = index.varianceOfSum(moves).squareRoot() / Double(margins.count)
    }
}
