internal import Diagnostics

/// A part of the report with a heading, which is there where it has something to show.
struct PageSection: Sendable {
    /// What links in the page lead to.
    let id: String
    let title: String
    let content: Markup

    init(_ id: StaticString, _ title: String, @MarkupBuilder _ content: () -> Markup) {
        self.id = id.description
        self.title = title
        self.content = content()
    }

    var markup: Markup {
        element("section", ["id": id, "aria-labelledby": "\(id)-heading"]) {
            element("h2", ["id": "\(id)-heading"]) { title }
            content
        }
    }
}

/// A plot, with what it shows under it.
func figure(_ plot: Markup, caption: String) -> Markup {
    element("figure") {
        plot
        element("figcaption") { caption }
    }
}

func paragraph(_ text: String, class name: String = "text") -> Markup {
    element("p", ["class": name]) { text }
}

extension TrustFigures.Agreement {
    /// With its 95 % interval, whose signs do not go to the next line alone.
    var unbrokenText: String { text.replacing(" %", with: "\u{A0}%") }

    func row(_ label: String) -> IntervalPlot.Row {
        IntervalPlot.Row(label: label, value: value, low: low, high: high)
    }
}

extension Double {
    /// A share, whose sign does not go to the next line alone.
    var percentText: String { percent.replacing(" ", with: "\u{A0}") }
}

extension String {
    /// Of names that files have: a long one by its beginning.
    var shownName: String { isolatedExcerpt(scalars: 120) }

    /// The beginning of a text that does not turn the direction of what stands beside it (Unicode Standard Annex 9, FSI and
    /// PDI).
    func isolatedExcerpt(scalars limit: Int) -> String { "\u{2068}\(excerpt(scalars: limit))\u{2069}" }

    /// Of sentences.
    var shownSentence: String { excerpt(scalars: 2000) }
}
