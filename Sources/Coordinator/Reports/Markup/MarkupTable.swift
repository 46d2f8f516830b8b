/// A table with a caption, whose first column names its rows.
struct MarkupTable: Sendable {
    var caption: String
    var header: [String]

    /// As many cells as the header has.
    var rows: [[String]]

    /// Whether long words are broken rather than that the table is wider than the page.
    var isOfTexts: Bool

    init(_ caption: String, header: [String], rows: [[String]], isOfTexts: Bool = false) {
        (self.caption, self.header, self.rows, self.isOfTexts) = (caption, header, rows, isOfTexts)
    }

    var markup: Markup {
        element("div", ["class": "scroll"]) {
            element("table", ["class": isOfTexts ? "texts" : "figures"]) {
                element("caption") { caption }
                element("thead") {
                    element("tr") {
                        for name in header { element("th", ["scope": "col"]) { name } }
                    }
                }
                element("tbody") {
                    for row in rows {
                        element("tr") {
                            for (column, cell) in row.enumerated() {
                                if column == 0 {
                                    element("th", ["scope": "row", "dir": "auto"]) { cell }
                                } else {
                                    element("td", ["dir": "auto"]) { cell }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
