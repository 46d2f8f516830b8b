extension PageSection {
    /// Why rows have no margin; nil where all have one.
    static func errors(_ errors: ErrorOverview?, annotatedRows: Int) -> PageSection? {
        guard let errors, errors.rows > 0 else { return nil }
        return PageSection("errors", "Rows without a margin") {
            paragraph(
                """
                \(errors.rows) of \(errors.rows + annotatedRows) rows have no margin. How to read it: reasons that differ in \
                numbers alone are one; line and example are of the first row that has it, in the input. The errors file has \
                every row.
                """)
            MarkupTable(
                "Why rows have no margin", header: ["Reason", "Rows", "First line"],
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
            ("Rows", "\(run.rows), of which \(run.failedRows) have no margin"),
            ("Direction from", run.source), ("Anchor files", run.anchorFiles.joined(separator: ", ")),
            ("Pairs", "\(run.pairs)"), ("Estimator", run.estimator), ("Model", run.model),
            ("Model's SHA-256", run.modelSha256), ("Layer", "\(run.layer) of \(run.layerCount)"), ("Token", run.token),
            ("Why there", run.placeReason), ("Template", run.template), ("Compatibility", run.compatibility),
            ("Precision", run.precision), ("Numeric build", run.numericBuild), ("Software", run.software),
            ("Margins' unit", trust.margins.map { "\($0.unit): \($0.unitText)" } ?? ""),
        ]
        return PageSection("provenance", "What was run") {
            paragraph("How to read it: a job with the same of all these gives the same margins.")
            MarkupTable(
                "The job", header: ["What", "Value"],
                rows: rows.filter { !$0.1.isEmpty }.map { [$0.0, $0.1.shownSentence] }, isOfTexts: true
            ).markup
        }
    }
}
