// Filters that apply other filters and tests to each item.

extension Interpreter {
    func mapped(_ value: Value, _ arguments: CallArguments) throws(JinjaError) -> Value {
        // As in Jinja2, nothing is checked where there is nothing to map.
        guard isTrue(value) else { return try made(LazySequence(depth: 0) { (_) throws(JinjaError) in nil }) }
        let items = lazily(value)
        if arguments.positional.isEmpty, arguments.named.contains(where: { $0.name.isSame(as: "attribute") }) {
            return try made(
                LazySequence(depth: value.depth + 1) { (interpreter) throws(JinjaError) in
                    let values = try arguments.bound(["attribute", "default"], for: "map")
                    let path = try interpreter.attributePath(values[0])
                    let fallback = values[1].flatMap { $0.isNone ? nil : $0 }
                    return try items(interpreter).next(interpreter).map { (item) throws(JinjaError) in
                        try interpreter.follow(path, from: item, fallback: fallback)
                    }
                })
        }
        var rest = arguments
        if !rest.positional.isEmpty { rest.positional.removeFirst() }
        return try made(
            LazySequence(depth: value.depth + 1) { [rest] (interpreter) throws(JinjaError) in
                guard let name = arguments.positional.first else {
                    throw .evaluation("map: expected a filter's name or attribute=, found neither")
                }
                let filter = try Self.filter(name)
                return try items(interpreter).next(interpreter).map { (item) throws(JinjaError) in
                    try interpreter.apply(filter, to: item, rest)
                }
            })
    }

    /// The items of a value, looked at when the first one is asked for.
    private func lazily(_ value: Value) -> (Interpreter) throws(JinjaError) -> LazySequence {
        var sequence: LazySequence?
        return { (interpreter) throws(JinjaError) in
            let known: LazySequence
            if let sequence { known = sequence } else { known = try interpreter.iterated(value) }
            sequence = known
            return known
        }
    }

    private static func filter(_ name: Value) throws(JinjaError) -> Filter {
        guard case .string(let text) = name else {
            throw .evaluation("map: expected a filter's name, found \(name.kind)")
        }
        guard let filter = Filter(rawValue: text.string) else {
            throw JinjaError(
                Filter.unsupported.contains(text.string) ? .unsupported : .evaluation, Filter.unknown(text.string))
        }
        return filter
    }

    func selected(_ filter: Filter, _ value: Value, _ arguments: CallArguments) throws(JinjaError) -> Value {
        guard isTrue(value) else { return try made(LazySequence(depth: 0) { (_) throws(JinjaError) in nil }) }
        let items = lazily(value)
        let hasAttribute = filter == .selectattr || filter == .rejectattr
        let isWanted = filter == .select || filter == .selectattr
        var rest = arguments
        let attribute = hasAttribute && !rest.positional.isEmpty ? rest.positional.removeFirst() : nil
        let testName = rest.positional.isEmpty ? nil : rest.positional.removeFirst()
        return try made(
            LazySequence(depth: value.depth + 1) { [rest] (interpreter) throws(JinjaError) in
                guard !hasAttribute || attribute != nil else {
                    throw .evaluation("\(filter.rawValue): expected an attribute's name, found none")
                }
                let path = try interpreter.attributePath(attribute)
                while let item = try items(interpreter).next(interpreter) {
                    let part = try interpreter.follow(path, from: item)
                    let holds: Bool
                    if let testName {
                        holds = try interpreter.holds(try Self.test(testName), part, rest)
                    } else {
                        holds = interpreter.isTrue(part)
                    }
                    if holds == isWanted { return item }
                }
                return nil
            })
    }

    private static func test(_ name: Value) throws(JinjaError) -> Test {
        guard case .string(let text) = name, let test = Test(rawValue: text.string) else {
            if case .string(let text) = name { throw .evaluation(Test.unknown(text.string)) }
            throw .evaluation("expected a test's name, found \(name.kind)")
        }
        return test
    }
}
