internal import SeededRandom

/// The eigenvector of `XᵀX / n` with the largest eigenvalue, of norm 1 and either sign: `[columns]`.
///
/// - Parameter start: about the result, if anything is known; not zero.
func largestEigenvector(of matrix: some DesignMatrix, from start: [Double]) -> [Double] {
    largestEigenvector(from: start) { vector in
        matrix.transposeTimes(matrix.times(vector)).scaled(by: 1 / Double(matrix.rowCount))
    }
}

/// The eigenvector with the largest eigenvalue of a symmetric matrix without negative ones, of norm 1 and either sign:
/// `[size]`.
///
/// Lanczos's method with full reorthogonalisation, restarted from the best vector found (Golub and Van Loan, Matrix
/// Computations): it needs products with the matrix alone, and the gap to the second eigenvalue decides how many. It ends
/// where `|A v - λ v| ≤ 1e-11 λ`. Where the two largest eigenvalues are equal to many digits there is no such vector, and
/// what is returned is one of their plane.
///
/// - Parameters:
///   - start: about the result, if anything is known; not zero.
///   - product: the matrix times a vector, `[size]` to `[size]`.
func largestEigenvector(from start: [Double], product: (_ vector: [Double]) -> [Double]) -> [Double] {
    let (stepsMax, restartsMax) = (160, 40)
    var random = SeededGenerator(seed: 1)
    // A little of everything: from a start without any of the eigenvector, it would never be found.
    let noise = 1e-3 * start.norm / Double(start.count).squareRoot()
    var guess = start.map { $0 + noise * Double.random(in: -1...1, using: &random) }
    for _ in 0..<restartsMax {
        let (vector, isDone) = lanczos(from: guess, stepsMax: min(stepsMax, start.count), product: product)
        guess = vector
        if isDone { break }
    }
    return guess
}

private func lanczos(
    from start: [Double], stepsMax: Int, product: (_ vector: [Double]) -> [Double]
) -> (vector: [Double], isDone: Bool) {
    var basis = [start.scaled(by: 1 / start.norm)]
    var (diagonal, offDiagonal): ([Double], [Double]) = ([], [])
    var checkedAt = 8
    while true {
        let newest = basis[basis.count - 1]
        var next = product(newest)
        diagonal.append(dot(next, newest))
        // Twice is enough (Kahan, in Parlett, The Symmetric Eigenvalue Problem, 6.9).
        for _ in 0..<2 { for vector in basis { next.add(vector, scaledBy: -dot(next, vector)) } }
        let rest = next.norm
        let isLast = basis.count == stepsMax || rest <= 1e-14 * diagonal[0]
        if isLast || basis.count == checkedAt {
            checkedAt += 8
            let (value, weights) = largestEigenpair(diagonal: diagonal, offDiagonal: offDiagonal)
            let isDone = rest * abs(weights[weights.count - 1]) <= 1e-11 * value
            if isLast || isDone {
                var vector = Array(repeating: 0.0, count: newest.count)
                for (direction, weight) in zip(basis, weights) { vector.add(direction, scaledBy: weight) }
                return (vector.scaled(by: 1 / vector.norm), isDone || basis.count == newest.count)
            }
        }
        offDiagonal.append(rest)
        basis.append(next.scaled(by: 1 / rest))
    }
}

/// The largest eigenvalue of a symmetric tridiagonal matrix by bisection, and its vector of norm 1 by inverse iteration
/// from just above, where the matrix is definite and elimination needs no pivots.
private func largestEigenpair(diagonal: [Double], offDiagonal: [Double]) -> (value: Double, vector: [Double]) {
    /// Cholesky's pivots of `x I - T`; nil where that is not positive definite.
    func pivots(_ x: Double) -> [Double]? {
        var pivots: [Double] = []
        for (index, element) in diagonal.enumerated() {
            let carried = index > 0 ? offDiagonal[index - 1] * offDiagonal[index - 1] / pivots[index - 1] : 0
            let pivot = x - element - carried
            guard pivot > 0 else { return nil }
            pivots.append(pivot)
        }
        return pivots
    }
    var low = diagonal.max()!
    var high = low + 2 * (offDiagonal.max() ?? 0) + 1e-12 * abs(low) + .leastNormalMagnitude
    while case let middle = low + (high - low) / 2, middle > low, middle < high {
        if pivots(middle) == nil { low = middle } else { high = middle }
    }
    guard let pivots = pivots(high) else { return (high, diagonal.indices.map { $0 == 0 ? 1 : 0 }) }
    var vector = Array(repeating: 1 / Double(diagonal.count).squareRoot(), count: diagonal.count)
    for _ in 0..<4 {
        for index in vector.indices.dropFirst() {
            vector[index] += offDiagonal[index - 1] / pivots[index - 1] * vector[index - 1]
        }
        for index in vector.indices.reversed() {
            let carried = index + 1 < vector.count ? offDiagonal[index] * vector[index + 1] : 0
            vector[index] = (vector[index] + carried) / pivots[index]
        }
        vector = vector.scaled(by: 1 / vector.norm)
    }
    return (high, vector)
}
