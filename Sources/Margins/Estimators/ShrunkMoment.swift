/// `(a · XᵀX / n + b · I)⁻¹ v` for rows `X` `[rows, columns]`: what ridge regression and discriminants with a shrunk
/// covariance come down to.
///
/// With fewer rows than columns it is computed from the rows' products with one another (Woodbury's identity),
/// `(v - a Xᵀ (n b I + a X Xᵀ)⁻¹ X v) / b`, so that the matrix has the smaller one of the two sizes.
struct ShrunkMoment {
    /// `[rows, columns]`, row-major.
    let rows: [Double]
    let rowCount: Int
    let columnCount: Int

    /// - Parameter center: is subtracted from each row; `[hidden]`.
    init(_ differences: PairDifferences, center: [Double]? = nil) {
        rowCount = differences.count
        columnCount = differences.hiddenSize
        let columns = columnCount
        rows = differences.values.indices.map { Double(differences.values[$0]) - (center?[$0 % columns] ?? 0) }
    }

    private var isDual: Bool { rowCount < columnCount }

    /// `X Xᵀ / n` of the rows, or `XᵀX / n`, whichever is smaller: their eigenvalues are the same but for zeros.
    func smallerMoment() -> PositiveMatrix {
        let smaller = isDual ? rows : transposed
        return PositiveMatrix(gramOf: smaller, size: min(rowCount, columnCount), scale: 1 / Double(rowCount))
    }

    private var transposed: [Double] {
        (0..<columnCount).flatMap { column in (0..<rowCount).map { rows[$0 * columnCount + column] } }
    }

    /// - Parameter moment: of `smallerMoment()`; a parameter since who chooses `a` and `b` has looked at it.
    /// - Precondition: `a` ≥ 0, `b` > 0.
    /// - Throws: `DirectionError.notFinite` for numbers that overflow.
    func solving(_ vector: [Double], moment: consuming PositiveMatrix, a: Double, b: Double) throws -> [Double] {
        precondition(a >= 0 && b > 0 && vector.count == columnCount)
        guard a > 0 else { return vector.scaled(by: 1 / b) }
        moment.addToDiagonal(b / a)
        guard isDual else { return try moment.solving(vector).scaled(by: 1 / a) }
        let products = rows.withUnsafeBufferPointer { rows in
            vector.withUnsafeBufferPointer { vector in
                (0..<rowCount).map { row in
                    dot(UnsafeBufferPointer(rebasing: rows[row * columnCount..<(row + 1) * columnCount]), vector)
                }
            }
        }
        let weights = try moment.solving(products)
        var solution = vector
        for (row, weight) in weights.enumerated() {
            let factor = weight / Double(rowCount)
            for column in 0..<columnCount { solution[column] -= factor * rows[row * columnCount + column] }
        }
        return solution.scaled(by: 1 / b)
    }
}
