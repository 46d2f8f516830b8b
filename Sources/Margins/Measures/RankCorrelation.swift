internal import Foundation

/// How alike the orders of two columns are: Spearman's rank correlation (ties have the mean of their ranks) with its 95 %
/// interval, where rows of one group (prompt) resemble one another.
///
/// The interval is a closed form. A row moves the correlation by its influence (`RankInfluence`), so that the sum of the
/// influences' squares, or of those of whole groups, is its variance; Fisher's transformation (Biometrika 1915) makes it
/// symmetrical, and Student's distribution has a degree of freedom less than there are groups. Columns whose orders are the
/// same have an interval without width, however few rows there are.
package struct RankCorrelation: Hashable, Sendable, Codable {
    /// -1 to 1.
    package let value: Double

    /// The interval's bounds, -1 to 1, around the value.
    package let low: Double
    package let high: Double

    /// How many rows it is of, and how many groups they make up.
    package let rows: Int
    package let groups: Int

    /// - Parameter groups: of each row.
    /// - Precondition: as many values in both as there are groups, and none is NaN.
    /// - Returns: nil where one does not vary, or for fewer than two groups.
    package init?(_ left: [Double], _ right: [Double], groups: [Int]) {
        precondition(left.count == groups.count, "not a group for each row")
        let index = GroupIndex(groups)
        guard index.count > 1, let influence = RankInfluence(left, right) else { return nil }
        value = influence.value
        (rows, self.groups) = (left.count, index.count)
        let slope = 1 - value * value
        guard slope > 0 else {
            (low, high) = (value, value)
            return
        }
        let error = index.varianceOfSum(influence.moves).squareRoot() / Double(left.count)
        let half = studentQuantile(degreesOfFreedom: index.count - 1) * error / slope
        (low, high) = (min(tanh(atanh(value) - half), value), max(tanh(atanh(value) + half), value))
    }

    /// By how much one column's correlation with a third is above another's, of the same rows.
    package struct Gain: Hashable, Sendable, Codable {
        /// -2 to 2.
        package let value: Double

        /// Bounds of its 95 % interval, of the differences of the rows' influences.
        package let low: Double
        package let high: Double

        /// - Parameters:
        ///   - first: a column, and what it is compared with.
        ///   - target: the third column.
        ///   - groups: of each row.
        /// - Precondition: as many values in each as there are groups, and none is NaN.
        /// - Returns: nil where one does not vary, or for fewer than two groups.
        package init?(of first: [Double], over second: [Double], with target: [Double], groups: [Int]) {
            precondition(target.count == groups.count, "not a group for each row")
            let index = GroupIndex(groups)
            guard index.count > 1, let one = RankInfluence(first, target), let other = RankInfluence(second, target)
            else { return nil }
            let error =
                index.varianceOfSum(zip(one.moves, other.moves).map { $0 - $1 }).squareRoot() / Double(target.count)
            let half = studentQuantile(degreesOfFreedom: index.count - 1) * error
            value = one.value - other.value
            (low, high) = (max(value - half, -2), min(value + half, 2))
        }
    }
}

/// Spearman's correlation as a function of where the rows are: its value, and the influence of each row on it.
///
/// With `u` and `v` a row's midranks as shares of all rows, less one half, the correlation is `ρ = A / √(BC)`, where
/// `A = E[uv]`, `B = E[u²]` and `C = E[v²]`. A further row moves it in two ways: by its own ranks, and by what it adds to the
/// ranks of those above it, half as much where they are equal. With `h` the one of these two, 0, ½ or 1, the influence on `A`
/// is `uv + E[h(x, X) v] + E[h(y, Y) u] - 3A`, that on `B` `u² + 2 E[h(x, X) u] - 3B`, and
/// `IF(ρ) = IF(A) / √(BC) - ρ/2 (IF(B) / B + IF(C) / C)` (Croux and Dehon, Statistical Methods & Applications 2010, for
/// columns without ties).
struct RankInfluence {
    let value: Double

    /// `[rows]`, with mean 0: what one row in `n` moves the correlation by, times `n`.
    let moves: [Double]

    /// - Precondition: as many values in both, and none is NaN.
    /// - Returns: nil where one does not vary.
    init?(_ left: [Double], _ right: [Double]) {
        precondition(left.count == right.count, "columns of different lengths")
        let (u, v) = (Self.centredRanks(left), Self.centredRanks(right))
        let count = Double(left.count)
        let (a, b, c) = (dot(u, v) / count, dot(u, u) / count, dot(v, v) / count)
        guard b > 0, c > 0 else { return nil }
        let scale = (b * c).squareRoot()
        let rho = min(max(a / scale, -1), 1)
        let (added, addedRight) = (Self.above(u, sum: v), Self.above(v, sum: u))
        let (addedSquare, addedRightSquare) = (Self.above(u, sum: u), Self.above(v, sum: v))
        moves = u.indices.map { row in
            let moveA = u[row] * v[row] + added[row] + addedRight[row] - 3 * a
            let moveB = u[row] * u[row] + 2 * addedSquare[row] - 3 * b
            let moveC = v[row] * v[row] + 2 * addedRightSquare[row] - 3 * c
            return moveA / scale - rho / 2 * (moveB / b + moveC / c)
        }
        value = rho
    }

    private static func centredRanks(_ values: [Double]) -> [Double] {
        midranks(values).map { ($0 - 0.5) / Double(values.count) - 0.5 }
    }

    /// `E[h(x, X) w]` of each row, `[rows]`: the mean over all rows of `weights` where `ranks` are above the row's, and of half
    /// of them where they are equal.
    private static func above(_ ranks: [Double], sum weights: [Double]) -> [Double] {
        let order = ranks.indices.sorted { (ranks[$0], $0) > (ranks[$1], $1) }
        var means = Array(repeating: 0.0, count: ranks.count)
        var higher = 0.0
        var start = 0
        while start < order.count {
            var end = start
            var equal = 0.0
            while end < order.count, ranks[order[end]] == ranks[order[start]] {
                equal += weights[order[end]]
                end += 1
            }
            for place in start..<end { means[order[place]] = (higher + equal / 2) / Double(ranks.count) }
            higher += equal
            start = end
        }
        return means
    }
}
