extension Interpreter {
    /// Whether `value is test(arguments)` holds.
    func holds(_ test: Test, _ value: Value, _ arguments: CallArguments) throws(JinjaError) -> Bool {
        let needsOther: Bool
        switch test {
        case .divisibleby, .eq, .equalto, .equal, .ne, .notEqual, .gt, .greaterthan, .greater, .ge, .greaterOrEqual,
            .lt,
            .lessthan, .less, .le, .lessOrEqual, .in, .sameas:
            needsOther = true
        default: needsOther = false
        }
        let name = test == .divisibleby ? "num" : test == .sameas ? "other" : test == .in ? "seq" : ""
        let values = try arguments.bound(needsOther ? [name] : [], required: needsOther ? 1 : 0, for: test.rawValue)
        if let other = values.first.flatMap({ $0 }) { return try holds(test, value, other) }
        return try holds(test, value)
    }

    private func holds(_ test: Test, _ value: Value, _ other: Value) throws(JinjaError) -> Bool {
        switch test {
        case .divisibleby: try isTrue(.bool(areEqual(apply(.remainder, value, other), .integer(0, .template))))
        case .ne, .notEqual: try compare(value, .notEqual, other)
        case .gt, .greaterthan, .greater: try compare(value, .greater, other)
        case .ge, .greaterOrEqual: try compare(value, .greaterOrEqual, other)
        case .lt, .lessthan, .less: try compare(value, .less, other)
        case .le, .lessOrEqual: try compare(value, .lessOrEqual, other)
        case .in: try contains(other, value)
        case .sameas: try isSame(value, other)
        default: try areEqual(value, other)
        }
    }

    private func holds(_ test: Test, _ value: Value) throws(JinjaError) -> Bool {
        switch (test, value) {
        case (.odd, _):
            return try areEqual(try apply(.remainder, value, .integer(2, .template)), .integer(1, .template))
        case (.even, _):
            return try areEqual(try apply(.remainder, value, .integer(2, .template)), .integer(0, .template))
        case (.defined, _): return !value.isUndefined
        case (.undefined, _): return value.isUndefined
        case (.none, .none), (.boolean, .bool), (.integer, .integer), (.float, .float), (.string, .string),
            (.mapping, .map):
            return true
        case (.true, .bool(let truth)): return truth
        case (.false, .bool(let truth)): return !truth
        case (.number, .bool), (.number, .integer), (.number, .float): return true
        case (.escaped, .string(let text)): return text.isMarkup
        case (.lower, _): return try text(of: value).isLowercase
        case (.upper, _): return try text(of: value).isUppercase
        case (.callable, .macro), (.callable, .function), (.callable, .method), (.callable, .loop),
            (.callable, .joiner),
            (.callable, .undefined):
            return true
        case (.iterable, .iterator), (.iterable, .loop): return true
        case (.iterable, _): return value.knownCount != nil
        case (.sequence, .view): return false
        case (.sequence, _): return value.knownCount != nil
        case (.filter, _): return try isName(value) { Filter(rawValue: $0) != nil || Filter.unsupported.contains($0) }
        case (.test, _): return try isName(value) { Test(rawValue: $0) != nil }
        default: return false
        }
    }

    private func isName(_ value: Value, _ isKnown: (String) -> Bool) throws(JinjaError) -> Bool {
        _ = try mapKey(value)
        return if case .string(let text) = value { isKnown(text.string) } else { false }
    }

    /// `is` of Python, which knows objects. Numbers and texts have no identity here: equal ones of one kind are the
    /// same.
    private func isSame(_ left: Value, _ right: Value) throws(JinjaError) -> Bool {
        switch (left, right) {
        case (.none, .none): true
        case (.bool(let first), .bool(let second)): first == second
        case (.list(let first), .list(let second)), (.tuple(let first), .tuple(let second)): first === second
        case (.map(let first), .map(let second)): first === second
        case (.integer, .integer), (.float, .float), (.string, .string): try areEqual(left, right)
        case (.bool, _), (_, .bool), (.integer, _), (_, .integer), (.undefined, _), (_, .undefined): false
        default: try areEqual(left, right)
        }
    }
}
