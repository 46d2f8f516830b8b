/// Finds the names that statements read and set in the scope that they stand in, without looking into scopes of their
/// own.
enum SymbolVisitor {
    static func visit(_ statements: [Statement], _ symbols: Symbols) {
        for statement in statements { visit(statement, symbols) }
    }

    private static func visit(_ statement: Statement, _ symbols: Symbols) {
        switch statement {
        case .output(let pieces):
            for case .expression(let expression) in pieces { visit(expression, symbols) }
        case .branches(let branches, let otherwise): visit(branches, otherwise, symbols)
        case .loop(let loop): visit(loop.items, symbols)
        case .assignment(let assignment):
            visit(assignment.value, symbols)
            visit(assignment.target, symbols)
        case .blockAssignment(let assignment): visit(assignment.target, symbols)
        case .macro(let definition): definition.name.map { symbols.store($0.name) }
        case .call(let call):
            visit(call.callee, symbols)
            for expression in call.arguments.expressions { visit(expression, symbols) }
        case .filter(let block): visit(block.filter, symbols)
        case .with(let with):
            for assignment in with.assignments { visit(assignment.value, symbols) }
        case .generation, .endLoop, .nextItem: break
        }
    }

    /// Each elif is an if of its own to what it sets, and all of them are one branch to the whole.
    private static func visit(_ branches: [Statement.Branch], _ otherwise: [Statement], _ symbols: Symbols) {
        visit(branches[0].test, symbols)
        let first = symbols.branch()
        visit(branches[0].body, first)
        let others = symbols.branch()
        for branch in branches.dropFirst() { visit([branch], [], others) }
        let last = symbols.branch()
        visit(otherwise, last)
        symbols.merge([first, others, last])
    }

    static func visit(_ expression: Expression, _ symbols: Symbols) {
        if case .name(let use) = expression.kind { symbols.read(use.name) }
        for child in expression.children { visit(child, symbols) }
    }

    private static func visit(_ target: AssignmentTarget, _ symbols: Symbols) {
        for (use, isMember, _) in target.uses {
            if isMember { symbols.read(use.name) } else { symbols.store(use.name) }
        }
    }

    static func declare(_ target: AssignmentTarget, _ symbols: Symbols) {
        for (use, _, _) in target.uses { symbols.declareParameter(use.name) }
    }
}
