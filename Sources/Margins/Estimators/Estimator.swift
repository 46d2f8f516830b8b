/// How a direction is fitted on pair differences.
///
/// All sums are in double precision, in one order, on one thread: who has many fits to do runs several at a time, and
/// gets the same bits.
package enum Estimator: Hashable, Sendable {
    /// `d̄`, the mean of the differences (Legend: Feng et al., AAAI 2025). It can be had of a stream of any length in
    /// `[hidden]`: `DirectionAccumulator`.
    case meanDifference

    /// The direction of the largest second moment of the differences, uncentred, as representation engineering takes it
    /// (Zou et al. 2023, arXiv 2310.01405), with the sign of the mean. Were the differences centred, their mean, which
    /// is what they have in common, would be taken out of them.
    case firstPrincipalComponent

    /// `(DᵀD/n + λ m I)⁻¹ d̄`, with `m` the mean eigenvalue of `DᵀD/n`: least squares from the differences to 1,
    /// without an intercept (Hoerl and Kennard, Technometrics 1970). λ > 0.
    case ridge(lambda: Double)

    /// Logistic regression without an intercept, its loss the mean over the pairs, plus `λ/2 |w|²`. The differences are
    /// divided by one number, the root of the mean square of all their components, so that λ means the same at every
    /// place of a model. λ > 0.
    case logistic(lambda: Double)

    /// `Σ⁻¹ d̄`, with Ledoit and Wolf's estimate of the differences' covariance (J. Multivariate Analysis 2004):
    /// Fisher's discriminant of the differences against their mirror images.
    case ledoitWolf

    /// Whether it is fitted on a sample where there are more pairs than `DifferenceSample.pairsMax`.
    package var isSampled: Bool { self != .meanDifference }

    /// Fits the direction: `[hidden]`, of norm 1.
    ///
    /// - Parameters:
    ///   - differences: in which the preferred response is the minuend; of more than `DifferenceSample.pairsMax`, all
    ///     estimators but the mean difference take a sample.
    ///   - seed: decides the sample.
    /// - Throws: `DirectionError` without pairs, where they cancel out, or for numbers that are not finite.
    package func fit(_ differences: PairDifferences, seed: UInt64 = 0) throws -> [Float] {
        try weights(isSampled ? differences.sampled(seed: seed) : differences).map { Float($0) }
    }

    /// In double precision, on all the pairs, of norm 1.
    func weights(_ differences: PairDifferences) throws -> [Double] {
        let weights = try solution(differences).weights
        return weights.scaled(by: 1 / weights.norm)
    }

    /// On all the pairs, of any norm but zero.
    func solution(_ differences: PairDifferences) throws -> Solution {
        guard differences.count > 0 else { throw DirectionError.noAnchors }
        let mean = differences.mean
        let scale = differences.meanSquare
        guard scale.isFinite else { throw DirectionError.notFinite }
        guard mean.contains(where: { $0 != 0 }) else { throw DirectionError.zero }
        switch self {
        case .meanDifference: return try Solution(weights: mean)
        case .firstPrincipalComponent:
            let component = largestEigenvector(of: differences, from: mean)
            return try Solution(weights: component.scaled(by: dot(component, mean) < 0 ? -1 : 1))
        case .ridge(let lambda):
            precondition(lambda > 0, "a ridge without a penalty")
            let rows = DenseRows(differences)
            let inverse = try ShrunkInverse(rows, moment: rows.smallerMoment(), a: 1, b: lambda * scale)
            return try Solution(weights: inverse.times(mean), inverse: inverse)
        case .logistic(let lambda):
            return try Solution(weights: logisticMinimum(ScaledDifferences(differences), lambda: lambda))
        case .ledoitWolf:
            // Without any spread, the limit of ever less of it is the mean.
            let inverse = try ledoitWolfInverse(differences, mean: mean)
            return try Solution(weights: inverse?.times(mean) ?? mean, inverse: inverse)
        }
    }

    /// What a fit comes to.
    struct Solution {
        /// `[hidden]`; of the logistic regression, those of the divided differences.
        let weights: [Double]

        /// What the mean difference was multiplied by, where the fit does so.
        let inverse: ShrunkInverse?

        /// - Throws: `DirectionError` for weights that are zero or not finite.
        init(weights: [Double], inverse: ShrunkInverse? = nil) throws {
            self.weights = try Direction(difference: weights).difference
            self.inverse = inverse
        }
    }
}

/// Differences divided by the root of the mean square of all their components, without a copy of them.
struct ScaledDifferences: DesignMatrix {
    let differences: PairDifferences

    /// The numbers of the pairs that it is of.
    let rows: [Int]

    /// What they are multiplied by.
    let factor: Double

    init(_ differences: PairDifferences) {
        self.init(
            differences, rows: Array(0..<differences.count), factor: 1 / differences.meanSquare.squareRoot())
    }

    init(_ differences: PairDifferences, rows: [Int], factor: Double) {
        (self.differences, self.rows, self.factor) = (differences, rows, factor)
    }

    var rowCount: Int { rows.count }
    var columnCount: Int { differences.hiddenSize }

    func times(_ vector: [Double]) -> [Double] { differences.times(vector, rows: rows).scaled(by: factor) }

    func transposeTimes(_ weights: [Double]) -> [Double] {
        differences.transposeTimes(weights, rows: rows).scaled(by: factor)
    }
}
