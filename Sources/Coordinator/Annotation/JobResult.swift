internal import Dataset
internal import Diagnostics
internal import JobConfiguration
internal import Margins
internal import Protocol
internal import Reports

/// What a finished job came to.
struct JobResult: Sendable {
    let summary: OutputStep.Summary
    let direction: SavedDirection?

    /// nil where there was none.
    var survey: SurveyReport?

    /// What a person must know of the model, the rows and the margins to trust the numbers, each a sentence.
    var warnings: [String] = []

    /// For a person, a few lines.
    ///
    /// - Parameters:
    ///   - errors: where the rows without a margin are, if there are any.
    ///   - directionFile: where the direction was saved; nil where it came from a file.
    func text(output: String, errors: String, directionFile: String?) -> String {
        var lines = ["\(summary.annotatedRows) of \(summary.rows) rows annotated" + failures + dropped]
        if let ranking = summary.ranking { lines.append("pairs: \(ranking.words)") }
        if let text = summary.truncated?.text { lines.append("truncated: \(text)") }
        if summary.margins.count > 0 { lines.append("margin: \(summary.margins.text)") }
        if let calibration = summary.calibration {
            lines.append("unit: \(calibration.unitText)")
            if let method = calibration.methodText { lines.append("calibration method: \(method)") }
        }
        if let counts = summary.rowsByDirection {
            let parts = counts.map { "\($0.rows.counted("row")) along that of \($0.name?.excerpt() ?? "all")" }
            lines.append("directions: \(parts.joined(separator: ", "))")
        }
        lines += summary.trust?.lines ?? []
        lines += treatmentLines
        if let direction {
            let provenance = direction.provenance
            lines.append(
                """
                direction: \(provenance.pairsText), \(provenance.model), layer \(provenance.layer) of \
                \(provenance.layerCount), \(provenance.token), \(provenance.precision)
                """)
            if let text = direction.heldOutText { lines.append("held out: \(text)") }
        }
        if let survey {
            lines += ["place: \(survey.choiceText)", "survey: \(survey.agreementText)"]
            lines += survey.sourceTexts.map { "source: \($0)" }
            lines += survey.categoryTexts.map { "category: \($0)" }
        }
        lines += (warnings + summary.labelNotices + (summary.trust?.warnings ?? [])).map { "warning: \($0)" }
        lines.append("output: \(output)")
        lines.append("report: \(Configuration.Job.path(beside: output, ending: Configuration.Job.reportEnding))")
        if summary.trust != nil {
            lines.append(
                "trust figures: \(Configuration.Job.path(beside: output, ending: Configuration.Job.trustEnding))")
        }
        if summary.otherRows > 0 { lines.append("errors: \(errors)") }
        if let directionFile { lines.append("direction file: \(directionFile)") }
        return lines.joined(separator: "\n")
    }

    /// What became of margins on the way to the output.
    private var treatmentLines: [String] {
        guard let treatment = summary.treatment else { return [] }
        var lines: [String] = []
        if let bins = treatment.bins {
            // As they are: another job takes them from here.
            let edges = bins.bins.edges.map(\.description).joined(separator: ", ")
            lines.append("bins: \(bins.origin)\(edges.isEmpty ? "" : "; edges at \(edges)")")
        }
        let count = summary.measured.negativeCount
        let what: String? =
            switch treatment.negative {
            case .keep, .drop: nil
            case .clip: "which are 0 now"
            case .flag: "whose rows are flagged in margin_negative"
            case .flip: "whose rows have their responses exchanged, as margin_flipped says"
            }
        if count > 0, let what {
            lines.append("below 0: \(count) of \(summary.measured.count) margins, \(what)")
        }
        return lines
    }

    private var failures: String {
        summary.failedRows == 0 ? "" : ", \(summary.failedRows) cannot be: the errors file says why"
    }

    private var dropped: String {
        let dropped =
            summary.droppedRows == 0
            ? "" : ", \(summary.droppedRows) are dropped for margins below 0 and are in the errors file, too"
        guard summary.unpairedRows > 0 else { return dropped }
        return dropped + ", \(summary.unpairedRows) have nothing to compare and are in the errors file, too"
    }
}
