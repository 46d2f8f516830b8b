internal import Diagnostics

extension Parser {
    mutating func readMacro(_ position: JinjaPosition) throws(JinjaError) -> Statement {
        let name = try readVariableName()
        let parameters = try readParameters()
        return .macro(try readDefinition(name, parameters, end: "endmacro", position))
    }

    mutating func readCallBlock(_ position: JinjaPosition) throws(JinjaError) -> Statement {
        let parameters = isAt(.openParenthesis) ? try readParameters() : []
        let call = try readExpression()
        guard case .call(let callee, let arguments) = call.kind else {
            throw JinjaError(.syntax, "expected the call of a macro behind {% call", at: call.position)
        }
        let content = try readDefinition(nil, parameters, end: "endcall", position)
        return .call(
            Statement.CallBlock(callee: callee, arguments: arguments, content: content, position: call.position))
    }

    mutating func readGeneration(_ position: JinjaPosition) throws(JinjaError) -> Statement {
        .generation(try readDefinition(nil, [], end: "endgeneration", position))
    }

    /// Reads the body and the closing tag. A loop around it is not the body's.
    private mutating func readDefinition(
        _ name: NameUse?, _ parameters: [Statement.Parameter], end: String, _ position: JinjaPosition
    ) throws(JinjaError) -> Statement.MacroDefinition {
        let outerLoopDepth = loopDepth
        loopDepth = 0
        defer { loopDepth = outerLoopDepth }
        let scope = newScope()
        let body = try readBody(until: [end])
        advance()
        return Statement.MacroDefinition(
            name: name, parameters: parameters, body: body, scope: scope, position: position)
    }

    private mutating func readParameters() throws(JinjaError) -> [Statement.Parameter] {
        try expect(.openParenthesis)
        var parameters: [Statement.Parameter] = []
        while !isAt(.closeParenthesis) {
            if !parameters.isEmpty { try expect(.comma) }
            let position = current.position
            let name = try readVariableName()
            guard !parameters.contains(where: { $0.name.name == name.name }) else {
                throw JinjaError(.syntax, "expected each parameter once, found \(name.name.quoted) twice", at: position)
            }
            let fallback = skip(.assign) ? try readExpression() : nil
            guard fallback != nil || parameters.last?.fallback == nil else {
                throw JinjaError(
                    .syntax, "expected a default for \(name.name.quoted), as the parameter before it has one",
                    at: position)
            }
            parameters.append(Statement.Parameter(name: name, fallback: fallback))
        }
        advance()
        return parameters
    }

    private mutating func readVariableName() throws(JinjaError) -> NameUse {
        guard case .name(let name) = current.kind, Self.constant(name) == nil else {
            throw unexpected("a variable's name")
        }
        advance()
        return use(of: name)
    }
}
