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

    /// What least squares would leave of each row, were they fitted without the rows of its group: `(I - H_gg)⁻¹ r_g` of
    /// what they leave, `r`, and `H = a X A⁻¹ Xᵀ / n`; `[rows]`.
    ///
    /// - Parameters:
    ///   - residuals: `r`, `[rows]`.
    ///   - groups: of each row, `[rows]`, from 0 on.
    /// - Precondition: `a` ≥ 0, and nothing was added along an eigenvector.
    /// - Throws: `DirectionError.notFinite` where a group's rows decide all by themselves, in double precision.
    func leavingOut(_ groups: [Int], of residuals: [Double]) throws -> [Double] {
        precondition(a >= 0 && groups.count == rows.rowCount && residuals.count == rows.rowCount)
        let (count, size) = (rows.rowCount, factor.size)
        // `I - H` is `b K⁻¹`, or `I - a X A⁻¹ Xᵀ / n`: of the rows of a group, their products after half of the solution.
        var halves = rows.isWide ? Array(repeating: 0, count: count * count) : rows.values
        if rows.isWide { for row in 0..<count { halves[row * count + row] = 1 } }
        factor.solveHalf(&halves)
        var members = Array(repeating: [Int](), count: (groups.max() ?? -1) + 1)
        for (row, group) in groups.enumerated() { members[group].append(row) }
        var left = residuals
        for group in members where !group.isEmpty {
            let ofGroup = group.flatMap { halves[$0 * size..<($0 + 1) * size] }
            var rest = PositiveMatrix(gramOf: ofGroup, size: group.count, scale: rows.isWide ? b : -a / Double(count))
            if !rows.isWide { rest.addToDiagonal(1) }
            var solution = group.map { residuals[$0] }
            try CholeskyFactor(rest).solve(&solution)
            for (row, value) in zip(group, solution) { left[row] = value }
        }
        return left
    }
}
