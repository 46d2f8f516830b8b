// What operators do with values of each kind.

extension Interpreter {
    func apply(
        _ sign: Expression.ArithmeticOperator, _ left: Value, _ right: Value
    ) throws(JinjaError) -> Value {
        if case .undefined(let missing) = left { throw .evaluation(missing.message) }
        if let first = Arithmetic.number(left), let second = Arithmetic.number(right) {
            return try Arithmetic.apply(sign, first, second)
        }
        switch sign {
        case .add: if let sum = try sum(left, right) { return sum }
        case .multiply:
            if let product = try repetition(left, right) { return product }
            if let product = try repetition(right, left) { return product }
        case .remainder:
            if case .string(let format) = left { return try percentFormat(format, right) }
        case .subtract, .divide, .floorDivide, .power: break
        }
        if case .undefined(let missing) = right { throw .evaluation(missing.message) }
        throw .evaluation("\(sign.rawValue) is not defined for \(left.kind) and \(right.kind)")
    }

    private func sum(_ left: Value, _ right: Value) throws(JinjaError) -> Value? {
        switch (left, right) {
        case (.string(let first), .string(let second)):
            guard first.isMarkup || second.isMarkup else { return try made(first + second) }
            return try made((first.htmlEscaped + second.htmlEscaped).marked(asMarkup: true))
        case (.list(let first), .list(let second)): return .list(try concatenated(first, second))
        case (.tuple(let first), .tuple(let second)): return .tuple(try concatenated(first, second))
        default: return nil
        }
    }

    private func concatenated(_ first: ListValue, _ second: ListValue) throws(JinjaError) -> ListValue {
        try check(elements: first.items.count + second.items.count)
        return try made(first.items + second.items)
    }

    private func repetition(_ value: Value, _ times: Value) throws(JinjaError) -> Value? {
        let count: Int
        switch times {
        case .integer(let number, _): count = max(0, number)
        case .bool(let truth): count = truth ? 1 : 0
        default: return nil
        }
        switch value {
        case .string(let text):
            var result = newText
            try result.append(text, times: count)
            return try made(result.text.marked(asMarkup: text.isMarkup))
        case .list(let list): return .list(try repeated(list, count))
        case .tuple(let list): return .tuple(try repeated(list, count))
        default: return nil
        }
    }

    private func repeated(_ list: ListValue, _ count: Int) throws(JinjaError) -> ListValue {
        let (total, hasOverflown) = list.items.count.multipliedReportingOverflow(by: count)
        try check(elements: hasOverflown ? .max : total)
        guard total > 0 else { return try made([]) }
        var items: [Value] = []
        for _ in 0..<count { items += list.items }
        return try made(items)
    }

    // MARK: - Truth

    func isTrue(_ value: Value) -> Bool {
        switch value {
        case .undefined, .none: false
        case .bool(let truth): truth
        case .integer(let number, _): number != 0
        case .float(let number): number != 0
        case .string(let text): !text.isEmpty
        case .list(let list), .tuple(let list): !list.items.isEmpty
        case .map(let map): !map.entries.isEmpty
        case .range(let range): range.count > 0
        case .view(let view): !view.map.entries.isEmpty
        case .iterator, .namespace, .macro, .loop, .function, .method, .cycler, .joiner: true
        }
    }

    // MARK: - Membership

    /// Whether `value in container` holds.
    func contains(_ container: Value, _ value: Value) throws(JinjaError) -> Bool {
        switch container {
        case .string(let text):
            guard case .string(let part) = value else {
                throw .evaluation("expected a string to look for in a string, found \(value.kind)")
            }
            try spend(bytes: text.utf8.count + part.utf8.count)
            return text.contains(part)
        case .map(let map): return map[try mapKey(value)] != nil
        case .view(let view) where view.part == .keys: return view.map[try mapKey(value)] != nil
        case .list, .tuple, .range, .view, .iterator, .undefined:
            let items = try iterated(container)
            while let item = try items.next(self) {
                if try areEqual(item, value) { return true }
            }
            return false
        default: throw .evaluation("expected something to look in, found \(container.kind)")
        }
    }
}
