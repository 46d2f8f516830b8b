internal import Foundation

extension Estimator {
    /// Fits the direction, with the standard errors of scores on it by closed forms: how much a score would vary, had
    /// other groups been drawn.
    ///
    /// An estimator's weights solve `Σ ψᵢ(w) = 0`. With `A = -∂ Σ ψᵢ / ∂w / n`, group `g` moves them by `A⁻¹ Σ_{i∈g} ψᵢ /
    /// n` to the first order, and the squares of that, summed over the groups, are their variance (the sandwich: Huber,
    /// Fifth Berkeley Symposium, 1967; of whole groups: Liang and Zeger, Biometrika 1986). The mean eigenvalue of the
    /// ridge's penalty, the number by which the logistic regression divides, and how much Ledoit and Wolf shrink and to
    /// what, are taken as if they did not vary. They are about the penalised weights' own mean: the penalty's bias is no
    /// part of them.
    ///
    /// What a fit leaves of a group's pairs is taken as one without that group leaves of them (the jackknife: CR3 of Bell
    /// and McCaffrey, Survey Methodology 2002; MacKinnon and White, J. Econometrics 1985). Where groups are fewer than
    /// components a fit follows them closely, and what it leaves itself is too little: of 177 pairs of 576 components the
    /// errors of a ridge of λ = 1 were 0.77 of the true ones without, and are 1.06 with that. Those of the principal
    /// component are without; nor do they know that the mean's side of it may be in doubt.
    ///
    /// - Parameters:
    ///   - differences: as for `fit`.
    ///   - partsMax: from how many groups on they are merged at random, as whole ones; so many directions the errors
    ///     have at most. More than 1.
    ///   - seed: decides the sample, and which groups are merged.
    /// - Returns: what `fit` returns, `[hidden]`, of norm 1; and the errors, `[parts, hidden]`, in the unit of the
    ///   states, each row orthogonal to the direction. There are none of fewer than two groups, of a principal component
    ///   whose eigenvalue is that of a second one too, and under a penalty that is nothing, in double precision.
    /// - Throws: as `fit`.
    package func fitWithErrors(
        _ differences: PairDifferences, partsMax: Int = 512, seed: UInt64 = 0
    ) throws -> (direction: [Float], errors: StandardErrors?) {
        let differences = isSampled ? differences.sampled(seed: seed) : differences
        let solution = try solution(differences)
        let direction = solution.weights.scaled(by: 1 / solution.weights.norm).map { Float($0) }
        return (direction, try errors(of: solution, differences, partsMax: partsMax, seed: seed))
    }

    private func errors(
        of solution: Solution, _ differences: PairDifferences, partsMax: Int, seed: UInt64
    ) throws -> StandardErrors? {
        if case .meanDifference = self {
            var moments = DifferenceMoments(hiddenSize: differences.hiddenSize, partsMax: partsMax, seed: seed)
            for (row, group) in differences.groups.enumerated() { moments.add(differences[row], group: group) }
            return try moments.unitStandardErrors()
        }
        var parts = GroupParts(partsMax: partsMax, seed: seed)
        let rowParts = differences.groups.map { parts.add($0) }
        let groups = GroupIndex(differences.groups).numbers
        guard parts.count > 1, let (inverse, own) = try? linearisation(solution, differences),
            let factors = self == .firstPrincipalComponent ? own : try? inverse.leavingOut(groups, of: own)
        else { return nil }
        // Of the rows' multiples, what each part moves their mean by: as weights of the rows, `[parts, pairs]`.
        var sums = Array(repeating: 0.0, count: parts.count * factors.count)
        for (row, part) in rowParts.enumerated() { sums[part * factors.count + row] = factors[row] }
        let weights = parts.contributions(sums, mean: factors.scaled(by: 1 / Double(factors.count)))!
        return StandardErrors(contributions: inverse.timesCombinations(weights), acrossUnitOf: solution.weights)
    }

    /// `A⁻¹` and the factors `rᵢ` `[pairs]` of the rows `xᵢ` that it is of, where `ψᵢ = rᵢ xᵢ` but for a vector
    /// that is the same for all pairs: ψ's mean is zero, and so what is the same for all goes with the mean of `rᵢ xᵢ`.
    ///
    /// - Returns: nil where there is no `A⁻¹`, to all digits.
    /// - Throws: `DirectionError.notFinite` likewise.
    private func linearisation(
        _ solution: Solution, _ differences: PairDifferences
    ) throws -> (inverse: ShrunkInverse, factors: [Double])? {
        let weights = solution.weights
        switch self {
        case .meanDifference: return nil
        case .firstPrincipalComponent:
            // ψ = d (d · v) - λ₁ v, and A = λ₁ I - DᵀD/n on what is across v (Wilkinson, The Algebraic Eigenvalue
            // Problem, chapter 2): the other components' part in v, divided by how far their eigenvalues are from λ₁.
            let rows = DenseRows(differences)
            let scores = rows.times(weights)
            let eigenvalue = dot(scores, scores) / Double(rows.rowCount) / dot(weights, weights)
            let inverse = try ShrunkInverse(
                rows, moment: rows.smallerMoment(), a: -1, b: eigenvalue, raisedAlong: weights)
            // Nearer to the second than the component itself is known.
            guard inverse.smallestPivot > 1e-11 * eigenvalue else { return nil }
            return (inverse, scores)
        case .ridge:
            // ψ = d (1 - d · w) - λ m w.
            guard let inverse = solution.inverse else { return nil }
            return (inverse, inverse.rows.times(weights).map { 1 - $0 })
        case .logistic(let lambda):
            // ψ = d σ(-d · w) - λ w, and A = Σ σ(d · w) σ(-d · w) d dᵀ / n + λ I: a ridge's of rows that are multiplied
            // by the root of σσ, of which σ(-s) is exp(-s/2) times as much. None of these overflows: at the minimum
            // Σ s σ(-s) = n λ |w|² > 0, so that no score is below -0.28 n, of at most `DifferenceSample.pairsMax` pairs.
            let scaled = ScaledDifferences(differences)
            let scores = scaled.times(weights)
            let roots = scores.map { (sigmoid($0) * sigmoid(-$0)).squareRoot() * scaled.factor }
            let rows = DenseRows(differences, factors: roots)
            let inverse = try ShrunkInverse(rows, moment: rows.smallerMoment(), a: 1, b: lambda)
            return (inverse, scores.map { exp(-$0 / 2) })
        case .ledoitWolf:
            // ψ = d - (1 - s) c (c · w) - s m w of c = d - d̄, A the shrunk covariance; d̄ is the same for all pairs.
            guard let inverse = solution.inverse else {
                // No pair differs from another: no group moves the direction.
                let rows = DenseRows(differences)
                return (
                    try ShrunkInverse(rows, moment: rows.smallerMoment(), a: 0, b: 1),
                    Array(repeating: 1, count: rows.rowCount)
                )
            }
            return (inverse, inverse.rows.times(weights).map { 1 - inverse.a * $0 })
        }
    }
}
