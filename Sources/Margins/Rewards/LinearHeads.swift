internal import Foundation
internal import SeededRandom

/// Linear reward heads on the pairs outside of some folds.
///
/// Heads of one training set are near one another: each begins where another one of it ended.
struct LinearHeads {
    private let data: RewardData
    private let solver: RewardSolver
    private let folds: Folds
    private var factor: Double { solver.factor }

    /// The numbers of the pairs outside of the folds that are left out.
    struct TrainingSet {
        let excluded: FoldSet
        let rows: [Int]

        /// Of the folds that are left out.
        let held: [Int]
    }

    init(_ data: RewardData, _ solver: RewardSolver, _ folds: Folds) {
        (self.data, self.solver, self.folds) = (data, solver, folds)
    }

    func trainingSet(without excluded: FoldSet) -> TrainingSet {
        let rows = folds.assignment.indices.filter { !excluded.contains(folds.assignment[$0]) }
        return TrainingSet(
            excluded: excluded, rows: rows,
            held: folds.assignment.indices.filter { excluded.contains(folds.assignment[$0]) })
    }

    /// The weights, `[hidden]`, of the divided differences.
    ///
    /// - Parameters:
    ///   - margins: of the set's rows, in their order.
    ///   - rowWeights: of these.
    func weights(
        _ set: TrainingSet, penalty: Int, margins: [Double]? = nil, rowWeights: [Double]? = nil, from start: [Double]?,
        tolerance: Double
    ) -> [Double] {
        let lambda = solver.penalties[penalty]
        return LogisticLoss(
            ScaledDifferences(data.pairs, rows: set.rows, factor: factor), lambda: lambda,
            margins: margins, rowWeights: rowWeights, preconditioner: solver.preconditioner(lambda: lambda)
        ).minimum(from: start, tolerance: tolerance)
    }

    /// The differences of rewards of some rows, in their order.
    func margins(_ weights: [Double], of rows: [Int]) -> [Double] {
        ScaledDifferences(data.pairs, rows: rows, factor: factor).times(weights)
    }

    /// The mean margins of heads that are each trained on as many prompts as there are, drawn with replacement: of all rows.
    func ensembleMargins(
        _ set: TrainingSet, penalty: Int, count: Int, from start: [Double], seed: UInt64, tolerance: Double
    ) -> [Double] {
        var random = SeededGenerator(seed: seed)
        let index = GroupIndex(set.rows.map { data.pairs.groups[$0] })
        var mean = Array(repeating: 0.0, count: start.count)
        for _ in 0..<count {
            var draws = Array(repeating: 0.0, count: index.count)
            for _ in 0..<index.count { draws[Int.random(in: 0..<index.count, using: &random)] += 1 }
            mean.add(
                weights(
                    set, penalty: penalty, rowWeights: index.numbers.map { draws[$0] }, from: start,
                    tolerance: tolerance),
                scaledBy: 1 / Double(count))
        }
        return margins(mean, of: Array(0..<data.pairs.count))
    }
}

/// What linear heads on the same pairs have in common, whatever folds are left out.
struct RewardSolver: Sendable {
    let penalties: [Double]

    /// What differences are multiplied by.
    let factor: Double

    /// `(XᵀX/n + ratio · I)⁻¹` of all pairs, by ascending ratio.
    private let inverses: [(ratio: Double, inverse: ShrunkInverse)]

    /// - Throws: `DirectionError.notFinite` for numbers that overflow; `.zero` where all differences are 0.
    init(_ pairs: PairDifferences, penalties: [Double]) throws {
        let scale = pairs.meanSquare
        guard scale.isFinite else { throw DirectionError.notFinite }
        guard scale > 0 else { throw DirectionError.zero }
        self.penalties = penalties
        factor = 1 / scale.squareRoot()
        let rows = DenseRows(pairs)
        let moment = rows.smallerMoment()
        // From the least penalty at the largest curvature to a hundred times less of it.
        var ratio = 4 * (penalties.min() ?? 1)
        var inverses: [(Double, ShrunkInverse)] = []
        while ratio < 400 * (penalties.max() ?? 1) {
            inverses.append((ratio, try ShrunkInverse(rows, moment: moment, a: 1 / scale, b: ratio)))
            ratio *= 8
        }
        self.inverses = inverses
    }

    /// As if every row's second derivative were the mean of all: `XᵀX/n + λ/curvature · I`, of the ratio that is nearest.
    func preconditioner(lambda: Double) -> ([Double], _ curvature: Double) -> [Double] {
        { vector, curvature in
            let ratio = lambda / max(curvature, 1e-12)
            let distances = inverses.map { abs(log($0.ratio / ratio)) }
            let nearest = distances.indices.min { distances[$0] < distances[$1] } ?? 0
            return inverses[nearest].inverse.times(vector)
        }
    }
}
