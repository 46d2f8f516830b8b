// How messages show text that was found somewhere, and that nobody vouches for.

extension String {
    /// In quotes, with control characters, quotes and backslashes escaped and at most 64 scalars of it: fit for a message
    /// and a terminal, and seen where it ends.
    package var quoted: String {
        "\"\(shown(64) { $0.isUnfitForTerminals || $0 == "\"" || $0 == "\\" })\""
    }

    /// The text without what controls a terminal, cut where it is long. Scalars, not characters, are counted: one of those
    /// may have any number of accents.
    package func excerpt(scalars limit: Int = 64) -> String { shown(limit) { $0.isUnfitForTerminals } }

    private func shown(_ limit: Int, escaping isEscaped: (Unicode.Scalar) -> Bool) -> String {
        let escaped = unicodeScalars.prefix(limit).map { scalar in
            isEscaped(scalar) ? scalar.escaped(asASCII: true) : String(scalar)
        }
        return escaped.joined() + (unicodeScalars.dropFirst(limit).isEmpty ? "" : "…")
    }
}

extension [String] {
    /// The first dozen, and how many more there are.
    package var listed: String {
        if isEmpty { return "none" }
        let shown = prefix(12).map { $0.excerpt() }.joined(separator: ", ")
        return count > 12 ? "\(shown) and \(count - 12) more" : shown
    }
}

extension Unicode.Scalar {
    /// Whether it controls a terminal or turns the direction of its text.
    fileprivate var isUnfitForTerminals: Bool { properties.generalCategory == .control || properties.isBidiControl }
}
