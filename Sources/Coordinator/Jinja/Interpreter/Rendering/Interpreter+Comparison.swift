// Equality and order of values. Who wrote a text makes no difference.

extension Interpreter {
    enum Order { case less, lessOrEqual, greater, greaterOrEqual }

    func areEqual(_ left: Value, _ right: Value) throws(JinjaError) -> Bool {
        try spend()
        if let first = Arithmetic.number(left), let second = Arithmetic.number(right) {
            return Self.order(first, second) == .equal
        }
        switch (left, right) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.string(let first), .string(let second)):
            try spend(bytes: first.utf8.count)
            return first.isSame(as: second)
        case (.list(let first), .list(let second)), (.tuple(let first), .tuple(let second)):
            return first === second ? true : try areEqual(first.items, second.items)
        case (.map(let first), .map(let second)): return first === second ? true : try areEqual(first, second)
        case (.range(let first), .range(let second)): return Self.areEqual(first, second)
        case (.view(let first), .view(let second)): return try areEqual(first, second)
        case (.iterator(let first), .iterator(let second)): return first === second
        case (.namespace(let first), .namespace(let second)): return first === second
        case (.macro(let first), .macro(let second)): return first === second
        case (.loop(let first), .loop(let second)): return first === second
        case (.cycler(let first), .cycler(let second)): return first === second
        case (.joiner(let first), .joiner(let second)): return first === second
        case (.function(let first), .function(let second)): return first == second
        case (.method(let first), .method(let second)): return first === second
        default: return false
        }
    }

    func areEqual(_ left: [Value], _ right: [Value]) throws(JinjaError) -> Bool {
        guard left.count == right.count else { return false }
        return try deeper { () throws(JinjaError) in
            for (first, second) in zip(left, right) {
                guard try areEqual(first, second) else { return false }
            }
            return true
        }
    }

    private func areEqual(_ left: MapValue, _ right: MapValue) throws(JinjaError) -> Bool {
        guard left.entries.count == right.entries.count else { return false }
        return try deeper { () throws(JinjaError) in
            for entry in left.entries {
                guard let other = right[try mapKey(entry.key)], try areEqual(entry.value, other) else { return false }
            }
            return true
        }
    }

    private static func areEqual(_ left: RangeValue, _ right: RangeValue) -> Bool {
        guard left.count == right.count else { return false }
        return left.count == 0 || left.start == right.start && (left.count == 1 || left.step == right.step)
    }

    /// Keys and items are compared as sets, values by identity.
    private func areEqual(_ left: MapView, _ right: MapView) throws(JinjaError) -> Bool {
        if left.part == .values || right.part == .values { return false }
        guard left.map.entries.count == right.map.entries.count else { return false }
        for index in left.map.entries.indices {
            guard try contains(.view(right), left[index]) else { return false }
        }
        return true
    }

    // MARK: - Order

    private enum Relation { case less, equal, greater, none }

    func isOrdered(_ left: Value, _ order: Order, _ right: Value) throws(JinjaError) -> Bool {
        let relation = try relation(left, right, order)
        return switch order {
        case .less: relation == .less
        case .lessOrEqual: relation == .less || relation == .equal
        case .greater: relation == .greater
        case .greaterOrEqual: relation == .greater || relation == .equal
        }
    }

    private func relation(_ left: Value, _ right: Value, _ order: Order) throws(JinjaError) -> Relation {
        try spend()
        if let first = Arithmetic.number(left), let second = Arithmetic.number(right) {
            return Self.order(first, second)
        }
        switch (left, right) {
        case (.undefined(let missing), _), (_, .undefined(let missing)): throw .evaluation(missing.message)
        case (.string(let first), .string(let second)):
            try spend(bytes: min(first.utf8.count, second.utf8.count))
            // The order of UTF-8 is that of code points.
            if first.utf8 == second.utf8 { return .equal }
            return first.utf8.lexicographicallyPrecedes(second.utf8) ? .less : .greater
        case (.list(let first), .list(let second)), (.tuple(let first), .tuple(let second)):
            return try relation(first.items, second.items, order)
        default: throw .evaluation("expected values that have an order, found \(left.kind) and \(right.kind)")
        }
    }

    /// By the first items that differ, else by length.
    private func relation(_ left: [Value], _ right: [Value], _ order: Order) throws(JinjaError) -> Relation {
        try deeper { () throws(JinjaError) in
            for (first, second) in zip(left, right) {
                if try !areEqual(first, second) { return try relation(first, second, order) }
            }
            return left.count == right.count ? .equal : left.count < right.count ? .less : .greater
        }
    }

    /// Exact, also where a whole number has no floating-point number of its own.
    private static func order(_ left: Arithmetic.Number, _ right: Arithmetic.Number) -> Relation {
        switch (left, right) {
        case (.integer(let first, _), .integer(let second, _)):
            return first == second ? .equal : first < second ? .less : .greater
        case (.float(let first), .float(let second)): return order(first, second)
        case (.integer(let first, _), .float(let second)): return order(first, second)
        case (.float(let first), .integer(let second, _)):
            return switch order(second, first) {
            case .less: .greater
            case .greater: .less
            case .equal: .equal
            case .none: .none
            }
        }
    }

    private static func order<Number: BinaryFloatingPoint>(_ left: Number, _ right: Number) -> Relation {
        left == right ? .equal : left < right ? .less : left > right ? .greater : .none
    }

    private static func order(_ left: Int, _ right: Double) -> Relation {
        guard right.isFinite else { return right.isNaN ? .none : right > 0 ? .less : .greater }
        let floor = right.rounded(.down)
        guard let whole = Int(exactly: floor) else { return right > 0 ? .less : .greater }
        return left == whole ? (floor == right ? .equal : .less) : left < whole ? .less : .greater
    }
}

extension Interpreter {
    /// Sorted by keys, stable, with as many comparisons as merging takes.
    func sorted(_ items: [(key: Value, value: Value)], descending: Bool) throws(JinjaError) -> [Value] {
        // Descending, equal ones stay in their order: they are reversed twice.
        var sorted = descending ? items.reversed() : items
        var width = 1
        while width < sorted.count {
            var merged: [(key: Value, value: Value)] = []
            merged.reserveCapacity(sorted.count)
            for start in stride(from: 0, to: sorted.count, by: 2 * width) {
                let middle = min(start + width, sorted.count)
                let end = min(start + 2 * width, sorted.count)
                var (left, right) = (start, middle)
                while left < middle, right < end {
                    if try isOrdered(sorted[right].key, .less, sorted[left].key) {
                        merged.append(sorted[right])
                        right += 1
                    } else {
                        merged.append(sorted[left])
                        left += 1
                    }
                }
                merged += sorted[left..<middle]
                merged += sorted[right..<end]
            }
            sorted = merged
            width *= 2
        }
        return (descending ? sorted.reversed() : sorted).map(\.value)
    }
}
