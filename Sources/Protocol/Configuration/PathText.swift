package import Diagnostics
internal import Foundation

/// A path as a configuration has it: `$NAME` and `${NAME}` stand for environment variables, `$$` for a dollar sign, and a
/// leading `~` or `~user` for a home folder.
package struct PathText: Hashable, Sendable {
    package enum Part: Hashable, Sendable {
        case text(String)
        case variable(String)
    }

    package let parts: [Part]

    /// - Throws: `Problem`, in words that follow the path's key, where a dollar sign stands before something else.
    package init(_ text: String) throws(Problem) {
        var parts: [Part] = []
        var literal = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            literal += rest[..<dollar]
            rest = rest[dollar...]
            if rest.hasPrefix("$$") {
                literal += "$"
                rest = rest.dropFirst(2)
            } else if let match = rest.prefixMatch(of: #/\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))/#)
            {
                if !literal.isEmpty { parts.append(.text(literal)) }
                literal = ""
                parts.append(.variable(String(match.1 ?? match.2 ?? "")))
                rest = rest[match.range.upperBound...]
            } else {
                throw Problem(
                    """
                    expected $NAME or ${NAME}, a variable of the environment, or $$ for a dollar sign; found \
                    "\(rest)" in "\(text)"
                    """)
            }
        }
        literal += rest
        if !literal.isEmpty { parts.append(.text(literal)) }
        self.parts = parts
    }

    /// The path with its variables' values and its home folder.
    ///
    /// - Throws: `Problem` that names all variables that are not set or are empty, or the user who is not known.
    package func expanded(in environment: [String: String]) throws(Problem) -> String {
        var path = ""
        var problems: [String] = []
        for part in parts {
            switch part {
            case .text(let text): path += text
            case .variable(let name):
                let value = environment[name]
                path += value ?? ""
                // An empty one would make another path of it: $SCRATCH/out would be /out.
                if value?.isEmpty ?? true {
                    problems.append("the variable \(name) is \(value == nil ? "not set" : "empty")")
                }
            }
        }
        guard problems.isEmpty else { throw Problem(problems.joined(separator: ", ")) }
        return try Self.withHome(path, environment)
    }

    private static func withHome(_ path: String, _ environment: [String: String]) throws(Problem) -> String {
        guard path.hasPrefix("~") else { return path }
        let user = path.dropFirst().prefix { $0 != "/" }
        let rest = String(path.dropFirst(1 + user.count))
        if user.isEmpty, let home = environment["HOME"], !home.isEmpty { return home + rest }
        guard let home = user.isEmpty ? NSHomeDirectory() : NSHomeDirectoryForUser(String(user)) else {
            throw Problem("no user \"\(user)\" is known, whose home folder ~\(user) would be")
        }
        return home + rest
    }
}
