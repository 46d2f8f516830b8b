/// Which of some names statements read before they set them, looking into all that is inside: whether a loop's body
/// uses `loop`, and a macro's `caller`, `varargs` and `kwargs`. A name that is set first is not looked for any more,
/// in the order in which Jinja2 looks: a target comes before its value.
struct FreeNames {
    private var candidates: Set<String>
    private(set) var found: Set<String> = []

    init(_ names: Set<String>, in statements: [Statement]) {
        candidates = names
        visit(statements)
    }

    private mutating func visit(_ statements: [Statement]) {
        for statement in statements { visit(statement) }
    }

    private mutating func visit(_ expression: Expression) {
        if case .name(let use) = expression.kind, candidates.contains(use.name) { found.insert(use.name) }
        for child in expression.children { visit(child) }
    }

    private mutating func visit(_ target: AssignmentTarget) {
        for (use, isMember, _) in target.uses where !isMember { candidates.remove(use.name) }
    }

    private mutating func visit(_ definition: Statement.MacroDefinition) {
        for parameter in definition.parameters { candidates.remove(parameter.name.name) }
        for parameter in definition.parameters { parameter.fallback.map { visit($0) } }
        visit(definition.body)
    }

    private mutating func visit(_ statement: Statement) {
        switch statement {
        case .output(let pieces):
            for case .expression(let expression) in pieces { visit(expression) }
        case .branches(let branches, let otherwise):
            for branch in branches {
                visit(branch.test)
                visit(branch.body)
            }
            visit(otherwise)
        case .loop(let loop):
            visit(loop.target)
            visit(loop.items)
            visit(loop.body)
            visit(loop.otherwise)
            loop.filter.map { visit($0) }
        case .assignment(let assignment):
            visit(assignment.target)
            visit(assignment.value)
        case .blockAssignment(let assignment):
            visit(assignment.target)
            assignment.filter.map { visit($0) }
            visit(assignment.body)
        case .macro(let definition), .generation(let definition): visit(definition)
        case .call(let call):
            visit(call.callee)
            for expression in call.arguments.expressions { visit(expression) }
            visit(call.content)
        case .filter(let block):
            visit(block.body)
            visit(block.filter)
        case .with(let with):
            for assignment in with.assignments { visit(assignment.target) }
            for assignment in with.assignments { visit(assignment.value) }
            visit(with.body)
        case .endLoop, .nextItem: break
        }
    }
}
