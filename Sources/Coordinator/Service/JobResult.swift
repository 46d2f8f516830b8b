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
        let annotated = summary.rows - summary.failedRows
        var lines = ["\(annotated) of \(summary.rows) rows annotated" + failures]
        if summary.margins.count > 0 {
            let margins = summary.margins
            lines.append(
                """
                margin: mean \(margins.mean.rounded(toPlaces: 4)), standard deviation \
                \(margins.standardDeviation.rounded(toPlaces: 4)), from \(margins.minimum.rounded(toPlaces: 4)) to \
                \(margins.maximum.rounded(toPlaces: 4)); \(margins.positiveShare.percent) above 0
                """)
        }
        if let direction {
            let provenance = direction.provenance
            lines += calibrationLines
            lines.append(
                """
                direction: \(provenance.pairsText), \(provenance.model), layer \(provenance.layer) of \
                \(provenance.layerCount), \(provenance.precision), norm \
                \(direction.direction.norm.rounded(toPlaces: 4))
                """)
            if let text = direction.heldOutText { lines.append("held out: \(text)") }
        }
        if let survey {
            lines += ["place: \(survey.choiceText)", "survey: \(survey.agreementText)"]
            lines += survey.sourceTexts.map { "source: \($0)" }
        }
        lines += (warnings + [direction?.heldOutWarning].compactMap(\.self) + (survey?.warnings ?? []))
            .map { "warning: \($0)" }
        lines.append("output: \(output)")
        if summary.failedRows > 0 { lines.append("errors: \(errors)") }
        if let directionFile { lines.append("direction file: \(directionFile)") }
        return lines.joined(separator: "\n")
    }

    private var calibrationLines: [String] {
        guard let calibration = summary.calibration else { return [] }
        var lines = ["unit: \(calibration.unitText)"]
        if let agreement = calibration.agreement {
            let certain = calibration.selective.filter { $0.coverage < 1 }.map {
                "\($0.accuracy.value.percent) of the most certain \($0.coverage.percent)"
            }
            lines.append(
                """
                labels: \(agreement.value.percent) of the margins have the label's sign (95 % interval: \
                \(agreement.low.percent) to \(agreement.high.percent)); \(certain.joined(separator: ", "))
                """)
        }
        if let error = calibration.error {
            lines.append("calibration: probabilities are off by \(error.value.percent) on average")
        }
        return lines
    }

    private var failures: String {
        summary.failedRows == 0 ? "" : ", \(summary.failedRows) cannot be: the errors file says why"
    }
}
