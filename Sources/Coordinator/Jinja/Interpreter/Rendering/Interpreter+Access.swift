// Attributes, items and slices, as Jinja2's sandbox gives them to a template.

extension Interpreter {
    /// `object.name`: an attribute, else an item.
    func attribute(_ name: Text, of object: Value) throws(JinjaError) -> Value {
        if case .undefined(let missing) = object {
            guard let value = try methodAttribute(name, of: object) else { throw .evaluation(missing.message) }
            return value
        }
        if let value = try ownAttribute(name, of: object) { return value }
        if case .map(let map) = object, let value = map[MapKey(name)] { return value }
        return .undefined(.attribute(name, of: object.kind))
    }

    /// `object[key]`: an item, else an attribute.
    func item(_ key: Value, of object: Value) throws(JinjaError) -> Value {
        if case .undefined(let missing) = object { throw .evaluation(missing.message) }
        if let value = try ownItem(key, of: object) { return value }
        guard case .string(let name) = key else { return .undefined(.element(of: object.kind)) }
        return try ownAttribute(name, of: object) ?? .undefined(.attribute(name, of: object.kind))
    }

    /// - Returns: nil where the object has no such item.
    private func ownItem(_ key: Value, of object: Value) throws(JinjaError) -> Value? {
        if case .map(let map) = object {
            switch key {
            case .list, .map, .view: return nil
            default: return map[try mapKey(key)]
            }
        }
        guard let number = Self.index(key) else { return nil }
        switch object {
        case .list(let list), .tuple(let list):
            return Self.position(number, in: list.items.count).map { list.items[$0] }
        case .range(let range): return Self.position(number, in: range.count).map { range[$0] }
        case .string(let text):
            try spend(bytes: text.utf8.count)
            return Self.position(number, in: text.utf8.scalarCount).map { position in
                let start = text.utf8.offset(ofScalar: position)
                return .string(text[start..<start + [UInt8].length(text.utf8[start])])
            }
        default: return nil
        }
    }

    private static func index(_ value: Value) -> Int? {
        switch value {
        case .integer(let number, _): number
        case .bool(let truth): truth ? 1 : 0
        default: nil
        }
    }

    /// From the end, where the number is negative.
    private static func position(_ number: Int, in count: Int) -> Int? {
        let position = number < 0 ? number + count : number
        return 0..<count ~= position ? position : nil
    }

    /// What a value has under a name, whatever its items are.
    func ownAttribute(_ name: Text, of object: Value) throws(JinjaError) -> Value? {
        switch object {
        case .namespace(let namespace): return namespace[name]
        case .loop(let loop): return try loop.attribute(name, self)
        case .macro(let macro): return macro.attribute(name, self)
        case .cycler(let cycler): return try cyclerAttribute(name, cycler)
        case .joiner(let joiner):
            return name.isSame(as: "sep") ? joiner.separator : name.isSame(as: "used") ? .bool(joiner.isUsed) : nil
        case .tuple(let list) where list.isGroup && name.isSame(as: "grouper"): return list.items[0]
        case .tuple(let list) where list.isGroup && name.isSame(as: "list"): return list.items[1]
        default: return try methodAttribute(name, of: object)
        }
    }

    private func cyclerAttribute(_ name: Text, _ cycler: Cycler) throws(JinjaError) -> Value? {
        switch name.string {
        case "items": .tuple(cycler.items)
        case "pos": .integer(cycler.position, .template)
        case "current": cycler.items.items[cycler.position]
        case "next": .method(Method(.cycler(cycler), .cycler(.next)))
        case "reset": .method(Method(.cycler(cycler), .cycler(.reset)))
        default: nil
        }
    }

    // MARK: - Slices

    func slice(
        _ object: Expression, _ start: Expression?, _ stop: Expression?, _ step: Expression?
    ) throws(JinjaError) -> Value {
        let object = try evaluate(object)
        var bounds: [Int?] = []
        for expression in [start, stop, step] {
            let value = try expression.map { (expression) throws(JinjaError) in try evaluate(expression) } ?? .none
            if case .none = value {
                bounds.append(nil)
            } else if let number = Self.index(value) {
                bounds.append(number)
            } else {
                throw .evaluation("expected a whole number in a slice, found \(value.kind)")
            }
        }
        guard bounds[2] != 0 else { throw .evaluation("expected a slice's step other than 0, found 0") }
        let slice = Slice(start: bounds[0], stop: bounds[1], step: bounds[2] ?? 1)
        switch object {
        case .undefined(let missing): throw .evaluation(missing.message)
        case .string(let text): return try made(try self.slice(text, slice))
        case .list(let list): return .list(try made(slice.indices(in: list.items.count).map { list.items[$0] }))
        case .tuple(let list): return .tuple(try made(slice.indices(in: list.items.count).map { list.items[$0] }))
        case .range(let range): return try self.slice(range, slice)
        default: throw .evaluation("expected a string or a list to take a slice of, found \(object.kind)")
        }
    }

    private func slice(_ text: Text, _ slice: Slice) throws(JinjaError) -> Text {
        try spend(bytes: text.utf8.count)
        let indices = slice.indices(in: text.utf8.scalarCount)
        guard slice.step == 1 else {
            try spend(indices.count)
            return text.characters(indices)
        }
        guard let first = indices.first else { return text[0..<0] }
        let start = text.utf8.offset(ofScalar: first)
        var end = start
        for _ in indices { end += [UInt8].length(text.utf8[end]) }
        return text[start..<end]
    }

    private func slice(_ range: RangeValue, _ slice: Slice) throws(JinjaError) -> Value {
        let bounds = slice.bounds(in: range.count)
        let (step, hasOverflown) = range.step.multipliedReportingOverflow(by: slice.step)
        guard !hasOverflown else { throw Arithmetic.overflow }
        return .range(
            try Self.range(
                start: range.start + bounds.start * range.step, stop: range.start + bounds.stop * range.step,
                step: step,
                range.author))
    }
}

/// Python's rules for slices.
struct Slice {
    let start: Int?
    let stop: Int?
    /// Not 0.
    let step: Int

    func bounds(in count: Int) -> (start: Int, stop: Int) {
        let (low, high) = step < 0 ? (-1, count - 1) : (0, count)
        func clamped(_ bound: Int?, _ fallback: Int) -> Int {
            guard let bound else { return fallback }
            return bound < 0 ? max(low, bound <= -count - 1 ? low : bound + count) : min(high, bound)
        }
        return step < 0 ? (clamped(start, high), clamped(stop, low)) : (clamped(start, low), clamped(stop, high))
    }

    func indices(in count: Int) -> [Int] {
        let bounds = bounds(in: count)
        // A longer step than the list reaches one element.
        let step = step < 0 ? max(step, -count - 1) : min(step, count + 1)
        return Array(stride(from: bounds.start, to: bounds.stop, by: step))
    }
}

extension Macro {
    fileprivate func attribute(_ name: Text, _ interpreter: Interpreter) -> Value? {
        let slots = interpreter.program.scopes[definition.scope].macro
        switch name.string {
        case "name": return definition.name.map { .text($0.name, by: .template) } ?? Value.none
        case "arguments":
            return .tuple(ListValue(definition.parameters.map { .text($0.name.name, by: .template) }))
        case "catch_kwargs": return .bool(slots.kwargs != nil)
        case "catch_varargs": return .bool(slots.varargs != nil)
        case "caller": return .bool(slots.caller != nil)
        case "explicit_caller": return .bool(definition.parameters.contains { $0.name.name == "caller" })
        default: return nil
        }
    }
}
