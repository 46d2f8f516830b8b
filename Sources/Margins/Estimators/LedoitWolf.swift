/// `((1 - s) S + s m I)⁻¹ d̄`: `S` the covariance of the differences, divided by `n`, `m` its mean eigenvalue, and `s`
/// the share that Ledoit and Wolf (J. Multivariate Analysis 88, 2004, section 3) put in place of it.
///
/// - Throws: `DirectionError.notFinite` for numbers that overflow.
func ledoitWolfDiscriminant(_ differences: PairDifferences, mean: [Double]) throws -> [Double] {
    let centred = ShrunkMoment(differences, center: mean)
    let (rows, columns) = (Double(centred.rowCount), Double(centred.columnCount))
    let squares = (0..<centred.rowCount).map { row in
        centred.rows[row * centred.columnCount..<(row + 1) * centred.columnCount].reduce(0) { $0 + $1 * $1 }
    }
    let eigenvalue = squares.reduce(0, +) / (rows * columns)
    // Without any spread, the limit of ever less of it.
    guard eigenvalue > 0 else { return mean }
    let moment = centred.smallerMoment()
    let squaredNorm = moment.squaredNorm
    // How much one row's square varies about their mean, and how far that is from the multiple of the identity.
    let noise = (squares.reduce(0) { $0 + $1 * $1 } / rows - squaredNorm) / (rows * columns)
    let distance = (squaredNorm - eigenvalue * eigenvalue * columns) / columns
    // Two pairs are mirror images of one another about their mean: no noise is seen, and the covariance has no inverse.
    let shrinkage = distance > 0 ? max(min(noise / distance, 1), 1e-6) : 1
    return try centred.solving(mean, moment: moment, a: 1 - shrinkage, b: shrinkage * eigenvalue)
}
