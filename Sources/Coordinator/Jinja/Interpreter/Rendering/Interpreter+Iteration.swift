// Values that are read item by item.

extension Value {
    /// How many items a value has that knows it.
    var knownCount: Int? {
        switch self {
        case .undefined: 0
        case .list(let list), .tuple(let list): list.items.count
        case .string(let text): text.utf8.scalarCount
        case .map(let map): map.entries.count
        case .view(let view): view.map.entries.count
        case .range(let range): range.count
        default: nil
        }
    }
}

extension Interpreter {
    /// A value's items: of a string its characters, of a mapping its keys.
    func iterated(_ value: Value) throws(JinjaError) -> LazySequence {
        switch value {
        case .undefined: return LazySequence(depth: 0) { (_) throws(JinjaError) in nil }
        case .list(let list), .tuple(let list): return indexed(list.items.count, value.depth) { list.items[$0] }
        case .map(let map): return indexed(map.entries.count, value.depth) { map.entries[$0].key }
        case .view(let view): return indexed(view.map.entries.count, value.depth) { view[$0] }
        case .range(let range): return indexed(range.count, 0) { range[$0] }
        case .iterator(let sequence): return sequence
        case .string(let text):
            var offset = 0
            return LazySequence(depth: 0) { (interpreter) throws(JinjaError) in
                guard offset < text.utf8.count else { return nil }
                try interpreter.spend()
                let start = offset
                offset += [UInt8].length(text.utf8[start])
                return .string(text[start..<offset].marked(asMarkup: false))
            }
        case .loop: throw .unsupported("to go over the variable \"loop\" itself is not supported")
        default: throw .evaluation("expected something with items, found \(value.kind)")
        }
    }

    /// - Parameter depth: how deeply values are nested in what is read.
    func indexed(_ count: Int, _ depth: Int, _ item: @escaping (Int) -> Value) -> LazySequence {
        var index = 0
        return LazySequence(depth: depth) { (interpreter) throws(JinjaError) in
            guard index < count else { return nil }
            try interpreter.spend()
            defer { index += 1 }
            return item(index)
        }
    }

    /// All items at once.
    func items(of value: Value) throws(JinjaError) -> [Value] {
        if case .list(let list) = value { return list.items }
        if case .tuple(let list) = value { return list.items }
        if let count = value.knownCount { try check(elements: count) }
        let sequence = try iterated(value)
        var items: [Value] = []
        while let item = try sequence.next(self) {
            try check(elements: items.count + 1)
            try build(48)
            items.append(item)
        }
        return items
    }

    /// `len()`
    func count(of value: Value) throws(JinjaError) -> Value {
        switch value {
        case .string(let text):
            try spend(bytes: text.utf8.count)
            return .integer(text.utf8.scalarCount, text.author)
        case .loop(let loop): return .integer(try loop.count(self), .template)
        default:
            guard let count = value.knownCount else {
                throw .evaluation("expected something with a length, found \(value.kind)")
            }
            return .integer(count, .template)
        }
    }

    /// `reversed()`; nil where a value has no end to begin from.
    func reversed(_ value: Value) throws(JinjaError) -> LazySequence? {
        switch value {
        case .iterator, .loop, .none, .bool, .integer, .float, .namespace, .macro, .function, .method, .cycler, .joiner:
            return nil
        default:
            let items = try items(of: value)
            return indexed(items.count, value.depth + 1) { items[items.count - 1 - $0] }
        }
    }
}
