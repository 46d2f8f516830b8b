internal import Margins

/// How many margins lie where, those against the label in another tone.
struct HistogramPlot: Hashable, Sendable {
    /// Of equal ranges and bins.
    var contradicting: Histogram
    var others: Histogram

    /// What the margins are given in.
    var unit: String

    func markup(id: String, title: String) -> Markup {
        var drawing = Drawing(height: 264)
        let (left, right, top, bottom) = (58.0, Drawing.width - 12, 30.0, 218.0)
        let totals = zip(contradicting.counts, others.counts).map { $0 + $1 }
        let x = Axis(covering: others.range, from: left, to: right)
        let y = Axis(covering: 0...Double(max(totals.max() ?? 0, 1)), from: bottom, to: top, ticksMax: 4)
        drawing.horizontalAxis(x, top: top, bottom: bottom, title: unit, number: \.plain)
        drawing.verticalAxis(y, left: left, right: right, number: \.plain)
        for bin in totals.indices where totals[bin] > 0 {
            let bounds = others.bounds(of: bin)
            let (from, to) = (x.position(bounds.lowerBound) + 0.5, x.position(bounds.upperBound) - 0.5)
            let middle = y.position(Double(contradicting.counts[bin]))
            if contradicting.counts[bin] > 0 {
                drawing.rectangle(from: (from, bottom), to: (to, middle), class: "against")
            }
            if others.counts[bin] > 0 {
                drawing.rectangle(from: (from, middle), to: (to, y.position(Double(totals[bin]))), class: "with")
            }
        }
        drawing.text("rows", at: (left - 5, 12), .end)
        drawing.legend(right: right)
        let description = totals.indices.filter { totals[$0] > 0 }.map { bin in
            let bounds = others.bounds(of: bin)
            let range = "\(bounds.lowerBound.rounded(toPlaces: 3)) to \(bounds.upperBound.rounded(toPlaces: 3))"
            return "\(range): \(totals[bin]) rows, \(contradicting.counts[bin]) of them against the label"
        }
        return drawing.markup(id: id, title: title, description: description.joined(separator: "; "))
    }
}

extension Drawing {
    /// What the two tones of a histogram are.
    mutating func legend(right: Double) {
        rectangle(from: (right - 262, 3), to: (right - 250, 13), class: "against")
        text("against the label", at: (right - 245, 12))
        rectangle(from: (right - 108, 3), to: (right - 96, 13), class: "with")
        text("with the label", at: (right - 91, 12))
    }
}

/// Small histograms of groups of rows, one below another over the same axis, each as high as its own largest bin.
struct HistogramStrips: Hashable, Sendable {
    struct Strip: Hashable, Sendable {
        var label: String
        var contradicting: Histogram
        var others: Histogram

        /// Of its margins.
        var mean: Double
    }

    var strips: [Strip]
    var unit: String

    func markup(id: String, title: String) -> Markup {
        let (top, rowHeight, barHeight) = (22.0, 50.0, 30.0)
        let (left, right) = (12.0, Drawing.width - 12)
        let bottom = top + rowHeight * Double(strips.count)
        var drawing = Drawing(height: bottom + 40)
        let range = strips.first?.others.range ?? 0...1
        let x = Axis(covering: range, from: left, to: right)
        drawing.horizontalAxis(x, top: top, bottom: bottom, title: unit, number: \.plain)
        drawing.legend(right: right)
        for (index, strip) in strips.enumerated() {
            let base = top + rowHeight * Double(index + 1) - 2
            drawing.text(strip.label, at: (left, base - barHeight - 4))
            drawing.line(from: (left, base), to: (right, base), class: "axis")
            let totals = zip(strip.contradicting.counts, strip.others.counts).map { $0 + $1 }
            let scale = barHeight / Double(max(totals.max() ?? 0, 1))
            drawing.outline(strip.others, totals, x, base: base, scale: scale, class: "with")
            drawing.outline(
                strip.contradicting, strip.contradicting.counts, x, base: base, scale: scale, class: "against")
            let mean = x.position(strip.mean)
            for name in ["mean-edge", "mean"] {
                drawing.line(from: (mean, base), to: (mean, base - barHeight - 3), class: name)
            }
        }
        return drawing.markup(
            id: id, title: title,
            description: strips.map { "\($0.label), mean \($0.mean.figure)" }.joined(separator: "; "))
    }
}

extension Drawing {
    /// A histogram's steps, filled down to the base.
    fileprivate mutating func outline(
        _ histogram: Histogram, _ counts: [Int], _ x: Axis, base: Double, scale: Double, class name: String
    ) {
        guard let first = counts.firstIndex(where: { $0 > 0 }), let last = counts.lastIndex(where: { $0 > 0 }) else {
            return
        }
        var points = [(x: x.position(histogram.bounds(of: first).lowerBound), y: base)]
        for bin in first...last {
            let bounds = histogram.bounds(of: bin)
            let y = base - Double(counts[bin]) * scale
            points += [(x.position(bounds.lowerBound), y), (x.position(bounds.upperBound), y)]
        }
        points.append((x.position(histogram.bounds(of: last).upperBound), base))
        path(points, class: name)
    }
}
