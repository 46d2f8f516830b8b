/// What every arm says of pairs whose prompts it was not trained on, by one seed, which draws the folds, the networks' first
/// weights, the bootstrap samples and the shuffling.
///
/// For each fold heads are trained on the others. The penalty and the size of margins in the loss are chosen within these:
/// each of them is left out once more, and what is chosen has the least log loss there, after one factor for all. The penalty
/// is chosen for the head without a margin, and all linear heads of the fold have it. Networks take the linear heads' sizes, and
/// a weight decay that is chosen for the one without a margin, too, by one of the other folds.
package struct HeldOutRewards: Codable, Hashable, Sendable {
    package struct Key: Codable, Hashable, Sendable {
        package var arm: RewardArm

        /// nil for what has no head.
        package var head: RewardHead?

        package init(_ arm: RewardArm, _ head: RewardHead?) { (self.arm, self.head) = (arm, head) }
    }

    /// Differences of rewards, `[pairs]`: above 0 where the preferred response has the larger one.
    package internal(set) var margins: [Key: [Double]] = [:]

    /// How far probabilities are off, those that a head's differences of rewards are; of what has no unit of its own, those
    /// that one factor makes of it, which is fitted on the other folds.
    package internal(set) var calibrationErrors: [Key: Double] = [:]

    /// The sizes of margins in the loss that were chosen, of each fold.
    package internal(set) var sizes: [RewardArm: [Double]] = [:]

    /// The penalties that were chosen, of each fold.
    package internal(set) var penalties: [Double] = []
}

/// Trains and tests reward heads on one set of pairs, seed by seed.
package struct RewardEvaluation: Sendable {
    package let data: RewardData
    package let training: RewardTraining
    let solver: RewardSolver

    /// - Throws: `DirectionError` for numbers that are not finite or all the same.
    package init(_ data: RewardData, _ training: RewardTraining) throws {
        (self.data, self.training) = (data, training)
        solver = try RewardSolver(data.pairs, penalties: training.penalties)
    }

    /// Roughly, what a seed takes in memory besides what all have in common.
    package var bytesOfASeed: Int {
        let (pairs, hidden) = (data.pairs.count, data.pairs.hiddenSize)
        // A fit has a copy of its pairs in double precision, their transpose and a matrix; or each fold has a matrix.
        return 24 * pairs * hidden + 64 * min(pairs, hidden) * min(pairs, hidden)
    }

    /// Depends on nothing but its arguments: seeds may be computed several at a time.
    ///
    /// - Returns: nil where there are fewer prompts than `RewardTraining.foldsMin`.
    /// - Throws: `DirectionError` where some of the pairs give no direction.
    package func heldOut(seed: UInt64) throws -> HeldOutRewards? {
        guard let folds = Folds(groups: data.pairs.groups, count: training.folds, seed: seed),
            folds.count >= RewardTraining.foldsMin
        else { return nil }
        var run = SeedRun(data, training, solver, folds, seed: seed)
        return try run.heldOut()
    }
}
