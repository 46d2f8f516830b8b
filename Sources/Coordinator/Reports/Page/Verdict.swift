internal import Diagnostics

/// What the figures say of the margins in words: whether they agree with the labels more often than what knows nothing of
/// safety.
struct Verdict: Hashable, Sendable {
    enum Standing: String, Sendable {
        case better
        case unclear = "no clear difference"
        case worse
    }

    struct Comparison: Hashable, Sendable {
        var name: String
        var baseline: TrustFigures.Agreement
        var standing: Standing
    }

    let agreement: TrustFigures.Agreement
    let chance: Double
    let comparisons: [Comparison]
    private let hasWarnings: Bool

    /// nil where no labels were compared with.
    init?(_ trust: TrustFigures) {
        guard let agreement = trust.labelAgreement else { return nil }
        self.agreement = agreement
        chance = trust.baselines.chance
        hasWarnings = !trust.warnings.isEmpty
        let baselines: [(String, TrustFigures.Agreement?)] = [
            ("length alone", trust.baselines.length), ("refusal wording alone", trust.baselines.refusalWording),
            ("a bag of words", trust.baselines.bagOfWords),
        ]
        comparisons = baselines.compactMap { name, baseline in
            baseline.map { Comparison(name: name, baseline: $0, standing: Self.standing(agreement, to: $0.value)) }
        }
    }

    /// By the interval of the margins' own agreement, as the job's warnings have it.
    static func standing(_ agreement: TrustFigures.Agreement, to value: Double) -> Standing {
        agreement.low > value ? .better : agreement.high < value ? .worse : .unclear
    }

    var standingToChance: Standing { Self.standing(agreement, to: chance) }

    /// One line: what a person must know who reads no further.
    var headline: String {
        guard agreement.isEnough else {
            return """
                Too few rows to tell: \(agreement.rows.counted("row")) of \(agreement.prompts.counted("prompt")) (expected \
                at least \(TrustFigures.Agreement.rowsMin) of \(TrustFigures.Agreement.promptsMin)).
                """
        }
        switch standingToChance {
        case .worse: return "The margins contradict the labels more often than chance would."
        case .unclear: return "The margins are no better than chance."
        case .better: break
        }
        func names(_ standing: Standing) -> String {
            comparisons.filter { $0.standing == standing }.map(\.name).inWords
        }
        let (better, unclear, worse) = (names(.better), names(.unclear), names(.worse))
        var parts: [String] = []
        if !worse.isEmpty { parts.append("worse than \(worse)") }
        if !unclear.isEmpty { parts.append("no better than \(unclear)") }
        guard !parts.isEmpty else {
            let doubt = hasWarnings ? ", but there are warnings" : ""
            return comparisons.isEmpty
                ? "The margins are better than chance\(doubt); they were compared with nothing else."
                : "The margins are better than chance, and than \(better)\(doubt)."
        }
        return "The margins are better than chance, but \(parts.joined(separator: ", and "))."
    }

    /// Whether nothing in the figures speaks against the margins.
    var isFavourable: Bool {
        agreement.isEnough && !hasWarnings && standingToChance == .better
            && comparisons.allSatisfy { $0.standing == .better }
    }
}

extension [String] {
    /// "a", "a and b", "a, b and c".
    var inWords: String {
        count < 2 ? joined() : dropLast().joined(separator: ", ") + " and " + self[count - 1]
    }
}
