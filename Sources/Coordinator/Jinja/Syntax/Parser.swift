internal import Diagnostics

/// Reads a template's statements and expressions from its tokens: the grammar of
/// https://jinja.palletsprojects.com/en/stable/templates/.
struct Parser {
    private let tokens: [Token]
    private var index = 0

    /// How deep what is being read stands in statements, or in expressions.
    private var depth = 0

    /// Loops around what is being read that `break` can end.
    var loopDepth = 0

    private(set) var nameCount = 0
    private(set) var scopeCount = 0

    init(_ source: String) throws(JinjaError) { tokens = try Lexer.tokens(of: source) }

    // MARK: - Tokens

    var current: Token { tokens[index] }

    var next: Token { tokens[min(index + 1, tokens.count - 1)] }

    @discardableResult
    mutating func advance() -> Token {
        let token = current
        // The last token is the end, and stays.
        if index + 1 < tokens.count { index += 1 }
        return token
    }

    func isAt(_ symbol: Token.Symbol) -> Bool { current.kind == .symbol(symbol) }

    func isAt(_ name: String) -> Bool { current.kind == .name(name) }

    mutating func skip(_ symbol: Token.Symbol) -> Bool {
        guard isAt(symbol) else { return false }
        advance()
        return true
    }

    mutating func skip(_ name: String) -> Bool {
        guard isAt(name) else { return false }
        advance()
        return true
    }

    mutating func expect(_ symbol: Token.Symbol) throws(JinjaError) {
        guard skip(symbol) else { throw unexpected(symbol.rawValue.quoted) }
    }

    mutating func expect(_ kind: Token.Kind) throws(JinjaError) {
        guard current.kind == kind else { throw unexpected(Token(kind: kind, position: current.position).shown) }
        advance()
    }

    mutating func expectName() throws(JinjaError) -> String {
        guard case .name(let name) = current.kind else { throw unexpected("a name") }
        advance()
        return name
    }

    func unexpected(_ expected: String) -> JinjaError {
        JinjaError(.syntax, "expected \(expected), found \(current.shown)", at: current.position)
    }

    func unsupported(_ message: String, at position: JinjaPosition) -> JinjaError {
        JinjaError(.unsupported, message, at: position)
    }

    // MARK: - Nesting

    /// Reads something that stands inside of something else of its kind.
    mutating func nested<Result>(
        _ read: (inout Parser) throws(JinjaError) -> Result
    ) throws(JinjaError) -> Result {
        guard depth < SourceLimits.depth else { throw tooDeep(at: current.position) }
        depth += 1
        defer { depth -= 1 }
        return try read(&self)
    }

    private func tooDeep(at position: JinjaPosition) -> JinjaError {
        JinjaError(
            .limit, "expected statements and expressions nested at most \(SourceLimits.depth) deep, found deeper ones",
            at: position)
    }

    /// - Throws: ``JinjaError`` where too many expressions stand inside each other.
    func expression(_ kind: Expression.Kind, at position: JinjaPosition) throws(JinjaError) -> Expression {
        let flat = Expression(kind: kind, position: position, depth: 1)
        let depth = (flat.children.map(\.depth).max() ?? 0) + 1
        guard depth <= SourceLimits.depth else { throw tooDeep(at: position) }
        return Expression(kind: kind, position: position, depth: depth)
    }

    // MARK: - Numbers of names and scopes

    mutating func use(of name: String) -> NameUse {
        defer { nameCount += 1 }
        return NameUse(name: name, number: nameCount)
    }

    mutating func newScope() -> Int {
        defer { scopeCount += 1 }
        return scopeCount
    }
}
