// Filters that make sequences of sequences, or pick from them.

extension Interpreter {
    // MARK: - Attributes

    /// One way from an item to a part of it: names and numbers.
    typealias AttributePath = [Value]

    /// `"a.0.b"` as a path; a number is a path of its own, none the item itself.
    func attributePath(_ value: Value?) throws(JinjaError) -> AttributePath {
        switch value {
        case nil, .some(.none): return []
        case .string(let text): return Self.path(text)
        case .some(let other): return [other]
        }
    }

    private static func path(_ text: Text) -> AttributePath {
        text.split(by: Text(".", by: .template), limit: -1, fromTheRight: false).map { part in
            guard part.isAll(\.isPythonDigit), let number = Int(part.string) else { return .string(part) }
            return .integer(number, .template)
        }
    }

    /// `"a,b.c"` as several paths.
    private func attributePaths(_ value: Value?) throws(JinjaError) -> [AttributePath] {
        guard case .string(let text) = value else { return [try attributePath(value)] }
        return text.split(by: Text(",", by: .template), limit: -1, fromTheRight: false).map { Self.path($0) }
    }

    func follow(_ path: AttributePath, from item: Value, fallback: Value? = nil) throws(JinjaError) -> Value {
        var value = item
        for part in path {
            value = try self.item(part, of: value)
            if value.isUndefined, let fallback { value = fallback }
        }
        return value
    }

    /// What is compared of a value: of a text its lower case, unless case counts.
    private func comparable(_ value: Value, _ isCaseSensitive: Value?) throws(JinjaError) -> Value {
        guard case .string(let text) = value, !(isCaseSensitive.map { isTrue($0) } ?? false) else { return value }
        try spend(bytes: text.utf8.count)
        return try made(text.lowercased)
    }

    // MARK: - Order

    func sortedList(_ value: Value, _ values: [Value?]) throws(JinjaError) -> Value {
        let paths = try attributePaths(values[2])
        var keyed: [(key: Value, value: Value)] = []
        for item in try items(of: value) {
            var keys: [Value] = []
            for path in paths { keys.append(try comparable(try follow(path, from: item), values[1])) }
            keyed.append((.list(try made(keys)), item))
        }
        return .list(try made(try sorted(keyed, descending: values[0].map { isTrue($0) } ?? false)))
    }

    func dictionarySorted(_ value: Value, _ values: [Value?]) throws(JinjaError) -> Value {
        guard case .map(let map) = value else { throw .evaluation("dictsort: expected a mapping, found \(value.kind)") }
        let by = try values[1].map { (value) throws(JinjaError) in try string(value, for: "dictsort") }
        guard by == nil || by!.isSame(as: "key") || by!.isSame(as: "value") else {
            throw .evaluation("dictsort: expected to sort by \"key\" or \"value\", found another word")
        }
        let isByValue = by?.isSame(as: "value") ?? false
        var keyed: [(key: Value, value: Value)] = []
        for entry in map.entries {
            let key = try comparable(isByValue ? entry.value : entry.key, values[0])
            keyed.append((key, .tuple(try made([entry.key, entry.value]))))
        }
        return .list(try made(try sorted(keyed, descending: values[2].map { isTrue($0) } ?? false)))
    }

    func extreme(_ filter: Filter, _ value: Value, _ values: [Value?]) throws(JinjaError) -> Value {
        let path = try attributePath(values[1])
        let items = try iterated(value)
        guard var best = try items.next(self) else {
            return .undefined(.nothing("the sequence has no smallest or largest item, as it is empty"))
        }
        var bestKey = try comparable(try follow(path, from: best), values[0])
        while let item = try items.next(self) {
            let key = try comparable(try follow(path, from: item), values[0])
            if try isOrdered(key, filter == .min ? .less : .greater, bestKey) { (best, bestKey) = (item, key) }
        }
        return best
    }

