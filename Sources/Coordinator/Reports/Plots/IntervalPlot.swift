/// Shares with their intervals, one below another: a dot, and a line from the lower to the upper bound.
struct IntervalPlot: Hashable, Sendable {
    struct Row: Hashable, Sendable {
        var label: String

        /// 0 to 1, like the bounds.
        var value: Double
        var low: Double
        var high: Double

        var text: String { "\(value.percent) (\(low.percent) to \(high.percent))" }
    }

    var rows: [Row]

    /// What a dashed line stands at.
    var reference: Double
    var referenceLabel: String

    func markup(id: String, title: String) -> Markup {
        let (top, rowHeight) = (18.0, 40.0)
        let bottom = top + rowHeight * Double(rows.count)
        var drawing = Drawing(height: bottom + 24)
        let low = rows.map(\.low).min().map { min($0, reference) } ?? reference
        let high = rows.map(\.high).max().map { max($0, reference) } ?? reference
        // The dashed line stands apart from the edge.
        let axis = Axis(covering: (low - 0.02)...(high + 0.02), from: 10, to: Drawing.width - 10)
        drawing.horizontalAxis(axis, top: top, bottom: bottom, number: \.axisPercent)
        let x = axis.position(reference)
        drawing.line(from: (x, top - 4), to: (x, bottom), class: "reference")
        drawing.text(
            referenceLabel, at: (x, top - 7), x < 80 ? .start : x > Drawing.width - 80 ? .end : .middle)
        for (index, row) in rows.enumerated() {
            let y = top + rowHeight * Double(index)
            drawing.text(row.label, at: (10, y + 15))
            drawing.text(row.text, at: (Drawing.width - 10, y + 15), .end)
            drawing.line(
                from: (axis.position(row.low), y + 27), to: (axis.position(row.high), y + 27), class: "interval")
            drawing.circle(at: (axis.position(row.value), y + 27), class: index == 0 ? "dot first" : "dot")
        }
        return drawing.markup(
            id: id, title: title,
            description: "\(referenceLabel). " + rows.map { "\($0.label): \($0.text)" }.joined(separator: "; "))
    }
}
