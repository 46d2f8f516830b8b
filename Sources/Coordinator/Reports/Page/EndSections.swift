extension PageSection {
    /// Why rows are not in the output; nil where all are.
    static func errors(_ errors: ErrorOverview?, annotatedRows: Int) -> PageSection? {
        guard let errors, errors.rows > 0 else { return nil }
        let dropped =
            errors.droppedRows == 0
            ? "" : ", \(errors.droppedRows) of them for a margin below 0"
        return PageSection("errors", "Rows that are left out") {
            paragraph(
                """
                \(errors.rows) of \(errors.rows + annotatedRows) rows are not in the output\(dropped). How to read it: reasons that differ in \
                numbers alone are one; line and example are of the first row that has it, in the input. The errors file has \
                every row.
                """)
            MarkupTable(
                "Why rows are left out", header: ["Reason", "Rows", "First line"],
                rows: errors.sortedReasons.map { [$0.shownExample, "\($0.rows)", "\($0.firstLine)"] }
                    + (errors.otherRows > 0 ? [["(other reasons)", "\(errors.otherRows)", ""]] : []),
                isOfTexts: true
            ).markup
        }
    }

    /// What was run: enough to do it again.
    static func provenance(_ trust: TrustFigures) -> PageSection {
        let run = trust.run
        let rows: [(String, String)] = [
            ("Job", run.job), ("Input", run.input), ("Output", run.output),
            ("Rows", rows(run)),
            ("Direction from", run.source), ("Anchor files", run.anchorFiles.joined(separator: ", ")),
            ("Pairs", "\(run.pairs)"), ("Estimator", run.estimator), ("Model", run.model),
            ("Model's SHA-256", run.modelSha256), ("Layer", "\(run.layer) of \(run.layerCount)"), ("Token", run.token),
            ("Why there", run.placeReason), ("Template", run.template), ("Compatibility", run.compatibility),
            ("Precision", run.precision), ("Numeric build", run.numericBuild), ("Software", run.software),
            ("Margins' unit", trust.margins.map { "\($0.unit): \($0.unitText)" } ?? ""),
        ]
        func rows(_ run: TrustFigures.Run) -> String {
            let dropped = run.droppedRows == 0 ? "" : ", and \(run.droppedRows) are dropped for a margin below 0"
            return "\(run.rows), of which \(run.failedRows) have no margin\(dropped)"
        }
        return PageSection("provenance", "What was run") {
            paragraph("How to read it: a job with the same of all these gives the same margins.")
            MarkupTable(
                "The job", header: ["What", "Value"],
                rows: rows.filter { !$0.1.isEmpty }.map { [$0.0, $0.1.shownSentence] }, isOfTexts: true
            ).markup
        }
    }
}
