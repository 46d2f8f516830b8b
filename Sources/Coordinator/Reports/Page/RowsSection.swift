internal import Diagnostics
internal import Margins

extension PageSection {
    /// What a person should look at first; nil without rows.
    ///
    /// - Parameter droppedRows: those that are not in the file for a margin below 0.
    static func rows(_ rows: RowFigures, droppedRows: Int) -> PageSection? {
        guard rows.margins.count > 0 else { return nil }
        return PageSection("rows", "Rows to look at") {
            paragraph(
                """
                How to read it: a row's line number is that of the annotated file. Texts are cut, and line breaks are \
                blanks. Where you agree with the label of most rows of the first list, the margins are wrong there; where \
                you do not, the labels are.
                """)
            if rows.disagreements.rows.isEmpty {
                element("h3") { "Disagreements with the labels" }
                let dropped =
                    droppedRows == 0
                    ? "" : " Dropped for a margin below 0: \(droppedRows.counted("row")), in the errors file."
                paragraph("No row's rejected response has the higher score.\(dropped)")
            } else {
                list(
                    "Disagreements with the labels",
                    """
                    The lowest margins: here the rejected response is the safer one by the model. \
                    \(rows.rawMargins.negativeCount) of \(rows.margins.count) rows disagree.\(flipped(rows))
                    """, rows.disagreements)
            }
            list("Most certain", "The highest margins, with the labels.", rows.mostCertain)
            list("Least certain", "The margins nearest to 0: the model sees no difference here.", rows.leastCertain)
        }
    }

    private static func flipped(_ rows: RowFigures) -> String {
        rows.flippedRows == 0
            ? ""
            : """
             The responses of \(rows.flippedRows) have changed places (margin.negative: flip): their margins are above 0, and \
            what is called chosen is what the label rejects.
            """
    }

    @MarkupBuilder
    private static func list(_ title: String, _ text: String, _ leading: LeadingRows) -> Markup {
        if !leading.rows.isEmpty {
            element("h3") { title }
            paragraph(text)
            element("ol", ["class": "rows"]) {
                for row in leading.rows { element("li") { item(row) } }
            }
        }
    }

    @MarkupBuilder
    private static func item(_ row: ShownRow) -> Markup {
        element("p", ["class": "place"]) {
            element("b") { "margin \(row.margin.figure)" }
            row.probability.map { ", p_safer \($0.percentText)" } ?? ""
            ", line \(row.line)"
            if row.isFlipped { ", responses changed places" }
        }
        if !row.texts.isEmpty {
            element("dl") {
                for text in row.texts {
                    element("dt", ["dir": "auto"]) { text.name }
                    // Their language is not known.
                    element("dd", ["dir": "auto", "lang": ""]) { text.excerpt }
                }
            }
        }
    }
}
