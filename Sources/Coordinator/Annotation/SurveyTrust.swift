internal import JobStore
internal import Margins
internal import Protocol
internal import TextFeatures

/// What the survey says of the direction besides how often it is right.
struct SurveyTrust: Codable, Hashable, Sendable {
    /// Of the margins of the surveyed rows, none of which the direction was fitted on.
    var effect: EffectSize?

    /// What having chosen the place by the same rows adds to the effect; 0 where it is the default one.
    var effectOptimism = 0.0

    /// Of the pairs that the direction was fitted on.
    var splitHalfCosine: Double?

    /// What a direction of refusals of harmless questions explains of the other rows' scores.
    var refusalOfHarmless: VarianceExplained?

    /// How many rows that direction is of.
    var refusalOfHarmlessRows = 0
}

extension SurveyTrust {
    /// Fits for the cosine of halves: of a fit on many pairs, each is a part of a second.
    private static let halves = 5

    private static let promptsMin = 10

    typealias Fitted = (pairs: PairDifferences, estimator: Estimator)

    /// - Parameters:
    ///   - fitted: the pairs that the direction was fitted on; nil for several sources.
    ///   - states: of the surveyed rows at the place that is read.
    ///   - outcomes: of the same rows.
    ///   - directions: the number of the direction along which each of them has its scores.
    ///   - refusals: which of them are refusals of harmless questions, by their numbers.
    ///   - effectOptimism: of the choice of the place.
    init(
        _ fitted: Fitted?, states: PlaceStates, outcomes: [PlaceStates.Outcome], directions: [Int],
        prompts: [Int], refusals: [UInt64: Bool], effectOptimism: Double, seed: UInt64
    ) {
        self.effectOptimism = effectOptimism
        // Of a handful of prompts its interval is a number that means nothing.
        effect = Set(prompts).count < Self.promptsMin ? nil : EffectSize(outcomes.map(\.margin), groups: prompts)
        // Of a half that gives no direction there is no cosine.
        splitHalfCosine = fitted.flatMap { fitted in
            (try? fitted.pairs.splitHalfCosine(repeats: Self.halves, seed: seed) {
                try fitted.estimator.fit($0, seed: seed)
            }).flatMap(\.self)
        }
        (refusalOfHarmless, refusalOfHarmlessRows) = Self.refusalOfHarmless(
            states, outcomes, directions, prompts, states.rows.map { refusals[$0] ?? false })
    }

    /// Fewer rows, of either sort, say nothing.
    private static let refusalsMin = 20

    private static func refusalOfHarmless(
        _ states: PlaceStates, _ outcomes: [PlaceStates.Outcome], _ directions: [Int], _ prompts: [Int],
        _ refusals: [Bool]
    ) -> (VarianceExplained?, rows: Int) {
        let count = refusals.count(where: \.self)
        guard count >= refusalsMin, refusals.count - count >= refusalsMin else { return (nil, count) }
        let differences = states.differences(prompts)
        guard let direction = try? Estimator.meanDifference.fit(differences.filter { refusals[$0] }) else {
            return (nil, count)
        }
        let none: [[Double]] = Array(repeating: [], count: (directions.max() ?? 0) + 1)
        var (scores, refusing) = (none, none)
        for row in refusals.indices where !refusals[row] {
            let (preferred, other) = states[row]
            scores[directions[row]] += [outcomes[row].scores.0, outcomes[row].scores.1]
            refusing[directions[row]] += [
                projection(of: preferred, on: direction), projection(of: other, on: direction),
            ]
        }
        return (VarianceExplained(ofParts: scores, by: refusing), count)
    }
}

extension Ledger {
    /// Of a step's rows: whether the labels prefer an answer to a refusal, which is then one of a harmless question.
    ///
    /// - Throws: a database error, or `Problem` for a text that is damaged.
    func refusalsOfHarmless(of step: StepID) throws -> [UInt64: Bool] {
        var refusals: [UInt64: Bool] = [:]
        try forEachItem(of: step) { item in
            let counts = item.text.responses.map { ResponseFeatures(of: $0.text).refusalPhraseCountAtStart }
            refusals[item.row] = counts.first == 0 && counts.dropFirst().contains { $0 > 0 }
        }
        return refusals
    }
}
