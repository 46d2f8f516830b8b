extension Interpreter {
    func run(_ loop: Statement.Loop) throws(JinjaError) -> Flow {
        let scope = program.scopes[loop.scopes.body]
        let value = try evaluate(loop.items)
        let items: LazySequence
        var count: Int?
        do throws(JinjaError) {
            if let filter = loop.filter {
                items = try filtered(value, filter, loop)
            } else {
                items = try iterated(value)
                count = value.knownCount
            }
        } catch {
            throw error.located(at: loop.items.position)
        }
        let state = scope.loop == nil ? nil : LoopState(items, count: count)
        if let state { try check(depth: state.depth) }
        var hasRunToItsEnd = false
        func next() throws(JinjaError) -> Value? {
            if let state { try state.advance(self) } else { try items.next(self) }
        }
        loop: while let item = try next() {
            try spend()
            try assign(item, to: loop.target)
            if let slot = scope.loop { activation.slots[slot] = state.map { .loop($0) } }
            try enter(scope)
            switch try run(loop.body) {
            case .onward: hasRunToItsEnd = true
            case .nextItem: break
            case .endLoop: break loop
            }
        }
        leave(scope)
        // As in Jinja2, an item that `continue` or `break` ended does not count.
        if hasRunToItsEnd || loop.otherwise.isEmpty { return .onward }
        let otherwise = program.scopes[loop.scopes.otherwise]
        try enter(otherwise)
        let flow = try run(loop.otherwise)
        leave(otherwise)
        return flow
    }

    /// The items for which a loop's condition holds. It is asked when the item is reached, not before.
    private func filtered(
        _ value: Value, _ filter: Expression, _ loop: Statement.Loop
    ) throws(JinjaError) -> LazySequence {
        let scope = program.scopes[loop.scopes.filter]
        let items = try iterated(value)
        capture(activation)
        let own = Activation(slotCount: scope.macro.slotCount, inside: activation)
        try build(scope.macro.slotCount * 32 + 64)
        var hasBegun = false
        return LazySequence(depth: items.depth + 1) { (interpreter) throws(JinjaError) in
            let outer = interpreter.activation
            interpreter.activation = own
            defer { interpreter.activation = outer }
            if !hasBegun { try interpreter.enter(scope) }
            hasBegun = true
            while let item = try items.next(interpreter) {
                try interpreter.spend()
                let values = try interpreter.flattened(item, loop.target)
                for (slot, value) in zip(scope.macro.parameters, values) { own.slots[slot] = value }
                if interpreter.isTrue(try interpreter.evaluate(filter)) { return item }
            }
            return nil
        }
    }
}
