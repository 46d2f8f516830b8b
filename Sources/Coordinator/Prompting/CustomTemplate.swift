internal import Diagnostics

/// A template that somebody wrote: text with placeholders, each of which is filled once.
struct CustomTemplate: Hashable, Sendable {
    enum Placeholder: String, CaseIterable, Sendable {
        case system, prompt, response

        var marker: String { "{\(rawValue)}" }
    }

    enum Part: Hashable, Sendable {
        case literal(String)
        case placeholder(Placeholder)
    }

    let source: String
    let parts: [Part]

    var hasSystem: Bool { parts.contains(.placeholder(.system)) }

    /// - Parameters:
    ///   - key: where it was written: a key of the configuration, or an option of the command line.
    ///   - names: of the templates that have one.
    /// - Throws: `Problem` with every missing, repeated or misplaced placeholder.
    init(_ source: String, key: String, names: [String]) throws(Problem) {
        self.source = source
        parts = Self.parts(of: source)
        let order = parts.compactMap { if case .placeholder(let placeholder) = $0 { placeholder } else { nil } }
        var problems: [String] = []
        for placeholder in Placeholder.allCases {
            let count = order.count { $0 == placeholder }
            if count > 1 {
                problems.append("expected \(placeholder.marker) once, found it \(count) times")
            } else if count == 0, placeholder != .system {
                problems.append("\(placeholder.marker) is missing")
            }
        }
        problems += Self.mistakes(in: source, key: key)
        if problems.isEmpty, order.last != .response {
            problems.append("expected {response} behind the other placeholders")
        }
        guard problems.isEmpty else {
            let isName = !source.contains("{")
            if isName {
                problems = [
                    "expected \(names.joined(separator: ", ")) or a text with {prompt} and {response}, found \(source.quoted)"
                ]
            }
            throw Problem("\(key): " + problems.joined(separator: "; "), isOfConfiguration: true)
        }
    }

    /// What would be taken for text, and was hardly meant so: a placeholder but for one letter or capitals, and the two
    /// characters of a line break where there is no other one.
    private static func mistakes(in text: String, key: String) -> [String] {
        var problems: [String] = []
        for word in text.matches(of: #/\{([A-Za-z]+)\}/#) {
            let name = word.1.lowercased()
            guard
                let meant = Placeholder.allCases.first(where: {
                    $0.rawValue.editDistance(to: name) <= 1 && $0.marker != word.0
                })
            else {
                continue
            }
            problems.append("unknown placeholder \(word.0); did you mean \(meant.marker)?")
        }
        if !text.contains("\n"), text.contains(#/\\n([^a-z]|$)/#) {
            let remedy = key.hasPrefix("--") ? "in $'…' alone" : "in double quotes alone"
            problems.append(
                #"found \n as two characters: in \#(key.hasPrefix("--") ? "a shell" : "YAML") a line break is that \#(remedy)"#
            )
        }
        return problems
    }

    private static func parts(of source: String) -> [Part] {
        var parts: [Part] = []
        var literal = ""
        var rest = source[...]
        while let character = rest.first {
            if let placeholder = Placeholder.allCases.first(where: { rest.hasPrefix($0.marker) }) {
                if !literal.isEmpty { parts.append(.literal(literal)) }
                literal = ""
                parts.append(.placeholder(placeholder))
                rest = rest.dropFirst(placeholder.marker.count)
            } else {
                literal.append(character)
                rest = rest.dropFirst()
            }
        }
        if !literal.isEmpty { parts.append(.literal(literal)) }
        return parts
    }
}
