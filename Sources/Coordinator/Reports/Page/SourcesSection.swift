extension PageSection {
    /// What each source of anchors says of the rows; nil where none was surveyed.
    static func sources(_ trust: TrustFigures) -> PageSection? {
        guard let survey = trust.survey, !survey.sources.isEmpty else { return nil }
        let named = survey.sources.map { (name: $0.name.shownName, source: $0) }
        return PageSection("sources", "Where the direction comes from") {
            figure(
                IntervalPlot(
                    rows: [survey.ownLabels.row("the rows' own labels, cross-fitted")]
                        + named.map { $0.source.agreement.row($0.source.name.isolatedExcerpt(scalars: 30)) },
                    reference: trust.baselines.chance, referenceLabel: "chance \(trust.baselines.chance.axisPercent)"
                ).markup(id: "sources-plot", title: "Agreement with the labels by source of anchors"),
                caption: """
                    How to read it: of \(survey.rows) surveyed rows (\(survey.prompts) prompts), how many a direction of each \
                    source orders as labelled. Anchors far to the left of the rows' own labels do not carry over to these \
                    rows.
                    """)
            MarkupTable(
                "Sources of anchors",
                header: ["Source", "Used", "Pairs", "Agreement (95 % interval)", "Cosine", "Rank correlation"],
                rows: named.map { name, source in
                    [
                        name, source.isUsed ? "yes" : "no", "\(source.pairs)", source.agreement.unbrokenText,
                        source.cosineWithOwn?.figure ?? "–", source.rankCorrelationWithOwn?.figure ?? "–",
                    ]
                }
            ).markup
            paragraph(
                """
                Cosine and rank correlation are those with the rows' own labels: of the directions, and of the rows' margins \
                along them. Near 1 both say the same; near 0 they are about different things; below 0 one is turned round.
                """, class: "note")
        }
    }
}
