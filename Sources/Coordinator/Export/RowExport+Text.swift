internal import Diagnostics
internal import Margins
internal import Reports

extension RowExport {
    /// For a person, a few lines.
    ///
    /// - Parameter remarks: what was measured of the margins.
    func text(_ summary: Summary, _ survey: Survey, remarks: [String]) -> String {
        let failed = summary.failedRows > 0 ? ", \(summary.failedRows) cannot be: the errors file says why" : ""
        let dropped =
            summary.droppedRows > 0 ? ", \(summary.droppedRows) are dropped and are in the errors file, too" : ""
        let columns = (format.columns + keptColumns).joined(separator: ", ")
        var lines = [
            "\(summary.margins.count) of \(summary.rows) rows exported for \(format.rawValue)\(failed)\(dropped)",
            "read as: \(survey.layout)", "columns: \(columns)", "margin: \(summary.margins.text)",
        ]
        if summary.negativeRows > 0 {
            let what: String =
                switch negative {
                case .clip: "which are 0 now"
                case .flip: "whose rows have their responses exchanged"
                case .keep, .drop: "which are as they were (--negative drop, flip or clip)"
                }
            lines.append("below 0: \(summary.negativeRows) margins, \(what)")
        }
        if summary.identicalRows > 0 {
            let rows = summary.identicalRows.counted("row")
            lines.append("identical: \(rows) with the same text as both responses, which some trainers drop")
        }
        if summary.continuedRows > 0, !format.isPlainText {
            let rows = summary.continuedRows.counted("row")
            lines.append(
                "further turns: \(rows) with a response that has \"Human:\" in it, and is one message all the same")
        }
        lines += remarks + ["output: \(output)"]
        if summary.failedRows + summary.droppedRows > 0 { lines.append("errors: \(errors)") }
        return lines.joined(separator: "\n")
    }
}
