internal import Margins
internal import Reports

extension RowFigures {
    /// What a confound explains at most without a warning.
    package static let confoundMax = 0.25

    /// What is wrong with the margins, a sentence each; empty where nothing is seen.
    ///
    /// - Parameter isSurveyed: whether the survey's own warnings compare the direction with chance, which is not said
    ///   twice.
    package func warnings(isSurveyed: Bool) -> [String] {
        guard let margins = labelAgreement, margins.isEnough else { return [] }
        return (isSurveyed ? [] : chanceWarnings(margins)) + baselineWarnings(margins)
            + equalLengthWarnings(margins) + confoundWarnings
    }

    private func chanceWarnings(_ margins: TrustFigures.Agreement) -> [String] {
        guard !margins.isAboveChance else { return [] }
        return [
            """
            the margins order \(margins.text) of \(margins.rows) rows as labelled, which is no better than chance: use \
            job.anchors: own, or anchors that are like the rows
            """
        ]
    }

    /// Where the margins are no better than chance, only baselines that are better say something.
    private func baselineWarnings(_ margins: TrustFigures.Agreement) -> [String] {
        let found: [(name: String, agreement: TrustFigures.Agreement?, advice: String)] = [
            (
                "length alone", baselines.length,
                "see agreement_at_equal_length for what is left of them; of anchors, both sides should be equally long"
            ),
            (
                "refusal wording alone", baselines.refusalWording,
                "of anchors, the sides should differ in more than that one refuses"
            ),
            (
                "a bag of words", baselines.bagOfWords,
                "a larger model may see more"
            ),
        ]
        return found.compactMap { name, baseline, advice in
            guard let baseline, baseline.isEnough, baseline.value >= margins.low,
                margins.isAboveChance || baseline.isAboveChance
            else { return nil }
            return """
                the margins order \(margins.text) of \(margins.rows) rows as labelled, \(name), fitted on rows of other \
                prompts, \(baseline.text) of \(baseline.rows): the margins are no better than that; \(advice)
                """
        }
    }

    /// The value of all rows must be outside of the interval: few rows of equal length tell nothing.
    private func equalLengthWarnings(_ margins: TrustFigures.Agreement) -> [String] {
        guard let equal = agreementAtEqualLength, equal.isEnough, margins.isAboveChance, !equal.isAboveChance,
            equal.high < margins.value
        else { return [] }
        return [
            """
            the margins order \(margins.text) of \(margins.rows) rows as labelled, but \(equal.text) of the \
            \(equal.rows) whose responses are about equally long, which is no better than chance: the margins follow \
            length; use anchors whose two sides are equally long, or job.anchors: own
            """
        ]
    }

    private var confoundWarnings: [String] {
        func warning(_ explained: VarianceExplained?, _ cause: String, _ advice: String) -> String? {
            guard let explained, explained.adjusted > Self.confoundMax else { return nil }
            return "\(cause) explains \(explained.adjusted.percent) of the variance of its score: \(advice)"
        }
        return [
            warning(
                confounds.length, "a response's length",
                "the margins lean on which response is longer; use anchors whose two sides are equally long"),
            // Whether a response seems cut off is told by its final character, and explains no more than that.
            warning(
                confounds.finalCharacter, "a response's final character",
                "the scores are of how responses end more than of what they say, as those of a last token are; use "
                    + "embedding.token: mean-response or auto"),
            warning(
                confounds.refusalWording, "a response's refusal wording",
                "the margins lean on which response refuses, of harmless questions too; use anchors that differ in more "
                    + "than that one side refuses"),
        ].compactMap(\.self)
    }
}

extension TrustFigures.Agreement {
    fileprivate var isAboveChance: Bool { low > 0.5 }
}
