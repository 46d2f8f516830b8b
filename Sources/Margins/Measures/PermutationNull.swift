/// What the held-out agreement of many cells (a layer, a pooling, an estimator) is where the sides of the pairs mean
/// nothing: the sides of whole groups are swapped at random (``SideSwaps``), everything is fitted again, and the largest
/// agreement over the cells is noted.
///
/// A cell's p-value against these maxima holds for all cells together (Westfall and Young, Resampling-Based Multiple
/// Testing, 1993), whatever their correlation: choosing the best cell is part of what is repeated. Cells are added one
/// after the other; what is kept of each is one number.
package struct PermutationNull: Hashable, Sendable, Codable {
    /// Of each cell, with the sides as they are.
    package private(set) var observed: [Double] = []

    /// The largest value over the cells in each permutation, in the permutations' order.
    package private(set) var maxima: [Double] = []

    package init() {}

    /// - Parameter agreements: of a cell, with the sides as they are and then in each permutation, the same ones in the
    ///   same order for all cells; `[permutations + 1]`. At least 19 permutations, and none is NaN.
    package mutating func add(_ agreements: [Double]) {
        precondition(!agreements.contains(where: \.isNaN), "an agreement that is not a number")
        let permuted = agreements.dropFirst()
        precondition(permuted.count >= 19, "too few permutations to say what one in 20 is beyond")
        precondition(maxima.isEmpty || maxima.count == permuted.count, "other permutations than of the cells before")
        observed.append(agreements[0])
        maxima = maxima.isEmpty ? Array(permuted) : zip(maxima, permuted).map { max($0, $1) }
    }

    /// How likely a cell's value, or a larger one in any cell, is where sides mean nothing: at least
    /// `1 / (permutations + 1)` (Phipson and Smyth 2010).
    package func pValue(cell: Int) -> Double {
        let asLarge = maxima.count { $0 >= observed[cell] }
        return Double(asLarge + 1) / Double(maxima.count + 1)
    }

    /// The largest of the observed values.
    ///
    /// - Precondition: there is a cell.
    package var best: Double { observed.max()! }

    /// The p-value of the best cell.
    ///
    /// - Precondition: there is a cell.
    package var pValue: Double { pValue(cell: observed.indices.max { observed[$0] < observed[$1] }!) }

    /// The 95th percentile of the maxima: a cell whose agreement is above it has a p-value of at most 0.05.
    ///
    /// - Precondition: there is a cell.
    package var nullAgreement: Double {
        // One of as many more values that are as likely in any place is among those above in at most one of 20 cases.
        let place = (0.95 * Double(maxima.count + 1)).rounded(.up)
        return maxima.sorted()[Int(place) - 1]
    }
}
