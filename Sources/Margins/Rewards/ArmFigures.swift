/// What one arm came to, over all seeds, beside the head without a margin.
package struct ArmFigures: Hashable, Sendable, Codable {
    package let arm: RewardArm

    /// nil for what has no head; then it is compared with the first head that there is.
    package let head: RewardHead?

    /// How often rows of other prompts are ordered as labelled, with a 95 % interval that is clustered by prompt. A row counts
    /// by the share of the seeds that order it so.
    package let accuracy: ClusteredShare

    /// To the same head without a margin, on the same rows; nil for that head itself.
    package let difference: PairedGain?

    /// Holm's adjustment of `difference.p` for all the comparisons.
    package let adjustedP: Double?

    /// The mean over the seeds; see `HeldOutRewards.calibrationErrors`.
    package let calibrationError: Double?

    /// The median of the sizes of margins in the loss that were chosen; nil where none are in it.
    package let size: Double?

    /// - Parameters:
    ///   - seeds: one or more.
    ///   - groups: of each row.
    package static func all(_ seeds: [HeldOutRewards], arms: [RewardArm], heads: [RewardHead], groups: [Int])
        -> [ArmFigures]
    {
        // One head's arms after another's, and what has no head in the end.
        let keys =
            heads.flatMap { head in arms.filter(\.isOfHead).map { HeldOutRewards.Key($0, head) } }
            + arms.filter { !$0.isOfHead }.map { HeldOutRewards.Key($0, nil) }
        var shares: [HeldOutRewards.Key: [Double]] = [:]
        for key in keys {
            var share = Array(repeating: 0.0, count: groups.count)
            for seed in seeds {
                guard let margins = seed.margins[key] else { preconditionFailure("an arm that a seed does not have") }
                for (row, margin) in margins.enumerated() { share[row] += margin > 0 ? 1 : margin < 0 ? 0 : 0.5 }
            }
            shares[key] = share.map { min($0 / Double(seeds.count), 1) }
        }
        let gains = keys.map { key -> PairedGain? in
            guard key.arm != .none, let own = shares[key], let none = shares[.init(.none, key.head ?? heads[0])] else {
                return nil
            }
            return PairedGain(zip(own, none).map { $0 - $1 }, groups: groups)
        }
        let compared = gains.indices.filter { gains[$0] != nil }
        let adjusted = holmAdjusted(compared.map { gains[$0]?.p ?? 1 })
        let adjustedByPlace = Dictionary(uniqueKeysWithValues: zip(compared, adjusted))
        return keys.enumerated().compactMap { place, key in
            guard let accuracy = ClusteredShare(shares[key] ?? [], groups: groups) else { return nil }
            let errors = seeds.compactMap { $0.calibrationErrors[key] }
            return ArmFigures(
                arm: key.arm, head: key.head, accuracy: accuracy, difference: gains[place],
                adjustedP: adjustedByPlace[place],
                calibrationError: errors.count == seeds.count ? errors.reduce(0, +) / Double(errors.count) : nil,
                size: HeldOutRewards.size(of: key.arm, seeds))
        }
    }
}
