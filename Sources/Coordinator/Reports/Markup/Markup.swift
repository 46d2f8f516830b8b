/// Markup of a page: HTML5 that is well-formed XML as well, and the SVG within it.
///
/// A text becomes markup by being escaped, and in no other way; names of elements and attributes, and style sheets, are
/// literals of this program.
struct Markup: Hashable, Sendable {
    /// What stands in the page.
    private(set) var source = ""

    init() {}

    /// What a reader sees as that text, whatever is in it.
    init(text: String) { source = text.escapedForMarkup }

    /// - Precondition: neither `<` nor `&` is in it, which XML and HTML read differently here.
    init(styleSheet: StaticString) {
        let text = styleSheet.description
        precondition(!text.contains("<") && !text.contains("&"), "a style sheet with markup in it")
        source = text
    }

    fileprivate init(element name: StaticString, _ attributes: KeyValuePairs<AttributeName, String>, _ content: Markup)
    {
        let written = attributes.map { " \($0.text)=\"\($1.escapedForMarkup)\"" }.joined()
        if Self.voidElements.contains(name.description) {
            precondition(content.source.isEmpty, "an element that has no content")
            source = "<\(name)\(written)/>"
        } else {
            source = "<\(name)\(written)>\(content.source)</\(name)>"
        }
    }

    static func + (first: Markup, second: Markup) -> Markup {
        var sum = first
        sum += second
        return sum
    }

    static func += (sum: inout Markup, part: Markup) { sum.source += part.source }

    var isEmpty: Bool { source.isEmpty }

    /// Those that HTML has no end tags for (HTML Living Standard, 13.1.2), of which pages use these.
    private static let voidElements: Set = ["br", "meta"]
}

/// An attribute's name, which is never a text that was found somewhere.
struct AttributeName: ExpressibleByStringLiteral, Sendable {
    let text: StaticString

    init(stringLiteral text: StaticString) { self.text = text }
}

/// An element with what the closure lists: texts, which are escaped, and markup.
func element(
    _ name: StaticString, _ attributes: KeyValuePairs<AttributeName, String> = [:],
    @MarkupBuilder _ content: () -> Markup = { Markup() }
) -> Markup {
    Markup(element: name, attributes, content())
}

@resultBuilder
enum MarkupBuilder {
    static func buildExpression(_ text: String) -> Markup { Markup(text: text) }
    static func buildExpression(_ markup: Markup) -> Markup { markup }
    static func buildBlock(_ parts: Markup...) -> Markup { parts.reduce(into: Markup()) { $0 += $1 } }
    static func buildOptional(_ part: Markup?) -> Markup { part ?? Markup() }
    static func buildEither(first part: Markup) -> Markup { part }
    static func buildEither(second part: Markup) -> Markup { part }
    static func buildArray(_ parts: [Markup]) -> Markup { parts.reduce(into: Markup()) { $0 += $1 } }
}

extension String {
    /// Marks over and under one character that are shown: scripts have a few, and more are drawn over what is around them.
    private static let marksMax = 8

    /// For content and quoted attributes. Scalars that XML 1.0 has no place for (section 2.2) become U+FFFD, and of a pile
    /// of combining marks the lowest are left.
    fileprivate var escapedForMarkup: String {
        var escaped = ""
        escaped.reserveCapacity(utf8.count)
        var marks = 0
        for scalar in unicodeScalars {
            marks = scalar.isMark ? marks + 1 : 0
            guard marks <= Self.marksMax else { continue }
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            // A parser would make a line feed of it.
            case "\r": escaped += "&#13;"
            case "\t", "\n": escaped.unicodeScalars.append(scalar)
            case "\0"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": escaped.unicodeScalars.append("\u{FFFD}")
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

extension Unicode.Scalar {
    fileprivate var isMark: Bool {
        // Most texts have nothing but ASCII, whose properties need no table.
        value >= 0x300 && [.nonspacingMark, .enclosingMark].contains(properties.generalCategory)
    }
}
