internal import Diagnostics

extension PageSection {
    /// Whether margins are larger where labels are stronger; nil where the rows do not say how strongly they are labelled.
    static func strength(_ trust: TrustFigures) -> PageSection? {
        guard let strength = trust.strength else { return nil }
        return PageSection("strength", "Do the margins say by how much?") {
            paragraph(
                """
                \(strength.rows) rows of \(strength.prompts) prompts say how strongly they are labelled \
                (\(strength.source.shownName)\(strength.source.isEmpty ? "" : ": ")\(strength.columns.map(\.shownName).joined(separator: ", "))).\
                \(others(strength))
                """)
            if strength.rankCorrelation != nil {
                correlations(strength)
            } else {
                paragraph("All have the same strength, or the same margin: there is nothing to compare.")
            }
            levels(strength, chance: trust.baselines.chance)
        }
    }

    /// Rows that do not say what their label does.
    private static func others(_ strength: TrustFigures.Strength) -> String {
        let unusable = strength.unusableRows == 0 ? "" : " \(strength.unusableRows.counted("row")) of the input do not."
        let contradicting =
            strength.contradictingRows == 0
            ? ""
            : " \(strength.contradictingRows.counted("row")) of the input contradict their labels: their strength is below 0."
        return unusable + contradicting
    }

    @MarkupBuilder
    private static func correlations(_ strength: TrustFigures.Strength) -> Markup {
        let found: [(String, String?)] = [
            ("raw margins", strength.rankCorrelation?.text), ("length alone", strength.length?.text),
            ("their difference", strength.gainOverLength?.text),
        ]
        MarkupTable(
            "Rank correlation with the labelled strength", header: ["Of", "Spearman's (95 % interval)"],
            rows: found.compactMap { name, text in text.map { [name, $0] } }
        ).markup
        paragraph(
            """
            How to read it: 1 where every row that is labelled more strongly has a larger margin, 0 where a margin's size \
            says nothing of that. Length alone is fitted to the labels of other prompts. Margins in a reward model's loss are \
            worth their size only where theirs is clearly above 0, and above that of length.
            """, class: "note")
    }

    @MarkupBuilder
    private static func levels(_ strength: TrustFigures.Strength, chance: Double) -> Markup {
        let rows = strength.levels.compactMap { level in level.agreement?.row("strength \(level.text)") }
        if !rows.isEmpty {
            element("h3") { "Agreement by strength" }
            figure(
                IntervalPlot(rows: rows, reference: chance, referenceLabel: "chance \(chance.axisPercent)")
                    .markup(id: "strength-plot", title: "Agreement with the labels by labelled strength"),
                caption: """
                    How to read it: rows that are labelled more strongly are easier, so that margins that are about the same \
                    thing as the labels agree with them more often from top to bottom.
                    """)
            MarkupTable(
                "Agreement by strength",
                header: [
                    "Strength", "Margins agree (95 % interval)", "Length alone agrees", "Mean raw margin", "Rows",
                ],
                rows: strength.levels.compactMap { level in
                    level.agreement.map { agreement in
                        [
                            level.text, agreement.unbrokenText, level.length?.unbrokenText ?? "none",
                            level.meanMargin.figure, "\(agreement.rows)",
                        ]
                    }
                }
            ).markup
        }
    }
}
