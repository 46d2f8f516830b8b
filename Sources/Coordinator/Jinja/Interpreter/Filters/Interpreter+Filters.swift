extension Interpreter {
    func apply(_ filter: Filter, to value: Value, _ arguments: CallArguments) throws(JinjaError) -> Value {
        if case .string(let text) = value { try spend(bytes: text.utf8.count) }
        func bound(_ names: [String], required: Int = 0) throws(JinjaError) -> [Value?] {
            try arguments.bound(names, required: required, for: filter.rawValue)
        }
        switch filter {
        case .abs:
            _ = try bound([])
            return try absolute(value)
        case .attr:
            let name = try string(bound(["name"], required: 1)[0], for: "attr")
            if case .undefined(let missing) = value { throw .evaluation(missing.message) }
            return try ownAttribute(name, of: value) ?? .undefined(.attribute(name, of: value.kind))
        case .default, .d:
            let values = try bound(["default_value", "boolean"])
            let replaces = value.isUndefined || values[1].map { isTrue($0) } ?? false && !isTrue(value)
            return replaces ? values[0] ?? .string(Text()) : value
        case .first:
            _ = try bound([])
            return try iterated(value).next(self)
                ?? .undefined(.nothing("the sequence has no first item, as it is empty"))
        case .last:
            _ = try bound([])
            guard let items = try reversed(value) else {
                throw .evaluation("last: expected something with an end, found \(value.kind)")
            }
            return try items.next(self) ?? .undefined(.nothing("the sequence has no last item, as it is empty"))
        case .length, .count:
            _ = try bound([])
            return try count(of: value)
        case .list:
            _ = try bound([])
            return .list(try made(try items(of: value)))
        case .items:
            _ = try bound([])
            return try pairs(value)
        case .map: return try mapped(value, arguments)
        case .select, .reject, .selectattr, .rejectattr: return try selected(filter, value, arguments)
        case .batch: return try batched(value, bound(["linecount", "fill_with"], required: 1))
        case .slice: return try sliced(value, bound(["slices", "fill_with"], required: 1))
        case .dictsort: return try dictionarySorted(value, bound(["case_sensitive", "by", "reverse"]))
        case .sort: return try sortedList(value, bound(["reverse", "case_sensitive", "attribute"]))
        case .unique: return try unique(value, bound(["case_sensitive", "attribute"]))
        case .min, .max: return try extreme(filter, value, bound(["case_sensitive", "attribute"]))
        case .groupby: return try grouped(value, bound(["attribute", "default", "case_sensitive"], required: 1))
        case .sum: return try summed(value, bound(["attribute", "start"]))
        case .reverse:
            _ = try bound([])
            return try reversedValue(value)
        case .int: return try integer(value, bound(["default", "base"]))
        case .float: return try float(value, bound(["default"]))
        case .round: return try rounded(value, bound(["precision", "method"]))
        case .join: return try joined(value, bound(["d", "attribute"]))
        case .tojson: return try json(value, bound(["ensure_ascii", "indent", "separators", "sort_keys"]))
        default: return try applyToText(filter, value, arguments)
        }
    }

    private func absolute(_ value: Value) throws(JinjaError) -> Value {
        switch Arithmetic.number(value) {
        case .integer(let number, let author):
            guard number != .min else { throw Arithmetic.overflow }
            return .integer(Swift.abs(number), author)
        case .float(let number): return .float(Swift.abs(number))
        case nil: throw Arithmetic.unexpected(value, "abs")
        }
    }

    private func pairs(_ value: Value) throws(JinjaError) -> Value {
        switch value {
        case .undefined: return try made(try iterated(value))
        case .map(let map): return try made(try iterated(.view(MapView(map: map, part: .items))))
        default: throw .evaluation("items: expected a mapping, found \(value.kind)")
        }
    }

    private func reversedValue(_ value: Value) throws(JinjaError) -> Value {
        if case .string(let text) = value {
            return try made(text.characters((0..<text.utf8.scalarCount).reversed()))
        }
        if let sequence = try reversed(value) { return try made(sequence) }
        return .list(try made(try items(of: value).reversed()))
    }

    // MARK: - JSON

    private func json(_ value: Value, _ values: [Value?]) throws(JinjaError) -> Value {
        var indentation: Text?
        switch values[1] {
        case nil, .some(.none): break
        case .string(let text): indentation = text
        case .some(let number):
            let width = try integer(number, for: "tojson") ?? 0
            guard width <= FormatSpecification.sizeLimit else {
                throw .limit(
                    "tojson: expected an indentation of at most \(FormatSpecification.sizeLimit), found \(width)")
            }
            indentation = Text(String(repeating: " ", count: Swift.max(0, width)), by: .input)
        }
        var separators: (item: Text, key: Text)?
        if let value = values[2], !value.isNone {
            let items = try items(of: value)
            guard items.count == 2 else { throw .evaluation("tojson: expected two separators, found \(items.count)") }
            separators = (try string(items[0], for: "tojson"), try string(items[1], for: "tojson"))
        }
        let text = try JSONWriter.text(
            of: value, self, isASCII: values[0].map { isTrue($0) } ?? false, indentation: indentation,
            separators: separators, sortsKeys: values[3].map { isTrue($0) } ?? false)
        return try made(text)
    }
}

extension Value {
    var isNone: Bool { if case .none = self { true } else { false } }
}