    func unique(_ value: Value, _ values: [Value?]) throws(JinjaError) -> Value {
        let path = try attributePath(values[1])
        let items = try iterated(value)
        var seen: Set<MapKey> = []
        return try made(
            LazySequence(depth: items.depth + 1) { (interpreter) throws(JinjaError) in
                while let item = try items.next(interpreter) {
                    let key = try interpreter.comparable(try interpreter.follow(path, from: item), values[0])
                    try interpreter.build(64)
                    if seen.insert(try interpreter.mapKey(key)).inserted { return item }
                }
                return nil
            })
    }

    func grouped(_ value: Value, _ values: [Value?]) throws(JinjaError) -> Value {
        let path = try attributePath(values[0])
        let fallback = values[1].flatMap { $0.isNone ? nil : $0 }
        var keyed: [(key: Value, value: Value)] = []
        for item in try items(of: value) {
            let key = try comparable(try follow(path, from: item, fallback: fallback), values[2])
            keyed.append((key, .tuple(try made([key, item]))))
        }
        var groups: [Value] = []
        var (key, members): (Value?, [Value]) = (nil, [])
        func finish() throws(JinjaError) {
            guard let first = members.first else { return }
            let shown = try follow(path, from: first, fallback: fallback)
            groups.append(.tuple(try made(ListValue([shown, .list(try made(members))], isGroup: true))))
        }
        for pair in try sorted(keyed, descending: false) {
            guard case .tuple(let pair) = pair else { continue }
            if let known = key, try areEqual(known, pair.items[0]) {
                members.append(pair.items[1])
            } else {
                try finish()
                (key, members) = (pair.items[0], [pair.items[1]])
            }
        }
        try finish()
        return .list(try made(groups))
    }

    // MARK: - Parts

    func batched(_ value: Value, _ values: [Value?]) throws(JinjaError) -> Value {
        let items = try iterated(value)
        let size = values[0] ?? .none
        let fill = values[1] ?? .none
        return try made(
            LazySequence(depth: items.depth + 1) { (interpreter) throws(JinjaError) in
                var batch: [Value] = []
                let count = Value.integer
                while try !interpreter.areEqual(count(batch.count, .template), size) || batch.isEmpty,
                    let item = try items.next(interpreter)
                {
                    batch.append(item)
                    try interpreter.check(elements: batch.count)
                    try interpreter.build(48)
                }
                guard !batch.isEmpty else { return nil }
                if !fill.isNone, try interpreter.isOrdered(count(batch.count, .template), .less, size) {
                    let wanted = try interpreter.integer(size, for: "batch") ?? 0
                    try interpreter.check(elements: wanted)
                    try interpreter.build((wanted - batch.count) * 40)
                    batch += Array(repeating: fill, count: wanted - batch.count)
                }
                return .list(try interpreter.made(batch))
            })
    }

    func sliced(_ value: Value, _ values: [Value?]) throws(JinjaError) -> Value {
        let fill = values[1] ?? .none
        var all: [Value]?
        var (number, offset) = (0, 0)
        return try made(
            LazySequence(depth: value.depth + 1) { (interpreter) throws(JinjaError) in
                // Nothing is looked at before the first slice is asked for.
                let items: [Value]
                if let all { items = all } else { items = try interpreter.items(of: value) }
                all = items
                guard let count = try interpreter.integer(values[0], for: "slice") else { return nil }
                guard count != 0 else { throw .evaluation("slice: expected a number of slices other than 0, found 0") }
                guard number < count else { return nil }
                let (size, longer) = (items.count / count, items.count % count)
                let start = offset + number * size
                if number < longer { offset += 1 }
                var slice = Array(items[start..<offset + (number + 1) * size])
                if !fill.isNone, number >= longer { slice.append(fill) }
                number += 1
                return .list(try interpreter.made(slice))
            })
    }

    func summed(_ value: Value, _ values: [Value?]) throws(JinjaError) -> Value {
        let path = try attributePath(values[0])
        let items = try iterated(value)
        var sum = values[1] ?? .integer(0, .template)
        if case .string = sum { throw .evaluation("sum: expected a number to begin with, found a string") }
        while let item = try items.next(self) { sum = try apply(.add, sum, try follow(path, from: item)) }
        return sum
    }
}
