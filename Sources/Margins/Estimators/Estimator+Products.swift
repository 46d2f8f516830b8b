extension Estimator {
    /// The pairs' weights `α` in the direction `w = Dᵀ α`, of any norm: what `solution` comes to, from the differences'
    /// products with one another alone, with the sides of some pairs swapped.
    ///
    /// Swapped sides, `S D` with signs `S`, have the same `DᵀD`. What the mean difference is multiplied by, and the
    /// principal component but for its sign, are the same for all swaps and computed once. The discriminant's shrinkage
    /// is that of the sides as they are. The logistic regression is fitted anew for each.
    ///
    /// The ridge and the discriminant are `(a DᵀD/n + b I)⁻¹ d̄ = Dᵀ (a K/n + b I)⁻¹ s / n`; the discriminant, since its
    /// covariance is centred by a multiple of `d̄ d̄ᵀ` alone, which leaves the direction as it is (Sherman and Morrison,
    /// Ann. Math. Statistics 1950).
    ///
    /// - Parameter signs: `[swaps, pairs]`, 1 or -1.
    /// - Returns: `[swaps, pairs]`; they do not tell whether the direction is zero.
    /// - Throws: `DirectionError` without pairs, or for numbers that are not finite.
    func pairWeights(_ products: PairProducts, signs: [Double]) throws -> [Double] {
        guard products.count > 0 else { throw DirectionError.noAnchors }
        let (count, scale) = (products.count, products.meanSquare)
        precondition(signs.count.isMultiple(of: count), "not a sign for each pair")
        guard scale.isFinite else { throw DirectionError.notFinite }
        // All differences are zero.
        guard scale > 0 else { return signs }
        switch self {
        case .meanDifference: return signs
        case .firstPrincipalComponent:
            let component = largestEigenvector(from: Array(repeating: 1, count: count)) { products.rows.times($0) }
            let sides = DenseRows(values: signs, rowCount: signs.count / count, columnCount: count).times(component)
            return sides.flatMap { component.scaled(by: $0 < 0 ? -1 : 1) }
        case .ridge(let lambda):
            precondition(lambda > 0, "a ridge without a penalty")
            return try products.shrunkWeights(a: 1, b: lambda * scale, signs: signs)
        case .ledoitWolf:
            guard let shrinkage = products.ledoitWolfShrinkage else { return signs }
            return try products.shrunkWeights(
                a: 1 - shrinkage.share, b: shrinkage.share * shrinkage.eigenvalue, signs: signs)
        case .logistic(let lambda):
            return stride(from: 0, to: signs.count, by: count).flatMap { start in
                let scaled = ScaledProducts(products, signs: Array(signs[start..<start + count]))
                return logisticMinimum(scaled, lambda: lambda).prefix(count)
            }
        }
    }
}

extension PairProducts {
    /// `(a K/n + b I)⁻¹ s` of each row `s` of signs: `[swaps, pairs]`.
    ///
    /// - Throws: `DirectionError.notFinite` for numbers that overflow.
    fileprivate func shrunkWeights(a: Double, b: Double, signs: [Double]) throws -> [Double] {
        let moment = PositiveMatrix(rows.values, size: count, scale: a / Double(count), shift: b)
        var weights = signs
        try CholeskyFactor(moment).solve(&weights)
        return weights
    }

    /// Ledoit and Wolf's, as `ledoitWolfInverse` has it of the differences; nil where these are all the same.
    fileprivate var ledoitWolfShrinkage: LedoitWolfShrinkage? {
        let number = Double(count)
        let means = rows.times(Array(repeating: 1 / number, count: count))
        let mean = means.reduce(0, +) / number
        let squares = zip(squares, means).map { max($0 - 2 * $1 + mean, 0) }
        // What rounding leaves of differences that are all the same is no spread.
        guard squares.reduce(0, +) > 1e-14 * self.squares.reduce(0, +) else { return nil }
        var squaredNorm = 0.0
        rows.values.withUnsafeBufferPointer { values in
            means.withUnsafeBufferPointer { means in
                for row in 0..<count {
                    let offset = mean - means[row]
                    for column in 0..<count {
                        let centred = values[row * count + column] - means[column] + offset
                        squaredNorm += centred * centred
                    }
                }
            }
        }
        return LedoitWolfShrinkage(
            squares: squares, columns: hiddenSize, momentSquaredNorm: squaredNorm / (number * number))
    }
}

/// Differences with some sides swapped, divided by the root of the mean square of all their components. A vector of as
/// many components as they have, `Dᵀ α`, is known by `α` and by its products with the differences, `K α`: one behind the
/// other, `[2 · pairs]`, so that no product with `K` is made twice.
private struct ScaledProducts: DesignMatrix {
    let products: PairProducts
    let signs: [Double]

    /// What products of two differences are multiplied by.
    private let factor: Double

    init(_ products: PairProducts, signs: [Double]) {
        (self.products, self.signs) = (products, signs)
        factor = 1 / products.meanSquare
    }

    var rowCount: Int { products.count }
    var columnCount: Int { 2 * products.count }

    func times(_ vector: [Double]) -> [Double] { zip(vector[rowCount...], signs).map { factor * $0 * $1 } }

    func transposeTimes(_ weights: [Double]) -> [Double] {
        let combination = zip(weights, signs).map { $0 * $1 }
        return combination + products.rows.times(combination)
    }

    func product(_ left: [Double], _ right: [Double]) -> Double {
        factor * zip(left[..<rowCount], right[rowCount...]).reduce(0) { $0 + $1.0 * $1.1 }
    }
}
