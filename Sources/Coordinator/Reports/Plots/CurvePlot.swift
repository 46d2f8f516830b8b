/// Shares over shares, as dots with their intervals.
struct CurvePlot: Hashable, Sendable {
    struct Point: Hashable, Sendable {
        /// 0 to 1, like the others.
        var x: Double
        var y: Double
        var low: Double
        var high: Double
    }

    enum Reference: Hashable, Sendable {
        /// Where both are equal.
        case diagonal
        case horizontal(Double)
    }

    var points: [Point]
    var reference: Reference
    var referenceLabel: String
    var xTitle: String
    var yTitle: String

    func markup(id: String, title: String) -> Markup {
        var drawing = Drawing(height: 302)
        let (left, right, top, bottom) = (52.0, Drawing.width - 12, 24.0, 256.0)
        let xs = points.map(\.x)
        let x = Axis(covering: (xs.min() ?? 0)...(xs.max() ?? 1), from: left, to: right)
        let ys = points.flatMap { [$0.low, $0.high] } + referenceValues(x.range)
        let y = Axis(covering: (ys.min() ?? 0)...(ys.max() ?? 1), from: bottom, to: top)
        drawing.horizontalAxis(x, top: top, bottom: bottom, title: xTitle, number: \.axisPercent)
        drawing.verticalAxis(y, left: left, right: right, number: \.axisPercent)
        drawing.text(yTitle, at: (4, 12))
        drawing.text("dashed: \(referenceLabel)", at: (right, 12), .end)
        let ends = zip([x.range.lowerBound, x.range.upperBound], referenceValues(x.range))
            .map { (x: x.position($0), y: y.position($1)) }
        drawing.path(ends, class: "reference")
        drawing.path(points.map { (x.position($0.x), y.position($0.y)) }, class: "curve")
        for point in points {
            let place = x.position(point.x)
            drawing.line(from: (place, y.position(point.low)), to: (place, y.position(point.high)), class: "interval")
            drawing.circle(at: (place, y.position(point.y)), class: "dot first")
        }
        let values = points.map { "\($0.x.percent): \($0.y.percent) (\($0.low.percent) to \($0.high.percent))" }
        return drawing.markup(
            id: id, title: title,
            description: "\(yTitle), by \(xTitle). " + values.joined(separator: "; "))
    }

    /// At the bounds of the horizontal axis.
    private func referenceValues(_ range: ClosedRange<Double>) -> [Double] {
        switch reference {
        case .diagonal: [range.lowerBound, range.upperBound].map { min(max($0, 0), 1) }
        case .horizontal(let value): [value, value]
        }
    }
}
