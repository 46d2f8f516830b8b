/// Why a regular expression is not understood: what, where, expected and found.
struct RegexError: Error, CustomStringConvertible {
    /// Scalars from the start of the expression.
    let offset: Int
    let problem: String

    var description: String { "\(problem), at character \(offset + 1) of the expression" }
}
