internal import Diagnostics
package import Margins

extension PageSection {
    /// Whether the margins mean anything on these rows, and what is wrong.
    ///
    /// - Parameters:
    ///   - misfit: why the figures that there are were not looked at.
    ///   - droppedRows: those that are not in the file for a margin below 0.
    static func verdict(
        _ trust: TrustFigures?, _ rows: RowFigures, _ misfit: String?, droppedRows: Int
    ) -> PageSection {
        PageSection("verdict", "Do these margins mean anything?") {
            if let misfit {
                paragraph("The trust figures beside this file are not its own: \(misfit).", class: "doubtful")
            }
            if let trust, let verdict = Verdict(trust) {
                measured(verdict, trust)
            } else if rows.margins.count > 0 {
                unmeasured(rows, droppedRows: droppedRows)
            } else {
                paragraph("No row has a margin.", class: "verdict")
            }
            if let trust, !trust.warnings.isEmpty {
                element("div", ["class": "warnings"]) {
                    element("h3") { "Warnings" }
                    element("ul") {
                        for warning in trust.warnings { element("li", ["dir": "auto"]) { warning.shownSentence } }
                    }
                }
            }
            marginsText(trust, rows)
        }
    }

    @MarkupBuilder
    private static func measured(_ verdict: Verdict, _ trust: TrustFigures) -> Markup {
        let agreement = verdict.agreement
        paragraph(verdict.headline, class: verdict.isFavourable ? "verdict" : "verdict doubtful")
        paragraph(
            """
            \(agreement.value.percentText) of \(agreement.rows) rows have a margin with the sign that their label says (95 % \
            interval: \(agreement.low.percentText) to \(agreement.high.percentText), of \(agreement.prompts) prompts). Chance is \
            \(verdict.chance.percentText).
            """)
        let rows = [agreement.row("the margins")] + verdict.comparisons.map { $0.baseline.row($0.name) }
        figure(
            IntervalPlot(
                rows: rows, reference: verdict.chance, referenceLabel: "chance \(verdict.chance.axisPercent)"
            ).markup(id: "agreement", title: "Agreement with the labels"),
            caption: """
                How to read it: the farther right of chance, the more often the labels' order is found; the lines are 95 % \
                intervals. The margins are worth something beyond what is below them only where they stand clearly to the \
                right of it.
                """)
        if !verdict.comparisons.isEmpty { comparisonTable(verdict, trust.baselines) }
    }

    @MarkupBuilder
    private static func comparisonTable(_ verdict: Verdict, _ baselines: TrustFigures.Baselines) -> Markup {
        MarkupTable(
            "The margins against what knows nothing of safety",
            header: ["Compared with", "Its agreement", "The margins are"],
            rows: [["chance", verdict.chance.percentText, verdict.standingToChance.rawValue]]
                + verdict.comparisons.map { [$0.name, $0.baseline.unbrokenText, $0.standing.rawValue] }
        ).markup
        if baselines.rows > 0 {
            paragraph(
                """
                Length, refusal wording and the bag of words are fitted to the labels of other prompts, on \
                \(baselines.rows) rows: they are free to find "the shorter one" or "the longer one".
                """, class: "note")
        }
    }

    /// Without trust figures the rows tell one thing alone.
    @MarkupBuilder
    private static func unmeasured(_ rows: RowFigures, droppedRows: Int) -> Markup {
        let interval = rows.rawMargins.agreementInterval
        paragraph("Nothing was measured that says so.", class: "verdict doubtful")
        paragraph(
            """
            \(rows.rawMargins.agreement.percentText) of \(rows.margins.count) rows have a chosen response with the higher score \
            (95 % interval, if rows are independent: \(interval.low.percentText) to \(interval.high.percentText); chance is 50 %). \
            \(droppedRows == 0 ? "" : "Besides these, \(droppedRows.counted("row")) with a margin below 0 \(droppedRows == 1 ? "was" : "were") left out, which flatters that. ")\
            There are no trust figures of this output, so it is not known whether length or refusal wording alone would \
            do as well, or whether the direction had seen these rows.
            """)
    }

    @MarkupBuilder
    private static func marginsText(_ trust: TrustFigures?, _ rows: RowFigures) -> Markup {
        if rows.margins.count > 0 {
            let margins = rows.margins
            let unit = trust?.margins.map { " Their unit: \($0.unitText.shownSentence)." } ?? ""
            paragraph(
                """
                Margins of \(margins.count) rows: mean \(margins.mean.figure), standard deviation \
                \(margins.standardDeviation.figure), from \(margins.minimum.figure) to \(margins.maximum.figure); \
                \(margins.positiveShare.percentText) are above 0.\(unit)
                """)
        }
    }
}

extension TrustFigures {
    /// Why they are not those of a file with such margins; nil where they may be.
    ///
    /// - Parameters:
    ///   - found: the file's margins.
    ///   - raw: of the same rows.
    ///   - areAsLabelled: whether each row's raw margin is that of its label's order.
    package func misfit(_ found: MarginStatistics, raw: MarginStatistics, areAsLabelled: Bool) -> String? {
        let count = run.rows - run.failedRows - run.droppedRows
        guard count == found.count else {
            return "they are of \(count) annotated rows, and the file has \(found.count)"
        }
        guard let margins, found.count > 0 else { return nil }
        // Which a file repeats to the last digit.
        if margins.minimum != found.minimum || margins.maximum != found.maximum {
            return """
                they are of margins from \(margins.minimum.figure) to \(margins.maximum.figure), and the file's are from \
                \(found.minimum.figure) to \(found.maximum.figure)
                """
        }
        func isOther(_ one: Double, _ other: Double) -> Bool { abs(one - other) > 1e-9 * max(abs(one), abs(other), 1) }
        if isOther(margins.mean, found.mean) || isOther(margins.standardDeviation, found.standardDeviation) {
            return """
                they are of margins with a mean of \(margins.mean.figure) and a standard deviation of \
                \(margins.standardDeviation.figure), and the file's have \(found.mean.figure) and \
                \(found.standardDeviation.figure)
                """
        }
        // Of all rows, and not of some of them.
        guard areAsLabelled, run.droppedRows == 0, fittedRows?.areLeftOut != true,
            let agreement = labelAgreement, agreement.rows == raw.count
        else { return nil }
        let share =
            raw.positiveShare + Double(raw.count - raw.positiveCount - raw.negativeCount) / Double(2 * raw.count)
        guard isOther(agreement.value, share) else { return nil }
        return """
            they say that \(agreement.value.percentText) of \(agreement.rows) raw margins have the label's sign, and in the \
            file these are \(share.percentText)
            """
    }
}
