/// Refuses filters and tests that Jinja2 does not know. Directly in the branches of an `if` they are no error before
/// they are reached, as a template may ask there whether there is such a filter; in a loop or a macro inside of the
/// branch they are.
enum UnknownNames {
    static func check(_ statements: [Statement], isBranch: Bool) throws(JinjaError) {
        for statement in statements { try check(statement, isBranch) }
    }

    private static func check(_ expressions: [Expression], _ isBranch: Bool) throws(JinjaError) {
        for expression in expressions {
            if case .unknown(let message, _) = expression.kind, !isBranch {
                throw JinjaError(.syntax, message, at: expression.position)
            }
            var isBranch = isBranch
            if case .conditional = expression.kind { isBranch = true }
            try check(expression.children, isBranch)
        }
    }

    private static func check(_ definition: Statement.MacroDefinition) throws(JinjaError) {
        try check(definition.parameters.compactMap(\.fallback), false)
        try check(definition.body, isBranch: false)
    }

    private static func check(_ statement: Statement, _ isBranch: Bool) throws(JinjaError) {
        switch statement {
        case .output(let pieces):
            for case .expression(let expression) in pieces { try check([expression], isBranch) }
        case .branches(let branches, let otherwise):
            for branch in branches {
                try check([branch.test], true)
                try check(branch.body, isBranch: true)
            }
            try check(otherwise, isBranch: true)
        case .loop(let loop):
            try check([loop.items], isBranch)
            try check(loop.filter.map { [$0] } ?? [], false)
            try check(loop.body + loop.otherwise, isBranch: false)
        case .assignment(let assignment): try check([assignment.value], isBranch)
        case .blockAssignment(let assignment):
            try check(assignment.filter.map { [$0] } ?? [], false)
            try check(assignment.body, isBranch: false)
        case .macro(let definition), .generation(let definition): try check(definition)
        case .call(let call):
            try check([call.callee] + call.arguments.expressions, isBranch)
            try check(call.content)
        case .filter(let block):
            try check([block.filter], false)
            try check(block.body, isBranch: false)
        case .with(let with):
            try check(with.assignments.map(\.value), isBranch)
            try check(with.body, isBranch: false)
        case .endLoop, .nextItem: break
        }
    }
}
