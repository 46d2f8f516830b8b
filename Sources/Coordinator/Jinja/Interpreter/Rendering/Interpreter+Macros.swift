internal import Diagnostics

/// What something is called with.
struct CallArguments {
    struct Named {
        let name: Text
        let value: Value
    }

    var positional: [Value] = []
    var named: [Named] = []
}

extension Interpreter {
    func define(_ definition: Statement.MacroDefinition) throws(JinjaError) {
        capture(activation)
        try build(64)
        guard let use = definition.name else { return }
        activation[program.places[use.number]] = .macro(Macro(definition, activation))
    }

    func run(_ call: Statement.CallBlock) throws(JinjaError) {
        capture(activation)
        let content = Macro(call.content, activation)
        let callee = try evaluate(call.callee)
        var arguments = try evaluate(call.arguments)
        do throws(JinjaError) {
            guard !arguments.named.contains(where: { $0.name.isSame(as: "caller") }) else {
                throw .evaluation("expected one caller, found two")
            }
            arguments.named.append(CallArguments.Named(name: Text("caller", by: .template), value: .macro(content)))
            try write(try text(of: try self.call(callee, arguments)))
        } catch {
            throw error.located(at: call.position)
        }
    }

    /// The text that a macro writes.
    func call(_ macro: Macro, _ arguments: CallArguments) throws(JinjaError) -> Text {
        let scope = program.scopes[macro.definition.scope]
        let own = Activation(slotCount: scope.macro.slotCount, inside: macro.activation)
        try spend(scope.macro.slotCount / 4 + 1)
        // A call's variables are gone when it ends, unless something refers to them.
        try build(scope.macro.slotCount * 32 + 64)
        let caller = activation
        activation = own
        defer { activation = caller }
        return try deeper { () throws(JinjaError) in
            try enter(scope)
            try bind(arguments, to: macro.definition, scope.macro)
            return try captured { () throws(JinjaError) in try run(macro.definition.body) }.text
        }
    }

    private func bind(
        _ arguments: CallArguments, to definition: Statement.MacroDefinition, _ slots: Program.MacroSlots
    ) throws(JinjaError) {
        let name = definition.name?.name ?? "caller"
        var named = arguments.named
        func take(_ name: String) -> Value? {
            guard let index = named.firstIndex(where: { $0.name.utf8.elementsEqual(name.utf8) }) else { return nil }
            return named.remove(at: index).value
        }
        let parameters = definition.parameters
        for (index, slot) in slots.parameters.enumerated() {
            activation.slots[slot] =
                index < arguments.positional.count ? arguments.positional[index] : take(parameters[index].name.name)
        }
        if let slot = slots.caller {
            activation.slots[slot] = take("caller") ?? .undefined(.nothing("the macro was called without a caller"))
        }
        if let slot = slots.kwargs {
            var builder = MapBuilder()
            for argument in named { builder.set(.string(argument.name), MapKey(argument.name), argument.value) }
            activation.slots[slot] = try made(builder)
        } else if let unknown = named.first {
            throw .evaluation("macro \(name.quoted) has no parameter \(unknown.name.string.quoted)")
        }
        let rest = Array(arguments.positional.dropFirst(parameters.count))
        if let slot = slots.varargs {
            activation.slots[slot] = .tuple(try made(rest))
        } else if !rest.isEmpty {
            throw .evaluation(
                "macro \(name.quoted): expected at most \(parameters.count.counted("argument")), found more")
        }
        for (parameter, slot) in zip(parameters, slots.parameters) where activation.slots[slot] == nil {
            activation.slots[slot] =
                try parameter.fallback.map { (fallback) throws(JinjaError) in try evaluate(fallback) }
                ?? .undefined(.variable(parameter.name.name))
        }
    }
}
