internal import SeededRandom

/// What a statistic of many cells (a layer, a pooling, an estimator) is where the sides of the pairs mean nothing: the
/// sides of whole groups are swapped at random, everything is computed again, and the largest value over the cells is
/// noted.
///
/// A cell's p-value against these maxima holds for all cells together (Westfall and Young, Resampling-Based Multiple
/// Testing, 1993), whatever their correlation: choosing the best cell is part of what is repeated.
package struct PermutationNull: Hashable, Sendable, Codable {
    /// Of each cell, with the sides as they are.
    package let observed: [Double]

    /// The largest value over the cells in each permutation, ascending.
    package let maxima: [Double]

    /// - Parameters:
    ///   - groups: of each row; their rows are swapped together, as they may depend on one another.
    ///   - statistics: of each cell, larger where the sides mean more, for differences that are multiplied by these
    ///     signs, `[rows]`, 1 or -1; must not be NaN. Called `permutations + 1` times, first with all 1.
    /// - Precondition: at least one permutation and one cell.
    package init(
        groups: [Int], permutations: Int = 200, seed: UInt64, statistics: (_ signs: [Double]) throws -> [Double]
    ) rethrows {
        precondition(permutations > 0)
        let index = GroupIndex(groups)
        var random = SeededGenerator(seed: seed)
        observed = try statistics(groups.map { _ in 1 })
        precondition(!observed.isEmpty, "no cell")
        maxima = try (0..<permutations).map { _ in
            let signs = (0..<index.count).map { _ in Bool.random(using: &random) ? 1.0 : -1.0 }
            return try statistics(index.numbers.map { signs[$0] }).max()!
        }.sorted()
    }

    /// How likely a cell's value, or a larger one in any cell, is where sides mean nothing: at least
    /// `1 / (permutations + 1)` (Phipson and Smyth 2010).
    package func pValue(cell: Int) -> Double {
        let asLarge = maxima.count { $0 >= observed[cell] }
        return Double(asLarge + 1) / Double(maxima.count + 1)
    }

    /// The p-value of the best cell.
    package var pValue: Double { pValue(cell: observed.indices.max { observed[$0] < observed[$1] }!) }
}

/// The margins of pairs along the mean difference of all pairs of other groups, for any swap of sides: from the
/// products of the differences with one another, which are computed once, `[pairs, pairs]`.
package struct LeaveGroupOut: Sendable {
    private let products: [Double]
    private let index: GroupIndex

    /// - Precondition: the differences are of at least two groups. Memory is `pairs²` doubles: take a sample of many.
    package init(_ differences: PairDifferences) {
        index = GroupIndex(differences.groups)
        precondition(index.count > 1, "nothing is left to fit on")
        products = (0..<differences.count).flatMap { row in differences.times(differences[row].map { Double($0) }) }
    }

    /// `sᵢ dᵢ · mean of sⱼ dⱼ over the pairs j of other groups`, `[pairs]`; the mean as it is, not of norm 1.
    ///
    /// - Parameter signs: `[pairs]`, 1 or -1.
    package func margins(signs: [Double]) -> [Double] {
        let count = signs.count
        precondition(count == index.numbers.count, "not a sign for each pair")
        let sizes = index.sums(signs.map { _ in 1 })
        return products.withUnsafeBufferPointer { products in
            (0..<count).map { row in
                let group = index.numbers[row]
                var sum = 0.0
                for other in 0..<count where index.numbers[other] != group {
                    sum += signs[other] * products[row * count + other]
                }
                return signs[row] * sum / (Double(count) - sizes[group])
            }
        }
    }
}
