/// What reward heads are trained and tested on: pairs of responses by their frozen states, and where their margins come from.
package struct RewardData: Sendable {
    /// `h(x, preferred) - h(x, other)`, with each pair's prompt.
    package let pairs: PairDifferences

    /// Of the same pairs, in the same order.
    package let states: ResponseStates

    /// The job's sources: their margins, each divided by its spread, are averaged.
    package let ours: [MarginSource]

    /// Whether one of several sources is taken alone where it orders the rows better beyond chance.
    package let choosesSource: Bool

    /// nil: there is nothing to fit Legend's direction on.
    package let legend: MarginSource?

    /// - Precondition: of each pair both states.
    package init(
        pairs: PairDifferences, states: ResponseStates, ours: [MarginSource], choosesSource: Bool,
        legend: MarginSource?
    ) {
        precondition(states.count == pairs.count && states.hiddenSize == pairs.hiddenSize && !ours.isEmpty)
        (self.pairs, self.states, self.ours) = (pairs, states, ours)
        (self.choosesSource, self.legend) = (choosesSource, legend)
    }

    package var arms: [RewardArm] {
        RewardArm.allCases.filter { legend != nil || ($0 != .legend && $0 != .legendScore) }
    }
}

/// How reward heads are trained.
package struct RewardTraining: Hashable, Sendable {
    /// Parts of the prompts, of which each is tested by heads that are trained on the others.
    package var folds = 5

    /// What the linear heads' penalty is chosen among: `λ` in the mean loss `+ λ/2 |w|²`, on differences that are divided by
    /// the root of the mean square of all their components.
    package var penalties = [100, 10, 1, 0.1, 0.01, 0.001]

    /// What the networks' weight decay is chosen among.
    package var decays = [0.1, 1, 5, 20]

    /// What the size of the margins is chosen among: their root mean square over the pairs that are trained on.
    package var sizes = [0.1, 0.3, 1, 3]

    /// What the job writes margins in.
    package var unit = Unit.logOdds

    package enum Unit: Hashable, Sendable {
        /// Of the probability that the label is right, by Platt's calibration on what is trained on.
        case logOdds

        /// Multiples of their root mean square.
        case standard

        /// As they are measured.
        case raw
    }

    /// Heads whose mean margins the ensemble's are.
    package var ensemble = 5

    package var heads = RewardHead.allCases

    package init() {}

    /// Fewer folds leave nothing to fit a direction on.
    package static let foldsMin = 4
}
