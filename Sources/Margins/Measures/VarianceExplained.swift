/// The share of a score's variance that a column explains.
package struct VarianceExplained: Hashable, Sendable, Codable {
    /// R² of a numeric column, η² of a categorical one: 0 to 1. A column of many categories explains some of any score.
    package let share: Double

    /// What is left of it after what a column of as many parameters explains of pure noise, `1 - (1 - share)(n - 1)/(n
    /// - k)`: adjusted R² (Ezekiel 1930), ε² of categories (Kelley, PNAS 1935). Not below 0.
    package let adjusted: Double

    /// What one part of the rows comes to.
    private struct Squares {
        var explained: Double
        var total: Double
        var rows: Int

        /// `k`, the mean included.
        var parameters: Int

        /// What is left of the rows, and of the rows without what is explained: the degrees of freedom.
        var totalFreedom: Int { rows - 1 }
        var residualFreedom: Int { rows - parameters }

        init?(explained: Double, total: Double, rows: Int, parameters: Int) {
            guard total > 0, total.isFinite, rows > parameters else { return nil }
            (self.explained, self.total) = (min(max(explained, 0), total), total)
            (self.rows, self.parameters) = (rows, parameters)
        }

        init?(of scores: [Double], by column: [Double]) {
            guard column.allSatisfy(\.isFinite) else { return nil }
            let squared = correlation(scores, column).map { $0 * $0 } ?? 0
            let deviations = centred(scores)
            let total = dot(deviations, deviations)
            self.init(explained: squared * total, total: total, rows: scores.count, parameters: 2)
        }

        init?(of scores: [Double], byCategory categories: [Int]) {
            let deviations = centred(scores)
            let index = GroupIndex(categories)
            let sizes = index.sums(scores.map { _ in 1 })
            let explained = zip(index.sums(deviations), sizes).reduce(0) { $0 + $1.0 * $1.0 / $1.1 }
            self.init(
                explained: explained, total: dot(deviations, deviations), rows: scores.count, parameters: index.count)
        }
    }

    /// What is explained within parts of the rows, of the parts' variances together.
    private init?(_ parts: [Squares]) {
        func sum(_ value: (Squares) -> Double) -> Double { parts.reduce(0) { $0 + value($1) } }
        let (explained, total) = (sum(\.explained), sum(\.total))
        guard total > 0, total.isFinite else { return nil }
        share = explained / total
        let noise = (total - explained) / sum { Double($0.residualFreedom) }
        adjusted = max(0, 1 - noise / (total / sum { Double($0.totalFreedom) }))
    }

    /// Of a numeric column, by a straight line. One that does not vary explains nothing.
    ///
    /// - Returns: nil for scores that do not vary, for fewer than three rows, or numbers that are not finite.
    package init?(of scores: [Double], by column: [Double]) { self.init(ofParts: [scores], by: [column]) }

    /// The same within parts of the rows, by a line for each.
    ///
    /// - Returns: nil where that can be said of no part.
    package init?(ofParts scores: [[Double]], by columns: [[Double]]) {
        self.init(zip(scores, columns).compactMap { Squares(of: $0, by: $1) })
    }

    /// Of a categorical column, by the categories' means.
    ///
    /// - Parameter categories: of each row, numbered in any way.
    /// - Returns: nil for scores that do not vary or are not finite, and where each row is its own category, which says
    ///   nothing.
    package init?(of scores: [Double], byCategory categories: [Int]) {
        self.init(ofParts: [scores], byCategories: [categories])
    }

    /// The same within parts of the rows, by the means in each.
    ///
    /// - Returns: nil where that can be said of no part.
    package init?(ofParts scores: [[Double]], byCategories categories: [[Int]]) {
        self.init(zip(scores, categories).compactMap { Squares(of: $0, byCategory: $1) })
    }
}
