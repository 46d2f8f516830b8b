/// Shares as bars from 0, one below another.
struct BarPlot: Hashable, Sendable {
    struct Row: Hashable, Sendable {
        var label: String

        /// 0 to 1.
        var share: Double
    }

    var rows: [Row]

    func markup(id: String, title: String) -> Markup {
        let (top, rowHeight) = (4.0, 40.0)
        let bottom = top + rowHeight * Double(rows.count)
        var drawing = Drawing(height: bottom + 24)
        let largest = rows.map(\.share).max() ?? 0
        // A few per cent do not fill the width.
        let axis = Axis(covering: 0...min(max(largest, 0.25), 1), from: 10, to: Drawing.width - 10)
        drawing.horizontalAxis(axis, top: top, bottom: bottom, number: \.axisPercent)
        for (index, row) in rows.enumerated() {
            let y = top + rowHeight * Double(index)
            drawing.text(row.label, at: (10, y + 15))
            drawing.text(row.share.percent, at: (Drawing.width - 10, y + 15), .end)
            drawing.rectangle(
                from: (axis.position(0), y + 20), to: (axis.position(row.share), y + 34), class: "bar")
        }
        return drawing.markup(
            id: id, title: title,
            description: rows.map { "\($0.label): \($0.share.percent)" }.joined(separator: "; "))
    }
}
