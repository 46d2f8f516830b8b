internal import Foundation

/// The weights `[columns]` that minimise `mean log(1 + exp(-xᵢ · w)) + λ/2 |w|²`: logistic regression without an
/// intercept, on rows that are differences, so that the right side of each is above zero. As the loss of reward models
/// it is Bradley and Terry's (1952).
///
/// Newton's method, its steps by conjugate gradients (Nocedal and Wright, Numerical Optimization, 7.1): memory is a few
/// vectors whatever the sizes are. The minimum is unique; it ends where the gradient says that the weights are within
/// 1e-9 of it, relative to their norm.
///
/// - Precondition: λ > 0; at least one row.
func logisticMinimum(_ matrix: some DesignMatrix, lambda: Double) -> [Double] {
    precondition(lambda > 0 && matrix.rowCount > 0)
    var point = LogisticPoint(matrix, Array(repeating: 0, count: matrix.columnCount), lambda: lambda)
    let firstNorm = matrix.norm(point.gradient)
    for _ in 0..<100 {
        let gradientNorm = matrix.norm(point.gradient)
        // The objective is λ-strongly convex: |w - minimum| ≤ |gradient| / λ.
        if gradientNorm <= 1e-9 * lambda * matrix.norm(point.weights) || gradientNorm == 0 { break }
        let step = point.newtonStep(matrix, tolerance: max(min(0.01, gradientNorm / firstNorm), 1e-6))
        guard let next = point.descended(matrix, along: step) else { break }
        point = next
    }
    return point.weights
}

private struct LogisticPoint {
    let weights: [Double]
    let lambda: Double
    let objective: Double
    let gradient: [Double]

    /// The second derivative of each row's loss, `p (1 - p)`.
    let curvatures: [Double]

    init(_ matrix: some DesignMatrix, _ weights: [Double], lambda: Double) {
        self.weights = weights
        self.lambda = lambda
        let scores = matrix.times(weights)
        let count = Double(scores.count)
        objective = scores.reduce(0) { $0 + softplus(-$1) } / count + lambda / 2 * matrix.product(weights, weights)
        let misses = scores.map { sigmoid(-$0) }
        var gradient = matrix.transposeTimes(misses).scaled(by: -1 / count)
        gradient.add(weights, scaledBy: lambda)
        self.gradient = gradient
        curvatures = misses.map { $0 * (1 - $0) }
    }

    private func hessianTimes(_ matrix: some DesignMatrix, _ vector: [Double]) -> [Double] {
        let scores = zip(matrix.times(vector), curvatures).map { $0 * $1 }
        var product = matrix.transposeTimes(scores).scaled(by: 1 / Double(curvatures.count))
        product.add(vector, scaledBy: lambda)
        return product
    }

    /// `-H⁻¹ gradient` up to a residual of `tolerance` times the gradient.
    func newtonStep(_ matrix: some DesignMatrix, tolerance: Double) -> [Double] {
        var step = Array(repeating: 0.0, count: weights.count)
        var residual = gradient.scaled(by: -1)
        var direction = residual
        var squared = matrix.product(residual, residual)
        let goal = squared * tolerance * tolerance
        for _ in 0..<2 * weights.count + 10 where squared > goal {
            let product = hessianTimes(matrix, direction)
            let length = squared / matrix.product(direction, product)
            step.add(direction, scaledBy: length)
            residual.add(product, scaledBy: -length)
            let next = matrix.product(residual, residual)
            direction = direction.scaled(by: next / squared)
            direction.add(residual)
            squared = next
        }
        return step
    }

    /// The first of the whole step, half of it, a quarter … that lowers the objective as its slope promises; nil where
    /// none does, which is where rounding ends the descent.
    func descended(_ matrix: some DesignMatrix, along step: [Double]) -> LogisticPoint? {
        let slope = matrix.product(gradient, step)
        var length = 1.0
        for _ in 0..<40 {
            var moved = weights
            moved.add(step, scaledBy: length)
            let point = LogisticPoint(matrix, moved, lambda: lambda)
            if point.objective <= objective + 1e-4 * length * slope { return point }
            // So near to the minimum the objective's own rounding hides the descent, but not the gradient's.
            let isStill = length == 1 && abs(slope) < 1e-12 * objective
            if isStill, matrix.norm(point.gradient) < 0.5 * matrix.norm(gradient) { return point }
            length /= 2
        }
        return nil
    }
}

/// `1 / (1 + exp(-x))`.
func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

/// `log(1 + exp(x))`.
func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
