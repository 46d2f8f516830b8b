internal import Diagnostics

extension Parser {
    /// The whole template.
    mutating func readTemplate() throws(JinjaError) -> [Statement] { try readStatements(until: []) }

    /// Reads up to one of these tags: its name is the token that comes next. No tags: to the template's end.
    private mutating func readStatements(until ends: [String]) throws(JinjaError) -> [Statement] {
        try nested { parser throws(JinjaError) in try parser.readStatementsHere(until: ends) }
    }

    private mutating func readStatementsHere(until ends: [String]) throws(JinjaError) -> [Statement] {
        var statements: [Statement] = []
        var pieces: [Statement.Piece] = []
        func flush() {
            if !pieces.isEmpty { statements.append(.output(pieces)) }
            pieces = []
        }
        while true {
            switch current.kind {
            case .data(let bytes):
                pieces.append(.text(Text(utf8: bytes, by: .template)))
                advance()
            case .outputBegin:
                advance()
                pieces.append(.expression(try readTuple()))
                try expect(.outputEnd)
            case .blockBegin:
                flush()
                advance()
                if case .name(let name) = current.kind, ends.contains(name) { return statements }
                statements.append(try readStatement(ends))
                try expect(.blockEnd)
            default:
                flush()
                guard ends.isEmpty else { throw unexpected(Self.shown(ends)) }
                return statements
            }
        }
    }

    private static func shown(_ ends: [String]) -> String { ends.map { "{% \($0) %}" }.joined(separator: " or ") }

    /// Reads from the end of the opening tag to the name of the closing one.
    mutating func readBody(until ends: [String]) throws(JinjaError) -> [Statement] {
        _ = skip(.colon)
        try expect(.blockEnd)
        return try readStatements(until: ends)
    }

    private static let unsupported = ["autoescape", "block", "extends", "from", "import", "include"]

    private mutating func readStatement(_ ends: [String]) throws(JinjaError) -> Statement {
        let position = current.position
        guard case .name(let name) = current.kind else { throw unexpected("a statement's name") }
        advance()
        switch name {
        case "if": return try readIf()
        case "for": return try readFor(position)
        case "set": return try readSet(position)
        case "macro": return try readMacro(position)
        case "call": return try readCallBlock(position)
        case "filter": return try readFilterBlock()
        case "with": return try readWith(position)
        case "print": return try readPrint()
        case "generation": return try readGeneration(position)
        case "break", "continue":
            guard loopDepth > 0 else {
                throw JinjaError(.syntax, "expected {% \(name) %} inside of a loop, found it outside", at: position)
            }
            return name == "break" ? .endLoop : .nextItem
        default:
            let known = "if, for, set, macro, call, filter, with, print, generation, break, continue and raw"
            if Self.unsupported.contains(name) {
                throw unsupported("{% \(name) %} is not supported: expected one of \(known)", at: position)
            }
            let expected = ends.isEmpty ? known : "\(known), or \(Self.shown(ends))"
            throw JinjaError(.syntax, "expected one of \(expected), found {% \(name.excerpt()) %}", at: position)
        }
    }

    // MARK: - Control flow

    private mutating func readIf() throws(JinjaError) -> Statement {
        var branches: [Statement.Branch] = []
        while true {
            let test = try readTuple(withConditional: false)
            let body = try readBody(until: ["elif", "else", "endif"])
            branches.append(Statement.Branch(test: test, body: body))
            if skip("elif") { continue }
            guard skip("else") else { break }
            let otherwise = try readBody(until: ["endif"])
            advance()
            return .branches(branches, otherwise: otherwise)
        }
        advance()
        return .branches(branches, otherwise: [])
    }

    private mutating func readFor(_ position: JinjaPosition) throws(JinjaError) -> Statement {
        let target = try readTarget(end: "in")
        try expect(.name("in"))
        let items = try readTuple(withConditional: false, end: "recursive")
        let filter = skip("if") ? try readExpression() : nil
        if isAt("recursive") {
            throw unsupported(
                "recursive loops are not supported: expected a macro that calls itself", at: current.position)
        }
        let scopes = (newScope(), newScope(), newScope())
        loopDepth += 1
        let body = try readBody(until: ["endfor", "else"])
        loopDepth -= 1
        let otherwise = advance().kind == .name("else") ? try readBody(until: ["endfor"]) : nil
        if otherwise != nil { advance() }
        return .loop(
            Statement.Loop(
                target: target, items: items, filter: filter, body: body, otherwise: otherwise ?? [], scopes: scopes,
                position: position))
    }

    // MARK: - Assignments

    private mutating func readSet(_ position: JinjaPosition) throws(JinjaError) -> Statement {
        let target = try readTarget(withMembers: true)
        if skip(.assign) {
            let value = try readTuple()
            return .assignment(Statement.Assignment(target: target, value: value, position: position))
        }
        var filter: Expression?
        while skip(.pipe) { filter = try readFilterName(of: filter) }
        let scope = newScope()
        let body = try readBody(until: ["endset"])
        advance()
        return .blockAssignment(
            Statement.BlockAssignment(target: target, filter: filter, body: body, scope: scope, position: position))
    }

    private mutating func readTarget(end: String? = nil, withMembers: Bool = false) throws(JinjaError)
        -> AssignmentTarget
    {
        let position = current.position
        var targets: [AssignmentTarget] = []
        var isTuple = false
        while !isAtTupleEnd(end) {
            targets.append(try readSingleTarget(withMembers: withMembers))
            guard skip(.comma) else { break }
            isTuple = true
        }
        if !isTuple, let target = targets.first { return target }
        guard !targets.isEmpty else { throw unexpected("a variable's name") }
        return .tuple(targets, position)
    }

    private mutating func readSingleTarget(withMembers: Bool) throws(JinjaError) -> AssignmentTarget {
        let position = current.position
        if skip(.openParenthesis) {
            let target = try nested { parser throws(JinjaError) in try parser.readTarget() }
            try expect(.closeParenthesis)
            return target
        }
        guard case .name(let name) = current.kind, Self.constant(name) == nil else {
            throw unexpected("a variable's name")
        }
        advance()
        guard withMembers, skip(.dot) else { return .name(use(of: name), position) }
        return .member(use(of: name), Text(try expectName(), by: .template), position)
    }

    private mutating func readWith(_ position: JinjaPosition) throws(JinjaError) -> Statement {
        var assignments: [Statement.Assignment] = []
        while current.kind != .blockEnd {
            if !assignments.isEmpty { try expect(.comma) }
            let place = current.position
            let target = try readTarget()
            try expect(.assign)
            assignments.append(Statement.Assignment(target: target, value: try readExpression(), position: place))
        }
        let scope = newScope()
        let body = try readBody(until: ["endwith"])
        advance()
        return .with(Statement.With(assignments: assignments, body: body, scope: scope))
    }

    // MARK: - Output

    private mutating func readPrint() throws(JinjaError) -> Statement {
        var pieces: [Statement.Piece] = []
        while current.kind != .blockEnd {
            if !pieces.isEmpty { try expect(.comma) }
            pieces.append(.expression(try readExpression()))
        }
        return .output(pieces)
    }

    private mutating func readFilterBlock() throws(JinjaError) -> Statement {
        var filter = try readFilterName(of: nil)
        while skip(.pipe) { filter = try readFilterName(of: filter) }
        let scope = newScope()
        let body = try readBody(until: ["endfilter"])
        advance()
        return .filter(Statement.FilterBlock(filter: filter, body: body, scope: scope))
    }
}
