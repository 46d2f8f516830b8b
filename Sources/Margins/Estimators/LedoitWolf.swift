/// `((1 - s) S + s m I)⁻¹`: `S` the covariance of the differences, divided by `n`, `m` its mean eigenvalue, and `s` the
/// share that Ledoit and Wolf (J. Multivariate Analysis 88, 2004, section 3) put in place of it.
///
/// - Parameter mean: of the differences, `[hidden]`.
/// - Returns: nil where the differences are all the same: that has no inverse.
/// - Throws: `DirectionError.notFinite` for numbers that overflow.
func ledoitWolfInverse(_ differences: PairDifferences, mean: [Double]) throws -> ShrunkInverse? {
    let centred = DenseRows(differences, center: mean)
    let (rows, columns) = (Double(centred.rowCount), Double(centred.columnCount))
    let squares = centred.values.withUnsafeBufferPointer { values in
        (0..<centred.rowCount).map { row in
            let start = row * centred.columnCount
            let row = UnsafeBufferPointer(rebasing: values[start..<start + centred.columnCount])
            return dot(row, row)
        }
    }
    let eigenvalue = squares.reduce(0, +) / (rows * columns)
    guard eigenvalue > 0 else { return nil }
    let moment = centred.smallerMoment()
    let squaredNorm = moment.squaredNorm
    // How much one row's square varies about their mean, and how far that is from the multiple of the identity.
    let noise = (squares.reduce(0) { $0 + $1 * $1 } / rows - squaredNorm) / (rows * columns)
    let distance = (squaredNorm - eigenvalue * eigenvalue * columns) / columns
    // Two pairs are mirror images of one another about their mean: no noise is seen, and the covariance has no inverse.
    let shrinkage = distance > 0 ? max(min(noise / distance, 1), 1e-6) : 1
    return try ShrunkInverse(centred, moment: moment, a: 1 - shrinkage, b: shrinkage * eigenvalue)
}
