/// An SVG drawing, which a reader that sees nothing is told by its title and its description.
///
/// Colours are the page's style sheet's, by class. Coordinates are in units of which a text is 13 high.
struct Drawing: Hashable, Sendable {
    /// Of every drawing: narrow enough for a phone, where a text is still read.
    static let width = 440.0

    enum Anchor: String, Sendable {
        case start, middle, end
    }

    let height: Double
    private(set) var content = Markup()

    init(height: Double) { self.height = height }

    /// - Parameter id: no other drawing of the page has it.
    func markup(id: String, title: String, description: String) -> Markup {
        element(
            "svg",
            [
                "xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 \(Self.text(Self.width)) \(Self.text(height))",
                "role": "img", "aria-labelledby": "\(id)-title \(id)-description",
            ]
        ) {
            element("title", ["id": "\(id)-title"]) { title }
            element("desc", ["id": "\(id)-description"]) { description }
            content
        }
    }

    mutating func line(from start: (x: Double, y: Double), to end: (x: Double, y: Double), class name: String) {
        content += element(
            "line",
            [
                "class": name, "x1": Self.text(start.x), "y1": Self.text(start.y), "x2": Self.text(end.x),
                "y2": Self.text(end.y),
            ])
    }

    mutating func circle(at center: (x: Double, y: Double), radius: Double = 4.5, class name: String) {
        content += element(
            "circle",
            ["class": name, "cx": Self.text(center.x), "cy": Self.text(center.y), "r": Self.text(radius)])
    }

    mutating func rectangle(from corner: (x: Double, y: Double), to other: (x: Double, y: Double), class name: String) {
        content += element(
            "rect",
            [
                "class": name, "x": Self.text(min(corner.x, other.x)), "y": Self.text(min(corner.y, other.y)),
                "width": Self.text(abs(other.x - corner.x)), "height": Self.text(abs(other.y - corner.y)),
            ])
    }

    /// Straight lines through the points.
    mutating func path(_ points: [(x: Double, y: Double)], class name: String) {
        let steps = points.map { "\(Self.text($0.x)) \(Self.text($0.y))" }.joined(separator: "L")
        if !points.isEmpty { content += element("path", ["class": name, "d": "M" + steps]) }
    }

    mutating func text(
        _ text: String, at place: (x: Double, y: Double), _ anchor: Anchor = .start, class name: String = "label"
    ) {
        content += element(
            "text",
            [
                "class": name, "x": Self.text(place.x), "y": Self.text(place.y), "text-anchor": anchor.rawValue,
            ]
        ) { text }
    }

    /// A tenth of a unit is finer than a screen.
    private static func text(_ coordinate: Double) -> String {
        let rounded = coordinate.rounded(toPlaces: 1)
        return rounded == rounded.rounded() && abs(rounded) < 1e9 ? "\(Int(rounded))" : "\(rounded)"
    }
}

extension Drawing {
    /// Numbers below a plot, and a fine line above each.
    mutating func horizontalAxis(
        _ axis: Axis, top: Double, bottom: Double, title: String = "", number: (Double) -> String
    ) {
        for tick in axis.ticks {
            let x = axis.position(tick)
            line(from: (x, top), to: (x, bottom), class: "grid")
            text(number(tick), at: (x, bottom + 17), x > Self.width - 18 ? .end : x < 18 ? .start : .middle)
        }
        line(from: (axis.start, bottom), to: (axis.end, bottom), class: "axis")
        if !title.isEmpty { text(title, at: ((axis.start + axis.end) / 2, bottom + 34), .middle) }
    }

    /// Numbers on the left of a plot, and a fine line beside each.
    mutating func verticalAxis(_ axis: Axis, left: Double, right: Double, number: (Double) -> String) {
        for tick in axis.ticks {
            let y = axis.position(tick)
            line(from: (left, y), to: (right, y), class: "grid")
            text(number(tick), at: (left - 5, y + 4), .end)
        }
    }
}

extension Double {
    /// A whole per cent as it stands at an axis.
    var axisPercent: String { "\((self * 100).rounded(toPlaces: 1).plain) %" }

    /// To four places, as all figures of the report that are no shares; a dash for what is no number, as the mean of
    /// numbers whose sum is beyond the largest one.
    var figure: String { isFinite ? rounded(toPlaces: 4).plain : "–" }

    /// Without a point where there is nothing behind it.
    var plain: String { self == rounded() && abs(self) < 1e9 ? "\(Int(self))" : "\(self)" }
}
