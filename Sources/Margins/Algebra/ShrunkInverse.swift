/// `A⁻¹` for `A = a · XᵀX / n + b · I` of rows `X` `[rows, columns]`: what ridge regression and discriminants with a
/// shrunk covariance come down to, and how much they vary.
///
/// With fewer rows than columns it is computed from the rows' products with one another, `K = a · X Xᵀ / n + b · I`, by
/// Woodbury's identity, `A⁻¹ v = (v - a Xᵀ K⁻¹ X v / n) / b` and so `A⁻¹ Xᵀ = Xᵀ K⁻¹`: the matrix that is factorised
/// has the smaller one of the two sizes.
struct ShrunkInverse {
    /// `X`.
    let rows: DenseRows

    let a: Double
    let b: Double
    private let factor: CholeskyFactor

    /// - Parameters:
    ///   - moment: the rows' `smallerMoment()`; a parameter since who chooses `a` and `b` has looked at it.
    ///   - eigenvector: `v`, of `XᵀX`, of norm 1 and an eigenvalue above zero, for which `b · v vᵀ` is added to `A`.
    /// - Precondition: `b` > 0.
    /// - Throws: `DirectionError.notFinite` where `A` is not positive definite in double precision: with `a` ≥ 0, for
    ///   numbers that overflow.
    init(
        _ rows: DenseRows, moment: consuming PositiveMatrix, a: Double, b: Double,
        raisedAlong eigenvector: [Double]? = nil
    ) throws {
        precondition(b > 0)
        moment.scale(by: a)
        moment.addToDiagonal(b)
        if let eigenvector {
            // Of `X Xᵀ` it is `X v`.
            let image = rows.isWide ? rows.times(eigenvector) : eigenvector
            moment.addSquare(of: image.scaled(by: 1 / image.norm), scaledBy: b)
        }
        (self.rows, self.a, self.b) = (rows, a, b)
        factor = try CholeskyFactor(moment)
    }

    /// That of the matrix that is factorised.
    var smallestPivot: Double { factor.smallestPivot }

    /// `A⁻¹ v`, where nothing was added along an eigenvector: `[columns]`.
    func times(_ vector: [Double]) -> [Double] {
        guard rows.isWide else {
            var solution = vector
            factor.solve(&solution)
            return solution
        }
        var weights = rows.times(vector)
        factor.solve(&weights)
        var solution = vector
        solution.add(rows.transposeTimes(weights), scaledBy: -a / Double(rows.rowCount))
        return solution.scaled(by: 1 / b)
    }

    /// `A⁻¹ Xᵀ q` of each row `q` of `weights` `[combinations, rows]`: `[combinations, columns]`.
    func timesCombinations(_ weights: consuming [Double]) -> [Double] {
        guard rows.isWide else {
            var solutions = rows.combinations(weights)
            factor.solve(&solutions)
            return solutions
        }
        factor.solve(&weights)
        return rows.combinations(weights)
    }
}
