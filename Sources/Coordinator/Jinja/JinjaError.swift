internal import Diagnostics

/// Why a template cannot be read or rendered, as a sentence: what, where, expected and found.
package struct JinjaError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        /// The template's text is not a template.
        case syntax

        /// Valid in Jinja2, but not understood here.
        case unsupported

        /// The template refused its input with `raise_exception`; the message is the template's own.
        case raised

        /// An operation that its operands do not allow.
        case evaluation

        /// A bound of ``JinjaLimits`` was reached.
        case limit
    }

    package let kind: Kind

    /// What is wrong, without the place.
    package let message: String

    /// Where in the template; nil: nowhere in it, as for a variable that is nested too deeply.
    package private(set) var position: JinjaPosition?

    init(_ kind: Kind, _ message: String, at position: JinjaPosition? = nil) {
        self.kind = kind
        self.message = message
        self.position = position
    }

    package var description: String {
        let sentence = kind == .raised ? "the template refuses its input: \(message.excerpt(scalars: 500))" : message
        return position.map { "\($0): \(sentence)" } ?? sentence
    }

    /// The same error with a place, where it has none yet.
    func located(at position: JinjaPosition) -> JinjaError {
        guard self.position == nil else { return self }
        var located = self
        located.position = position
        return located
    }
}

extension JinjaError {
    static func evaluation(_ message: String) -> JinjaError { JinjaError(.evaluation, message) }

    static func unsupported(_ message: String) -> JinjaError { JinjaError(.unsupported, message) }

    static func limit(_ message: String) -> JinjaError { JinjaError(.limit, message) }
}

/// A place in a template's source.
package struct JinjaPosition: Hashable, Sendable, CustomStringConvertible {
    /// From 1; `\n`, `\r\n` and `\r` end lines.
    package let line: Int

    /// From 1, in Unicode scalars.
    package let column: Int

    package var description: String { "line \(line), column \(column)" }
}
