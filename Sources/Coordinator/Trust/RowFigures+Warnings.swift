internal import Diagnostics
internal import Margins
internal import Reports

extension RowFigures {
    /// What a confound explains at most without a warning.
    package static let confoundMax = 0.25

    /// What is wrong with the margins, a sentence each; empty where nothing is seen.
    ///
    /// - Parameters:
    ///   - isSurveyed: whether the survey's own warnings compare the direction with chance, which is not said twice.
    ///   - isOfAnchors: whether other anchors could do better.
    package func warnings(isSurveyed: Bool, isOfAnchors: Bool) -> [String] {
        guard let margins = labelAgreement else { return [] }
        guard margins.isEnough else {
            // Of so few prompts the survey says it.
            if isSurveyed, margins.prompts < TrustFigures.Agreement.promptsMin { return [] }
            return [
                """
                too few rows to tell whether margins mean anything: \(margins.rows.counted("row")) of \
                \(margins.prompts.counted("prompt")), expected at least \(TrustFigures.Agreement.rowsMin) of \(TrustFigures.Agreement.promptsMin)
                """
            ]
        }
        return (isSurveyed ? [] : chanceWarnings(margins)) + baselineWarnings(margins, isOfAnchors)
            + equalLengthWarnings(margins, isOfAnchors) + confoundWarnings(isOfAnchors) + (strength?.warnings ?? [])
    }

    private func chanceWarnings(_ margins: TrustFigures.Agreement) -> [String] {
        guard !margins.isAboveChance else { return [] }
        let chance =
            margins.high < 0.5
            ? "fewer than chance: the direction's two sides, or the rows', are swapped, or it is about something else"
            : "which is no better than chance"
        return [
            """
            the margins order \(margins.text) of \(margins.rows) rows as labelled, \(chance): use job.anchors: own, or \
            anchors that are like the rows
            """
        ]
    }

    /// Where the margins are no better than chance, only baselines that are better say something.
    private func baselineWarnings(_ margins: TrustFigures.Agreement, _ isOfAnchors: Bool) -> [String] {
        let found: [(name: String, agreement: TrustFigures.Agreement?, advice: String)] = [
            (
                "length alone", baselines.length,
                agreementAtEqualLength.map { "of rows whose responses are about equally long, they order \($0.text)" }
                    ?? (isOfAnchors
                        ? "both sides of anchors should be equally long" : "no row's responses are equally long")
            ),
            (
                "refusal wording alone", baselines.refusalWording,
                isOfAnchors
                    ? "the sides of anchors should differ in more than that one refuses"
                    : "the labels may be about nothing else"
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
    private func equalLengthWarnings(_ margins: TrustFigures.Agreement, _ isOfAnchors: Bool) -> [String] {
        guard let equal = agreementAtEqualLength, equal.isEnough, margins.isAboveChance, !equal.isAboveChance,
            equal.high < margins.value
        else { return [] }
        return [
            """
            the margins order \(margins.text) of \(margins.rows) rows as labelled, but \(equal.text) of the \
            \(equal.rows) whose responses are about equally long, which is no better than chance: the margins follow \
            length\(isOfAnchors ? "; use anchors whose two sides are equally long, or job.anchors: own" : "")
            """
        ]
    }

    private func confoundWarnings(_ isOfAnchors: Bool) -> [String] {
        func advice(_ anchors: String) -> String { isOfAnchors ? "; use anchors \(anchors)" : ", as the labels may" }
        func warning(_ explained: VarianceExplained?, _ cause: String, _ advice: String) -> String? {
            guard let explained, explained.adjusted > Self.confoundMax else { return nil }
            return "\(cause) explains \(explained.adjusted.percent) of the variance of its score: \(advice)"
        }
        return [
            warning(
                confounds.length, "a response's length",
                "the margins lean on which response is longer" + advice("whose two sides are equally long")),
            // Whether a response seems cut off is told by its final character, and explains no more than that.
            warning(
                confounds.finalCharacter, "a response's final character",
                "the scores are of how responses end more than of what they say, as those of a last token are; use "
                    + "embedding.token: mean-response or auto"),
            warning(
                confounds.refusalWording, "a response's refusal wording",
                "the margins lean on which response refuses, of harmless questions too"
                    + advice("that differ in more than that one side refuses")),
        ].compactMap(\.self)
    }
}

extension TrustFigures.Agreement {
    fileprivate var isAboveChance: Bool { low > 0.5 }
}
