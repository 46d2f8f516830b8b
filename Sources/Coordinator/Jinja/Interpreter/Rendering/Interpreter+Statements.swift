internal import Diagnostics

extension Interpreter {
    /// How a statement ended.
    enum Flow {
        case onward
        /// `break` ends the loop around.
        case endLoop
        /// `continue` goes on with the loop's next item.
        case nextItem
    }

    func run(_ statements: [Statement]) throws(JinjaError) -> Flow {
        for statement in statements {
            try spend()
            let flow = try deeper { () throws(JinjaError) in try run(statement) }
            if flow != .onward { return flow }
        }
        return .onward
    }

    private func run(_ statement: Statement) throws(JinjaError) -> Flow {
        switch statement {
        case .output(let pieces): try runOutput(pieces)
        case .branches(let branches, let otherwise):
            for branch in branches where try isTrue(evaluate(branch.test)) { return try run(branch.body) }
            return try run(otherwise)
        case .loop(let loop): return try run(loop)
        case .assignment(let assignment): try run(assignment)
        case .blockAssignment(let assignment): return try run(assignment)
        case .macro(let definition): try define(definition)
        case .call(let call): try run(call)
        case .generation(let definition):
            capture(activation)
            try write(try call(Macro(definition, activation), CallArguments()))
        case .filter(let block): return try run(block)
        case .with(let with): return try run(with)
        case .endLoop: return .endLoop
        case .nextItem: return .nextItem
        }
        return .onward
    }

    private func runOutput(_ pieces: [Statement.Piece]) throws(JinjaError) {
        for piece in pieces {
            switch piece {
            case .text(let text): try write(text)
            case .expression(let expression):
                let value = try evaluate(expression)
                do throws(JinjaError) { try write(try text(of: value)) } catch {
                    throw error.located(at: expression.position)
                }
            }
        }
    }

    // MARK: - Scopes

    /// Gives the variables of a scope their first values.
    func enter(_ scope: Program.Scope) throws(JinjaError) {
        if !scope.loads.isEmpty { try spend(scope.loads.count / 4 + 1) }
        for load in scope.loads {
            switch load.source {
            case .variable(let name): activation.slots[load.slot] = variable(name)
            case .outer(let place): activation.slots[load.slot] = activation[place]
            case .nothing: activation.slots[load.slot] = nil
            }
        }
    }

    func leave(_ scope: Program.Scope) {
        for slot in scope.slots { activation.slots[slot] = nil }
    }

    // MARK: - Assignments

    private func run(_ assignment: Statement.Assignment) throws(JinjaError) {
        for (use, isMember, position) in assignment.target.uses where isMember {
            guard case .namespace = activation[program.places[use.number]] else {
                throw JinjaError(
                    .evaluation, "expected a namespace whose attribute is set, found \(use.name.quoted), which is none",
                    at: position)
            }
        }
        try assign(try evaluate(assignment.value), to: assignment.target)
    }

    func assign(_ value: Value, to target: AssignmentTarget) throws(JinjaError) {
        switch target {
        case .name(let use, _): activation[program.places[use.number]] = value
        case .member(let use, let name, let position):
            guard case .namespace(let namespace) = activation[program.places[use.number]] else {
                throw JinjaError(
                    .evaluation, "expected a namespace whose attribute is set, found \(use.name.quoted), which is none",
                    at: position)
            }
            do throws(JinjaError) { try set(name, value, in: namespace) } catch { throw error.located(at: position) }
        case .tuple(let targets, let position):
            do throws(JinjaError) {
                let values = try unpacked(value, count: targets.count)
                for (target, value) in zip(targets, values) { try assign(value, to: target) }
            } catch {
                throw error.located(at: position)
            }
        }
    }

    func set(_ name: Text, _ value: Value, in namespace: Namespace) throws(JinjaError) {
        guard name.utf8.first != UInt8(ascii: "_") else {
            throw .evaluation("expected a namespace's attribute without a _ at its begin, found \(name.string.quoted)")
        }
        try build(160)
        namespace.set(name, value)
    }

    /// As many items as there are targets.
    private func unpacked(_ value: Value, count: Int) throws(JinjaError) -> [Value] {
        let items = try iterated(value)
        var values: [Value] = []
        while values.count <= count, let item = try items.next(self) { values.append(item) }
        guard values.count == count else {
            let found = values.count > count ? "more" : "fewer"
            throw .evaluation("expected \(count.counted("item")) for as many variables, found \(found)")
        }
        return values
    }

    /// The values of a target's variables, in their order.
    func flattened(_ value: Value, _ target: AssignmentTarget) throws(JinjaError) -> [Value] {
        guard case .tuple(let targets, let position) = target else { return [value] }
        do throws(JinjaError) {
            var result: [Value] = []
            for (target, value) in zip(targets, try unpacked(value, count: targets.count)) {
                result += try flattened(value, target)
            }
            return result
        } catch {
            throw error.located(at: position)
        }
    }

    // MARK: - Blocks

    private func run(_ assignment: Statement.BlockAssignment) throws(JinjaError) -> Flow {
        let scope = program.scopes[assignment.scope]
        try enter(scope)
        let (text, flow) = try captured { () throws(JinjaError) in try run(assignment.body) }
        guard flow == .onward else { return flow }
        var value = Value.string(text)
        if let filter = assignment.filter { value = try evaluate(filter, content: text) }
        try assign(value, to: assignment.target)
        leave(scope)
        return .onward
    }

    private func run(_ block: Statement.FilterBlock) throws(JinjaError) -> Flow {
        let scope = program.scopes[block.scope]
        try enter(scope)
        let (text, flow) = try captured { () throws(JinjaError) in try run(block.body) }
        guard flow == .onward else { return flow }
        guard case .string(let result) = try evaluate(block.filter, content: text) else {
            throw JinjaError(
                .evaluation, "expected a filter that makes a text of its block, found another value",
                at: block.filter.position)
        }
        try write(result)
        leave(scope)
        return .onward
    }

    private func run(_ with: Statement.With) throws(JinjaError) -> Flow {
        let scope = program.scopes[with.scope]
        try enter(scope)
        for assignment in with.assignments {
            try assign(try evaluate(assignment.value), to: assignment.target)
        }
        let flow = try run(with.body)
        leave(scope)
        return flow
    }
}
