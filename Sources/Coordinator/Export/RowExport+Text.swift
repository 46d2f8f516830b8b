internal import Diagnostics
internal import Margins
internal import Reports

extension RowExport {
    /// For a person, a few lines.
    ///
    /// - Parameter remarks: what was measured of the margins.
    func text(_ summary: Summary, remarks: [String]) -> String {
        let failed = summary.failedRows > 0 ? ", \(summary.failedRows) cannot be: the errors file says why" : ""
        let dropped =
            summary.droppedRows > 0 ? ", \(summary.droppedRows) are dropped and are in the errors file, too" : ""
        let columns = (format.columns + keptColumns).joined(separator: ", ")
        var lines = [
            "\(summary.margins.count) of \(summary.rows) rows exported for \(format.rawValue)\(failed)\(dropped)",
            "columns: \(columns)", "margin: \(summary.margins.text)",
        ]
        if summary.negativeRows > 0 {
            let what =
                switch negative {
                case .keep, .drop: "which are as they were (--negative drop, flip or clip)"
                case .clip: "which are 0 now"
                case .flip: "whose rows have their responses exchanged"
                }
            lines.append("below 0: \(summary.negativeRows) margins, \(what)")
        }
        if summary.identicalRows > 0 {
            lines.append(
                "identical: \(summary.identicalRows.counted("row")) with the same text as both responses, which some trainers drop"
            )
        }
        lines += remarks + ["output: \(output)"]
        if summary.failedRows + summary.droppedRows > 0 { lines.append("errors: \(errors)") }
        return lines.joined(separator: "\n")
    }
}
