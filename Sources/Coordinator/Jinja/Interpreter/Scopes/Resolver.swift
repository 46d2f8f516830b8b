/// Finds out what each name of a template stands for.
struct Resolver {
    private var places: [Program.Place]
    private var scopes: [Program.Scope]

    static func program(_ source: String) throws(JinjaError) -> Program {
        var parser = try Parser(source)
        let body = try parser.readTemplate()
        try UnknownNames.check(body, isBranch: false)
        var resolver = Resolver(
            places: Array(repeating: Program.Place(hops: 0, slot: 0), count: parser.nameCount),
            scopes: Array(repeating: Program.Scope(), count: parser.scopeCount))
        let symbols = Symbols(inside: nil, Symbols.Activation(inside: nil))
        SymbolVisitor.visit(body, symbols)
        try resolver.resolve(body, symbols)
        return Program(
            body: body, places: resolver.places, scopes: resolver.scopes, root: symbols.scope,
            rootSlotCount: symbols.activation.count)
    }

    private mutating func resolve(_ statements: [Statement], _ symbols: Symbols) throws(JinjaError) {
        for statement in statements { try resolve(statement, symbols) }
    }

    private mutating func resolve(_ use: NameUse, _ symbols: Symbols) {
        if symbols.find(use.name) == nil { symbols.read(use.name) }
        guard let found = symbols.find(use.name) else { return }
        places[use.number] = Program.Place(
            hops: symbols.activation.depth - found.activation.depth, slot: found.slot)
    }

    private mutating func resolve(_ expression: Expression, _ symbols: Symbols) {
        if case .name(let use) = expression.kind { resolve(use, symbols) }
        for child in expression.children { resolve(child, symbols) }
    }

    private mutating func resolve(_ target: AssignmentTarget, _ symbols: Symbols) {
        for (use, _, _) in target.uses { resolve(use, symbols) }
    }

    private mutating func resolve(_ statement: Statement, _ symbols: Symbols) throws(JinjaError) {
        switch statement {
        case .output(let pieces):
            for case .expression(let expression) in pieces { resolve(expression, symbols) }
        case .branches(let branches, let otherwise):
            for branch in branches {
                resolve(branch.test, symbols)
                try resolve(branch.body, symbols)
            }
            try resolve(otherwise, symbols)
        case .loop(let loop): try resolve(loop, symbols)
        case .assignment(let assignment):
            resolve(assignment.value, symbols)
            resolve(assignment.target, symbols)
        case .blockAssignment(let assignment): try resolve(assignment, symbols)
        case .macro(let definition):
            try resolve(definition, symbols)
            definition.name.map { resolve($0, symbols) }
        case .generation(let definition): try resolve(definition, symbols)
        case .call(let call):
            try resolve(call.content, symbols)
            resolve(call.callee, symbols)
            for expression in call.arguments.expressions { resolve(expression, symbols) }
        case .filter(let block): try resolve(block, symbols)
        case .with(let with): try resolve(with, symbols)
        case .endLoop, .nextItem: break
        }
    }

    // MARK: - Scopes

    private mutating func resolve(_ loop: Statement.Loop, _ symbols: Symbols) throws(JinjaError) {
        for (use, _, position) in loop.target.uses where use.name == "loop" { throw Self.loopIsSet(position) }
        try checkThatLoopIsNotSet(loop.body + loop.otherwise)
        let body = Symbols(inside: symbols, symbols.activation)
        var loopSlot: Int?
        if FreeNames(["loop"], in: loop.body).found.contains("loop") { loopSlot = body.declareParameter("loop") }
        SymbolVisitor.declare(loop.target, body)
        SymbolVisitor.visit(loop.body, body)
        if let filter = loop.filter {
            let scope = Symbols(inside: symbols, Symbols.Activation(inside: symbols.activation))
            SymbolVisitor.declare(loop.target, scope)
            SymbolVisitor.visit(filter, scope)
            // The target is set in the filter's own activation first; its places in the body are resolved below.
            resolve(filter, scope)
            finish(loop.scopes.filter, scope)
            scopes[loop.scopes.filter].macro.slotCount = scope.activation.count
            scopes[loop.scopes.filter].macro.parameters = loop.target.uses.compactMap { scope.slot($0.use.name) }
        }
        resolve(loop.items, symbols)
        resolve(loop.target, body)
        try resolve(loop.body, body)
        finish(loop.scopes.body, body)
        scopes[loop.scopes.body].loop = loopSlot
        let otherwise = Symbols(inside: symbols, symbols.activation)
        SymbolVisitor.visit(loop.otherwise, otherwise)
        try resolve(loop.otherwise, otherwise)
        finish(loop.scopes.otherwise, otherwise)
    }

