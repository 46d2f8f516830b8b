extension PairProducts {
    /// The margins that `PairDifferences.crossFittedMargins` has of each estimator's `fit`, from the products alone:
    /// `[estimators][pairs]`, in the unit of the states. They are of all the pairs, where `fit` takes a sample of more
    /// than `DifferenceSample.pairsMax`.
    ///
    /// Where the pairs outside of a fold cancel out there is no direction, and the fold's margins are 0.
    ///
    /// For each fold and estimator there is a matrix of the size of the other folds' pairs to factorise, or to multiply
    /// with some twenty to a hundred vectors.
    ///
    /// - Throws: `DirectionError.notFinite` for numbers that are not, or overflow.
    package func crossFittedMargins(_ folds: Folds, by estimators: [Estimator]) throws -> [[Double]] {
        guard meanSquare.isFinite else { throw DirectionError.notFinite }
        var margins = estimators.map { _ in Array(repeating: 0.0, count: count) }
        for fold in HeldOutProducts.each(self, folds) {
            let signs = Array(repeating: 1.0, count: fold.others.count)
            // Of the mean, which tells the principal component's sides apart too.
            guard fold.others.directionNorm(signs) > 0 else { continue }
            for (place, estimator) in estimators.enumerated() {
                let weights = try estimator.pairWeights(fold.others, signs: signs)
                let norm = fold.others.directionNorm(weights)
                guard norm > 0 else { continue }
                for (pair, margin) in zip(fold.pairs, fold.margins(weights)) { margins[place][pair] = margin / norm }
            }
        }
        return margins
    }

    /// `|Dᵀ α|`; 0 where the combination cancels out in double precision.
    private func directionNorm(_ weights: [Double]) -> Double {
        let squared = dot(weights, rows.times(weights))
        let largest = zip(weights, squares).reduce(0) { $0 + abs($1.0) * $1.1.squareRoot() }
        return squared > 1e-14 * largest * largest ? squared.squareRoot() : 0
    }
}

/// The pairs of a fold, and their products with those of all other folds.
struct HeldOutProducts {
    /// The numbers of the fold's pairs, and of the others.
    let pairs: [Int]
    let otherPairs: [Int]

    /// The other folds' pairs with one another.
    let others: PairProducts

    /// The fold's pairs with the others, `[pairs, others]`.
    private let across: [Double]

    private init(_ products: PairProducts, pairs: [Int], others: [Int]) {
        (self.pairs, otherPairs) = (pairs, others)
        self.others = products.select(others)
        across = products.products(of: pairs, with: others)
    }

    /// Of each fold, one at a time.
    static func each(_ products: PairProducts, _ folds: Folds) -> some Sequence<HeldOutProducts> {
        precondition(folds.assignment.count == products.count, "folds of other pairs")
        return (0..<folds.count).lazy.map { fold in
            let pairs = folds.assignment.indices.filter { folds.assignment[$0] == fold }
            let others = folds.assignment.indices.filter { folds.assignment[$0] != fold }
            return HeldOutProducts(products, pairs: pairs, others: others)
        }
    }

    /// Of each row of weights of the other pairs `[directions, others]`, what the fold's pairs come to along `Dᵀ α`:
    /// `[directions, pairs]`.
    func margins(_ weights: [Double]) -> [Double] {
        let count = weights.count / others.count
        var margins = Array(repeating: 0.0, count: count * pairs.count)
        margins.withUnsafeMutableBufferPointer { margins in
            weights.withUnsafeBufferPointer { weights in
                across.withUnsafeBufferPointer { across in
                    addProducts(
                        of: RowBlock(start: weights.baseAddress!, stride: others.count, count: count),
                        with: RowBlock(start: across.baseAddress!, stride: others.count, count: pairs.count),
                        columns: others.count, scaledBy: 1, to: margins.baseAddress!, stride: pairs.count)
                }
            }
        }
        return margins
    }
}
