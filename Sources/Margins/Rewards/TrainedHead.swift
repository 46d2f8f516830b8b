/// A linear reward head that is trained on all pairs there are, `r = h · w`, for who uses it on other responses.
package struct TrainedHead: Hashable, Sendable {
    package let arm: RewardArm

    /// `[hidden]`, of states as they are.
    package let weights: [Double]

    /// The margin that each pair had in the loss, `[pairs]`.
    package let margins: [Double]
}

extension RewardEvaluation {
    /// The penalty `λ` of the heads that are trained on all pairs, on states as they are: the choice of most folds.
    ///
    /// - Parameter seeds: one or more.
    package func penalty(_ seeds: [HeldOutRewards]) -> Double {
        training.penalties[penaltyPlace(seeds)] / (solver.factor * solver.factor)
    }

    private func penaltyPlace(_ seeds: [HeldOutRewards]) -> Int {
        let chosen = seeds.flatMap(\.penalties)
        let counts = training.penalties.map { penalty in chosen.count { $0 == penalty } }
        return counts.indices.max { (counts[$0], -$0) < (counts[$1], -$1) } ?? 0
    }

    /// Of each arm that has a head of its own; margins in the loss have the median of the sizes that were chosen.
    ///
    /// - Parameter seeds: one or more.
    /// - Throws: `DirectionError` where the pairs give no direction; nothing where there were seeds.
    package func heads(_ seeds: [HeldOutRewards]) throws -> [TrainedHead] {
        guard let folds = Folds(groups: data.pairs.groups, count: training.folds, seed: 0) else { return [] }
        let penalty = penaltyPlace(seeds)
        var run = SeedRun(data, training, solver, folds, seed: 0)
        let set = run.linear.trainingSet(without: FoldSet())
        return try data.arms.filter { $0 == .none || RewardArm.withMargins.contains($0) }.map { arm in
            var margins = Array(repeating: 0.0, count: set.rows.count)
            if arm != .none {
                margins = try run.margins(arm, set, penalty: penalty)
                    .scaled(by: HeldOutRewards.size(of: arm, seeds) ?? 1)
            }
            let weights = run.linear.weights(
                set, penalty: penalty, margins: margins, from: nil, tolerance: SeedRun.exact)
            return TrainedHead(arm: arm, weights: weights.scaled(by: solver.factor), margins: margins)
        }
    }
}

extension RewardEvaluation {
    /// What scores other responses as the job does, fitted on all pairs; and as Legend does, at its place: `[hidden]` each,
    /// of any norm. Legend's is nil where there is none.
    ///
    /// - Throws: `DirectionError` where the pairs give no direction.
    package func scores() throws -> (ours: [Double], legend: [Double]?) {
        guard let folds = Folds(groups: data.pairs.groups, count: training.folds, seed: 0) else {
            throw DirectionError.noAnchors
        }
        var ours = JobMargins(data, folds, seed: 0)
        var legend = data.legend.map { FoldMargins($0, folds) }
        return (
            try ours.direction(without: FoldSet()),
            try legend?.direction(without: FoldSet()).map { Double($0) }
        )
    }
}

extension HeldOutRewards {
    /// The median of the sizes of margins in the loss that were chosen; nil where none were.
    static func size(of arm: RewardArm, _ seeds: [HeldOutRewards]) -> Double? {
        let sizes = seeds.flatMap { $0.sizes[arm] ?? [] }.sorted()
        return sizes.isEmpty ? nil : sizes[sizes.count / 2]
    }
}
