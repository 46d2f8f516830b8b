/// The share of a score's variance that a column explains.
package struct VarianceExplained: Hashable, Sendable, Codable {
    /// R² of a numeric column, η² of a categorical one: 0 to 1. A column of many categories explains some of any score.
    package let share: Double

    /// What is left of it after what a column of as many parameters explains of pure noise, `1 - (1 - share)(n - 1)/(n
    /// - k)`: adjusted R² (Ezekiel 1930), ε² of categories (Kelley, PNAS 1935). Not below 0.
    package let adjusted: Double

    /// - Parameter parameters: `k`, the mean included.
    private init?(explained: Double, total: Double, rows: Int, parameters: Int) {
        guard total > 0, total.isFinite, rows > parameters else { return nil }
        share = min(max(explained / total, 0), 1)
        adjusted = max(0, 1 - (1 - share) * Double(rows - 1) / Double(rows - parameters))
    }

    /// What is explained within parts of the rows, of the parts' variances together: the mean, by how much they vary.
    ///
    /// - Parameter parts: of each what is explained, nil where that cannot be said, and its scores.
    /// - Returns: nil where nothing is known of any.
    package init?(within parts: [(explained: VarianceExplained?, scores: [Double])]) {
        let known = parts.compactMap { part in
            part.explained.map { explained in
                let deviations = centred(part.scores)
                return (explained: explained, total: dot(deviations, deviations))
            }
        }
        let total = known.reduce(0) { $0 + $1.total }
        guard total > 0, total.isFinite else { return nil }
        share = known.reduce(0) { $0 + $1.explained.share * $1.total } / total
        adjusted = known.reduce(0) { $0 + $1.explained.adjusted * $1.total } / total
    }

    /// Of a numeric column, by a straight line. One that does not vary explains nothing.
    ///
    /// - Returns: nil for scores that do not vary, for fewer than three rows, or numbers that are not finite.
    package init?(of scores: [Double], by column: [Double]) {
        guard column.allSatisfy(\.isFinite) else { return nil }
        let squared = correlation(scores, column).map { $0 * $0 } ?? 0
        let deviations = centred(scores)
        let total = dot(deviations, deviations)
        self.init(explained: squared * total, total: total, rows: scores.count, parameters: 2)
    }

    /// Of a categorical column, by the categories' means.
    ///
    /// - Parameter categories: of each row, numbered in any way.
    /// - Returns: nil for scores that do not vary or are not finite, and where each row is its own category, which says
    ///   nothing.
    package init?(of scores: [Double], byCategory categories: [Int]) {
        let deviations = centred(scores)
        let index = GroupIndex(categories)
        let sizes = index.sums(scores.map { _ in 1 })
        let explained = zip(index.sums(deviations), sizes).reduce(0) { $0 + $1.0 * $1.0 / $1.1 }
        self.init(
            explained: explained, total: dot(deviations, deviations), rows: scores.count, parameters: index.count)
    }
}
