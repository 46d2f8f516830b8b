internal import Margins

extension PageSection {
    /// What explains the scores that is not safety; nil where nothing was measured.
    static func confounds(_ trust: TrustFigures) -> PageSection? {
        let found = explanations(trust.confounds)
        guard !found.isEmpty || trust.agreementAtEqualLength != nil else { return nil }
        return PageSection("confounds", "What else explains the scores?") {
            if !found.isEmpty {
                figure(
                    BarPlot(rows: found.map { BarPlot.Row(label: $0.name, share: $0.explained.adjusted) })
                        .markup(
                            id: "confounds-plot", title: "Shares of the scores' variance that something else explains"),
                    caption: """
                        How to read it: the share of the variance of single responses' scores that each of these explains, \
                        less what noise would. Near 0 is good; they may overlap.
                        """)
                MarkupTable(
                    "What explains the scores",
                    header: ["What", "Share", "Before noise is taken off", "What it means"],
                    rows: found.map {
                        [$0.name, $0.explained.adjusted.percentText, $0.explained.share.percentText, $0.meaning]
                    }
                ).markup
            }
            if let equal = trust.agreementAtEqualLength {
                element("h3") { "Where length cannot tell" }
                let all = trust.labelAgreement.map { " Over all rows: \($0.value.percentText)." } ?? ""
                paragraph(
                    """
                    Among \(equal.rows) rows whose responses' lengths differ by less than a quarter, \(equal.value.percentText) \
                    of the margins agree with the label (95 % interval: \(equal.low.percentText) to \
                    \(equal.high.percentText)).\(all) Much less here than there means that the margins read length.
                    """)
            }
        }
    }

    private static func explanations(
        _ confounds: TrustFigures.Confounds
    ) -> [(name: String, explained: VarianceExplained, meaning: String)] {
        let all: [(String, VarianceExplained?, String)] = [
            ("length", confounds.length, "One of two responses scores higher for being shorter, or longer."),
            (
                "final character", confounds.finalCharacter,
                """
                How a response ends decides its score, as where the model is read at the last token: a full stop, a quote, a \
                word cut off.
                """
            ),
            (
                "refusal wording", confounds.refusalWording,
                """
                Phrases such as "I cannot" decide the score. Where the safe answer is a refusal, some of that is the \
                labels'; on harmless questions it rewards refusing.
                """
            ),
            ("truncation", confounds.truncation, "Whether a response breaks off decides its score."),
            (
                "refusal of harmless questions", confounds.refusalOfHarmless,
                """
                The score lies along a direction of refusals of harmless questions (of \(confounds.refusalOfHarmlessRows) \
                rows): training with these margins may teach to refuse.
                """
            ),
        ]
        return all.compactMap { name, explained, meaning in explained.map { (name, $0, meaning) } }
    }
}
