internal import Margins

extension PageSection {
    /// Where the margins lie, over all rows and by columns; nil without rows.
    static func distribution(_ rows: RowFigures, unit: String?) -> PageSection? {
        guard rows.margins.count > 0 else { return nil }
        let unit = "margin" + (unit.map { " (\($0))" } ?? "")
        return PageSection("distribution", "Distribution of the margins") {
            figure(
                HistogramPlot(contradicting: rows.all.contradicting, others: rows.all.others, unit: unit)
                    .markup(id: "histogram", title: "Histogram of the margins, by agreement with the label"),
                caption: """
                    How to read it: a row is against its label where the rejected response has the higher score. Where the \
                    two parts mirror one another around 0, the margins say little of the labels.\(cutText(rows.scale))
                    """)
            for (index, column) in rows.columns.enumerated() { byColumn(column, index, unit) }
        }
    }

    private static func cutText(_ scale: MarginScale) -> String {
        scale.isCut ? " The outermost bars count the margins beyond them, too." : ""
    }

    @MarkupBuilder
    private static func byColumn(_ column: GroupedMargins, _ index: Int, _ unit: String) -> Markup {
        let name = column.grouping.column.shownName
        let groups = column.groups
        element("h3", ["dir": "auto"]) { "By \(name)" }
        figure(
            HistogramStrips(
                strips: groups.map { value, group in
                    HistogramStrips.Strip(
                        label: "\(value.isolatedExcerpt(scalars: 48)) · \(group.statistics.count) rows",
                        contradicting: group.contradicting, others: group.others, mean: group.statistics.mean)
                }, unit: unit
            ).markup(id: "column-\(index)", title: "Histograms of the margins by \(name)"),
            caption: """
                How to read it: a histogram for each value of the column, each as high as its own largest bar; the line \
                across it is the mean. A column that says how harmful something is should move \
                it; one such as the length of a text should not.
                """)
        MarkupTable(
            "Margins by \(name)",
            header: ["Value", "Rows", "Mean", "Standard deviation", "With the label (95 % interval)"],
            rows: groups.map { value, group in
                let interval = group.agreementInterval
                return [
                    value.shownName, "\(group.statistics.count)", group.statistics.mean.figure,
                    group.statistics.standardDeviation.figure,
                    "\(group.agreement.percentText) (\(interval.low.percentText) to \(interval.high.percentText))",
                ]
            }
        ).markup
        paragraph("The intervals take rows as independent.", class: "note")
    }
}
