internal import SeededRandom

/// The sides of whole groups of pairs swapped at random, many times: the same swaps for every cell (a layer, a pooling, an
/// estimator) that is looked at under them.
package struct SideSwaps: Sendable {
    /// The pairs that are looked at: of many a sample, ascending.
    package let pairs: [Int]

    /// Of those.
    private let folds: Folds

    /// 1 for a pair as it is, -1 for one whose sides are swapped: `[permutations + 1, pairs]`, the first row without a
    /// swap.
    let signs: [Double]

    /// - Parameters:
    ///   - groups: of each pair; a group's pairs are swapped together, as they may depend on one another.
    ///   - permutations: at least 19: fewer have no value that one in 20 is beyond.
    ///   - pairsMax: of more pairs a sample is taken, each as likely as any other: the work grows with their number's
    ///     square, or with its cube where there are few permutations. Chance reaches further in a sample than in all
    ///     pairs, so that only agreements of the same sample are to be compared with it.
    ///   - folds: as of `Folds`.
    ///   - seed: decides the sample, the folds and the swaps.
    /// - Returns: nil for fewer than two groups.
    package init?(groups: [Int], permutations: Int = 200, pairsMax: Int = 512, folds: Int = 5, seed: UInt64) {
        precondition(permutations >= 19, "too few permutations to say what one in 20 is beyond")
        pairs = sampledRows(groups, rowsMax: pairsMax, seed: seed).sorted()
        let groups = pairs.map { groups[$0] }
        guard let folds = Folds(groups: groups, count: folds, seed: seed) else { return nil }
        self.folds = folds
        let index = GroupIndex(groups)
        var random = SeededGenerator(seed: seed)
        signs =
            groups.map { _ in 1 }
            + (0..<permutations).flatMap { _ in
                let sides = (0..<index.count).map { _ in Bool.random(using: &random) ? 1.0 : -1.0 }
                return index.numbers.map { sides[$0] }
            }
    }

    /// The share of pairs with a margin above 0 along directions that were fitted without their folds, margins of 0
    /// counting half, for each swap: `[estimators][permutations + 1]`, the first one without a swap.
    ///
    /// Every estimator is fitted `folds` times, but the logistic regression `folds · (permutations + 1)` times: leave it
    /// out where there are many places. The first of its Newton steps is a ridge regression, which stands for it.
    ///
    /// - Parameter products: of all the pairs whose groups are known, at one place.
    /// - Throws: `DirectionError.notFinite` for numbers that are not, or overflow.
    package func agreements(_ products: PairProducts, by estimators: [Estimator]) throws -> [[Double]] {
        let products = products.select(pairs)
        let swaps = signs.count / pairs.count
        var right = estimators.map { _ in Array(repeating: 0.0, count: swaps) }
        for fold in HeldOutProducts.each(products, folds) {
            let (others, own) = (signs(of: fold.otherPairs), signs(of: fold.pairs))
            for (place, estimator) in estimators.enumerated() {
                let margins = fold.margins(try estimator.pairWeights(fold.others, signs: others))
                for swap in 0..<swaps {
                    for index in swap * fold.pairs.count..<(swap + 1) * fold.pairs.count {
                        let margin = own[index] * margins[index]
                        right[place][swap] += margin > 0 ? 1 : margin < 0 ? 0 : 0.5
                    }
                }
            }
        }
        return right.map { $0.scaled(by: 1 / Double(pairs.count)) }
    }

    /// `[permutations + 1, columns]`
    private func signs(of columns: [Int]) -> [Double] {
        stride(from: 0, to: signs.count, by: pairs.count).flatMap { start in columns.map { signs[start + $0] } }
    }
}
