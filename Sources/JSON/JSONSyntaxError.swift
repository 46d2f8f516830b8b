/// Where and how a line departs from RFC 8259 (or from the stricter rules of ``JSONObject``).
package struct JSONSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Byte offset in the line.
    package let offset: Int
    /// What was expected and found, without the place.
    package let problem: String

    package init(offset: Int, problem: String) {
        (self.offset, self.problem) = (offset, problem)
    }

    package var description: String { "\(problem) at column \(offset + 1)" }
}
