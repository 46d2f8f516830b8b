internal import Margins

extension PageSection {
    /// What margins are worth to a reward model.
    static func evaluation(_ evaluation: EvaluationFigures) -> PageSection {
        PageSection("evaluation", "Do margins help a reward model?") {
            paragraph(evaluation.headlines.joined(separator: " ").shownSentence, class: "verdict")
            for finding in evaluation.findings { paragraph(finding.shownSentence) }
            figure(
                IntervalPlot(
                    rows: evaluation.arms.map(\.plotRow), reference: reference(evaluation),
                    referenceLabel: "no margin \(reference(evaluation).axisPercent)"
                ).markup(id: "evaluation-plot", title: "Held-out accuracy by what a reward head is trained with"),
                caption: """
                    How to read it: how many of \(evaluation.rows) rows (\(evaluation.prompts) prompts) a reward head on the \
                    model's frozen states orders as labelled that never saw their prompts, over \(seeds(evaluation)). The \
                    intervals are of each alone; which differences are more than chance, the table says, which compares the same \
                    rows.
                    """)
            MarkupTable(
                "Reward heads and what they are trained with",
                header: [
                    "Trained with", "Head", "Accuracy", "To no margin, in points", "p (Holm)", "Calibration error",
                    "Size of margins",
                ],
                // No sign goes to the next line alone.
                rows: evaluation.arms.map { $0.cells.map { $0.replacing(" %", with: "\u{A0}%") } }
            ).markup
            paragraph(
                """
                All heads are trained on all folds of the prompts but one and tested on that one, with the same penalty; the size of \
                margins in the loss is chosen within what is trained on. Our margins come from \
                \(evaluation.run.ours.map(\.shownName).joined(separator: ", ")), fitted on what is trained on alone\
                \(evaluation.run.legend.map { ", Legend's from \($0)" } ?? ""). Read at layer \(evaluation.run.layer) of \
                \(evaluation.run.layerCount), \(evaluation.run.token). A head on frozen states is not a reward model that is \
                trained as a whole; it is the part of it that margins act on first.
                """, class: "note")
            for note in evaluation.notes { paragraph("Note: \(note.shownSentence).", class: "note") }
        }
    }

    private static func reference(_ evaluation: EvaluationFigures) -> Double {
        evaluation.arms.first { $0.arm == .none }?.accuracy ?? 0.5
    }

    private static func seeds(_ evaluation: EvaluationFigures) -> String {
        let count = evaluation.arms.first?.seeds ?? 0
        return count == 1
            ? "one parting into \(evaluation.folds) folds" : "\(count) partings into \(evaluation.folds) folds"
    }
}

extension EvaluationFigures.Arm {
    fileprivate var plotRow: IntervalPlot.Row {
        IntervalPlot.Row(
            label: arm.shownName + (head.map { " (\($0.shownName))" } ?? ""), value: accuracy, low: low, high: high)
    }
}
