internal import Diagnostics
internal import Margins

extension EvaluationFigures {
    /// For a terminal.
    package var lines: [String] {
        let seeds = arms.first?.seeds ?? 0
        let failed = run.failedRows > 0 ? ", \(run.failedRows) more cannot be embedded" : ""
        return [
            """
            \(rows) rows of \(prompts) prompts\(failed); \(seeds.counted("seed")) of \(folds) folds; \(run.model), layer \(run.layer) of \
            \(run.layerCount), \(run.token), \(run.precision)
            """,
            "our margins: \(run.ours.joined(separator: ", "))" + (run.legend.map { "; Legend's: \($0)" } ?? ""),
        ] + TextTable.lines([Self.header] + arms.map(\.cells)) + headlines + findings + notes.map { "note: \($0)" }
    }

    static let header = ["TRAINED WITH", "HEAD", "ACCURACY", "TO NO MARGIN", "P (HOLM)", "CALIBRATION ERROR", "SIZE"]
}

extension EvaluationFigures.Arm {
    /// Of the table's row.
    var cells: [String] {
        [
            arm.shownName, head?.shownName ?? "–", "\(accuracy.percent) (\(low.percent) to \(high.percent))",
            differenceText ?? "", pHolm?.pText ?? "", calibrationError?.percent ?? "", marginSize.map { "\($0)" } ?? "",
        ]
    }
}
