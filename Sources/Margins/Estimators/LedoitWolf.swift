/// How much Ledoit and Wolf (J. Multivariate Analysis 88, 2004, section 3) shrink a covariance, and to what:
/// `(1 - s) S + s m I` of `S`, the covariance of the rows, divided by their number.
struct LedoitWolfShrinkage {
    /// `s`, above 0 and at most 1.
    let share: Double

    /// `m`, the mean eigenvalue of `S`.
    let eigenvalue: Double

    /// - Parameters:
    ///   - squares: of each row less their mean, its squared norm; not all zero.
    ///   - columns: of the rows.
    ///   - momentSquaredNorm: the sum of the squares of all elements of `S`.
    init(squares: [Double], columns: Int, momentSquaredNorm: Double) {
        let (rows, columns) = (Double(squares.count), Double(columns))
        eigenvalue = squares.reduce(0, +) / (rows * columns)
        // How much one row's square varies about their mean, and how far that is from the multiple of the identity.
        let noise = (squares.reduce(0) { $0 + $1 * $1 } / rows - momentSquaredNorm) / (rows * columns)
        let distance = (momentSquaredNorm - eigenvalue * eigenvalue * columns) / columns
        // Two pairs are mirror images of one another about their mean: no noise is seen, and the covariance has no inverse.
        share = distance > 0 ? max(min(noise / distance, 1), 1e-6) : 1
    }
}

/// `((1 - s) S + s m I)⁻¹` of the differences' covariance.
///
/// - Parameter mean: of the differences, `[hidden]`.
/// - Returns: nil where the differences are all the same: that has no inverse.
/// - Throws: `DirectionError.notFinite` for numbers that overflow.
func ledoitWolfInverse(_ differences: PairDifferences, mean: [Double]) throws -> ShrunkInverse? {
    let centred = DenseRows(differences, center: mean)
    let squares = centred.values.withUnsafeBufferPointer { values in
        (0..<centred.rowCount).map { row in
            let start = row * centred.columnCount
            let row = UnsafeBufferPointer(rebasing: values[start..<start + centred.columnCount])
            return dot(row, row)
        }
    }
    guard squares.contains(where: { $0 > 0 }) else { return nil }
    let moment = centred.smallerMoment()
    let shrinkage = LedoitWolfShrinkage(
        squares: squares, columns: centred.columnCount, momentSquaredNorm: moment.squaredNorm)
    return try ShrunkInverse(
        centred, moment: moment, a: 1 - shrinkage.share, b: shrinkage.share * shrinkage.eigenvalue)
}
