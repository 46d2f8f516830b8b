/// What a reward head is trained on or, without training, what orders the responses in its place.
package enum RewardArm: String, Hashable, Sendable, Codable, CaseIterable {
    /// A head whose loss has no margin: `-log σ(r_chosen - r_rejected)`. All others are compared with it.
    case none

    /// Every pair has the same margin, the mean of ours: what margins do that tell no pair from another.
    case constant

    /// Legend's margins (Feng et al., AAAI 2025): along the mean difference, at the last token of the last layer, between a
    /// refusal and harmful responses.
    case legend

    /// The margins of the job.
    case ours

    /// The job's margins in the unit that it writes, as who trains on its output has them: their size is not chosen.
    case written

    /// The job's margins, each at another pair: what their distribution does, without what they say.
    case shuffled

    /// The mean difference of rewards of several heads, each trained on a bootstrap sample of the prompts (Wang et al. 2024,
    /// arXiv 2401.06080; in Legend's paper RewardEnsemble).
    case ensemble

    /// The head without a margin and the job's score, each by its spread, averaged: no margin in the loss.
    case averaged

    /// The job's score, without a head.
    case score

    /// Legend's score, without a head.
    case legendScore = "legend-score"

    /// Those whose margins are in the loss.
    static let withMargins: [RewardArm] = [.constant, .legend, .ours, .written, .shuffled, .ensemble]

    /// Whether the size of the margins is chosen within the folds.
    var hasChosenSize: Bool { self != .written }

    /// Whether a head is trained for it, and which one makes a difference.
    package var isOfHead: Bool { self != .score && self != .legendScore }
}

package enum RewardHead: String, Hashable, Sendable, Codable, CaseIterable {
    /// `r = h · w`.
    case linear

    /// `r = tanh(h W + b) · v`: one hidden layer.
    case mlp
}