    private mutating func resolve(
        _ assignment: Statement.BlockAssignment, _ symbols: Symbols
    ) throws(JinjaError) {
        let scope = Symbols(inside: symbols, symbols.activation)
        SymbolVisitor.visit(assignment.body, scope)
        try resolve(assignment.body, scope)
        assignment.filter.map { resolve($0, scope) }
        finish(assignment.scope, scope)
        resolve(assignment.target, symbols)
    }

    private mutating func resolve(_ block: Statement.FilterBlock, _ symbols: Symbols) throws(JinjaError) {
        let scope = Symbols(inside: symbols, symbols.activation)
        SymbolVisitor.visit(block.body, scope)
        SymbolVisitor.visit(block.filter, scope)
        try resolve(block.body, scope)
        resolve(block.filter, scope)
        finish(block.scope, scope)
    }

    private mutating func resolve(_ with: Statement.With, _ symbols: Symbols) throws(JinjaError) {
        let scope = Symbols(inside: symbols, symbols.activation)
        for assignment in with.assignments { SymbolVisitor.declare(assignment.target, scope) }
        SymbolVisitor.visit(with.body, scope)
        for assignment in with.assignments {
            resolve(assignment.value, symbols)
            resolve(assignment.target, scope)
        }
        try resolve(with.body, scope)
        finish(with.scope, scope)
    }

    private mutating func resolve(
        _ definition: Statement.MacroDefinition, _ symbols: Symbols
    ) throws(JinjaError) {
        let scope = Symbols(inside: symbols, Symbols.Activation(inside: symbols.activation))
        let names = definition.parameters.map(\.name.name)
        func analyse() {
            for name in names { scope.declareParameter(name) }
            for parameter in definition.parameters { parameter.fallback.map { SymbolVisitor.visit($0, scope) } }
            SymbolVisitor.visit(definition.body, scope)
        }
        analyse()
        let special = FreeNames(["caller", "varargs", "kwargs"], in: definition.body).found
        if names.contains("caller"), special.contains("caller"),
            definition.parameters.first(where: { $0.name.name == "caller" })?.fallback == nil
        {
            throw JinjaError(
                .syntax, "expected a default for the parameter \"caller\", or no such parameter",
                at: definition.position)
        }
        var slots = Program.MacroSlots()
        func declare(_ name: String) -> Int? {
            special.contains(name) && !names.contains(name) ? scope.declareParameter(name) : nil
        }
        slots.caller = declare("caller")
        slots.kwargs = declare("kwargs")
        slots.varargs = declare("varargs")
        // Once more: what was declared just now is known to branches from the start.
        analyse()
        for parameter in definition.parameters {
            resolve(parameter.name, scope)
            parameter.fallback.map { resolve($0, scope) }
        }
        try resolve(definition.body, scope)
        slots.parameters = names.compactMap { scope.slot($0) }
        finish(definition.scope, scope)
        slots.slotCount = scope.activation.count
        scopes[definition.scope].macro = slots
    }

    private mutating func finish(_ number: Int, _ symbols: Symbols) { scopes[number] = symbols.scope }

    // MARK: - The loop variable

    private static func loopIsSet(_ position: JinjaPosition) -> JinjaError {
        JinjaError(
            .syntax, "expected another name to be set inside of a loop, found \"loop\", which the loop sets itself",
            at: position)
    }

    /// Nothing inside of a loop may set `loop`, however deep it stands.
    private func checkThatLoopIsNotSet(_ statements: [Statement]) throws(JinjaError) {
        for statement in statements {
            for (use, isMember, position) in statement.targets where use.name == "loop" && !isMember {
                throw Self.loopIsSet(position)
            }
            try checkThatLoopIsNotSet(statement.inner)
        }
    }
}

extension Statement {
    /// What the statement sets itself.
    fileprivate var targets: [(use: NameUse, isMember: Bool, position: JinjaPosition)] {
        switch self {
        case .loop(let loop): loop.target.uses
        case .assignment(let assignment): assignment.target.uses
        case .blockAssignment(let assignment): assignment.target.uses
        case .output, .branches, .macro, .call, .generation, .filter, .with, .endLoop, .nextItem: []
        }
    }

    /// All statements directly inside.
    fileprivate var inner: [Statement] {
        switch self {
        case .branches(let branches, let otherwise): branches.flatMap(\.body) + otherwise
        case .loop(let loop): loop.body + loop.otherwise
        case .blockAssignment(let assignment): assignment.body
        case .macro(let definition), .generation(let definition): definition.body
        case .call(let call): call.content.body
        case .filter(let block): block.body
        case .with(let with): with.body
        case .output, .assignment, .endLoop, .nextItem: []
        }
    }
}
