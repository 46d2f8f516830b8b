internal import Foundation

/// The weights `[columns]` that minimise `mean log(1 + exp(-xᵢ · w)) + λ/2 |w|²`: logistic regression without an
/// intercept, on rows that are differences, so that the right side of each is above zero. As the loss of reward models
/// it is Bradley and Terry's (1952).
///
/// - Precondition: λ > 0; at least one row.
func logisticMinimum(_ matrix: some DesignMatrix, lambda: Double) -> [Double] {
    LogisticLoss(matrix, lambda: lambda).minimum()
}

/// `Σ cᵢ log(1 + exp(mᵢ - xᵢ · w)) / Σ cᵢ + λ/2 |w|²`: Bradley and Terry's loss of a linear reward head on the differences
/// `xᵢ` of pairs, with a margin `mᵢ` that each pair's difference of rewards is to exceed (Touvron et al. 2023, arXiv
/// 2307.09288, 3.2.2) and a weight `cᵢ`.
///
/// Its one minimum is found by Newton's method, its steps by conjugate gradients (Nocedal and Wright, Numerical
/// Optimization, 7.1): memory is a few vectors whatever the sizes are.
struct LogisticLoss<Matrix: DesignMatrix> {
    let matrix: Matrix

    /// > 0.
    let lambda: Double

    /// `[rows]`; nil: 0 of each.
    let margins: [Double]?

    /// `[rows]`, none below 0; nil: 1 of each.
    let rowWeights: [Double]?

    /// About the inverse of the second derivatives, but for a factor, times a vector `[columns]`: with it there are fewer
    /// steps to the same minimum. For columns that are an orthonormal basis.
    let preconditioner: Preconditioner?

    /// - Parameter curvature: the mean of the rows' second derivatives, `p (1 - p)`: at most a quarter.
    typealias Preconditioner = (_ vector: [Double], _ curvature: Double) -> [Double]

    /// - Precondition: λ > 0; at least one row, and one of a weight above 0.
    init(
        _ matrix: Matrix, lambda: Double, margins: [Double]? = nil, rowWeights: [Double]? = nil,
        preconditioner: Preconditioner? = nil
    ) {
        precondition(lambda > 0 && matrix.rowCount > 0)
        precondition(margins.map { $0.count == matrix.rowCount } ?? true, "not a margin for each row")
        precondition(rowWeights.map { $0.count == matrix.rowCount } ?? true, "not a weight for each row")
        (self.matrix, self.lambda, self.margins) = (matrix, lambda, margins)
        (self.rowWeights, self.preconditioner) = (rowWeights, preconditioner)
    }

    /// - Parameters:
    ///   - start: weights near the minimum; nil: 0.
    ///   - tolerance: it ends where the gradient, or the last step, says that the weights are so near to the minimum, relative
    ///     to their norm.
    func minimum(from start: [Double]? = nil, tolerance: Double = 1e-9) -> [Double] {
        var point = LogisticPoint(self, start ?? Array(repeating: 0, count: matrix.columnCount))
        let firstNorm = matrix.norm(point.gradient)
        for _ in 0..<100 {
            let gradientNorm = matrix.norm(point.gradient)
            // The objective is λ-strongly convex: |w - minimum| ≤ |gradient| / λ.
            if gradientNorm <= tolerance * lambda * matrix.norm(point.weights) || gradientNorm == 0 { break }
            let step = point.newtonStep(tolerance: max(min(0.01, gradientNorm / firstNorm), 1e-6))
            guard let next = point.descended(along: step) else { break }
            point = next
            // What is left is a small part of the step that was taken.
            if matrix.norm(step) <= tolerance * matrix.norm(point.weights) { break }
        }
        return point.weights
    }
}

private struct LogisticPoint<Matrix: DesignMatrix> {
    let loss: LogisticLoss<Matrix>
    let weights: [Double]
    let objective: Double
    let gradient: [Double]

    /// The second derivative of each row's part of the loss, `cᵢ p (1 - p) / Σ c`.
    let curvatures: [Double]

    init(_ loss: LogisticLoss<Matrix>, _ weights: [Double]) {
        (self.loss, self.weights) = (loss, weights)
        let matrix = loss.matrix
        var scores = matrix.times(weights)
        if let margins = loss.margins { for row in scores.indices { scores[row] -= margins[row] } }
        let shares: [Double]
        if let rowWeights = loss.rowWeights {
            let total = rowWeights.reduce(0, +)
            shares = rowWeights.map { $0 / total }
        } else {
            shares = Array(repeating: 1 / Double(scores.count), count: scores.count)
        }
        objective =
            zip(scores, shares).reduce(0) { $0 + softplus(-$1.0) * $1.1 }
            + loss.lambda / 2 * matrix.product(weights, weights)
        let misses = scores.map { sigmoid(-$0) }
        var gradient = matrix.transposeTimes(zip(misses, shares).map { -$0 * $1 })
        gradient.add(weights, scaledBy: loss.lambda)
        self.gradient = gradient
        curvatures = zip(misses, shares).map { $0 * (1 - $0) * $1 }
    }

    private func hessianTimes(_ vector: [Double]) -> [Double] {
        let scores = zip(loss.matrix.times(vector), curvatures).map { $0 * $1 }
        var product = loss.matrix.transposeTimes(scores)
        product.add(vector, scaledBy: loss.lambda)
        return product
    }

    /// `-H⁻¹ gradient` up to a residual of `tolerance` times the gradient.
    func newtonStep(tolerance: Double) -> [Double] {
        let matrix = loss.matrix
        var step = Array(repeating: 0.0, count: weights.count)
        var residual = gradient.scaled(by: -1)
        let goal = matrix.product(residual, residual) * tolerance * tolerance
        let curvature = curvatures.reduce(0, +)
        var conditioned = loss.preconditioner?(residual, curvature) ?? residual
        var direction = conditioned
        var squared = matrix.product(residual, conditioned)
        for _ in 0..<2 * weights.count + 10 where matrix.product(residual, residual) > goal {
            let product = hessianTimes(direction)
            let length = squared / matrix.product(direction, product)
            step.add(direction, scaledBy: length)
            residual.add(product, scaledBy: -length)
            conditioned = loss.preconditioner?(residual, curvature) ?? residual
            let next = matrix.product(residual, conditioned)
            direction = direction.scaled(by: next / squared)
            direction.add(conditioned)
            squared = next
        }
        return step
    }

    /// The first of the whole step, half of it, a quarter … that lowers the objective as its slope promises; nil where
    /// none does, which is where rounding ends the descent.
    func descended(along step: [Double]) -> LogisticPoint? {
        let matrix = loss.matrix
        let slope = matrix.product(gradient, step)
        var length = 1.0
        for _ in 0..<40 {
            var moved = weights
            moved.add(step, scaledBy: length)
            let point = LogisticPoint(loss, moved)
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
