// Python's methods of `str`: https://docs.python.org/3/library/stdtypes.html#string-methods.

extension Interpreter {
    func call(_ name: StringMethod, of text: Text, _ arguments: CallArguments) throws(JinjaError) -> Value {
        switch name {
        case .format: return try braceFormat(text, arguments)
        case .split, .rsplit: return try split(text, arguments, fromTheRight: name == .rsplit)
        case .splitlines:
            let keeps = try arguments.bound(["keepends"], for: name.rawValue)[0].map { isTrue($0) } ?? false
            return try list(text.lines(keepingEnds: keeps))
        default: break
        }
        guard arguments.named.isEmpty else { throw .evaluation("\(name.rawValue): expected no names of arguments") }
        switch name {
        case .center, .ljust, .rjust, .zfill: return try padded(name, text, arguments)
        case .startswith, .endswith: return try startsOrEnds(name, text, arguments)
        case .find, .rfind, .index, .rindex, .count: return try search(name, text, arguments)
        case .strip, .lstrip, .rstrip: return try stripped(name, text, arguments)
        case .partition, .rpartition: return try partition(name, text, arguments)
        case .removeprefix, .removesuffix: return try removing(name, text, arguments)
        case .replace: return try replacing(text, arguments)
        case .join: return try joined(text, arguments)
        default: return try converted(name, text, arguments)
        }
    }

    private func list(_ texts: [Text]) throws(JinjaError) -> Value {
        for text in texts { try build(text.byteSize) }
        return .list(try made(texts.map { .string($0) }))
    }

    /// A string as an argument.
    func string(_ value: Value?, for what: String) throws(JinjaError) -> Text {
        switch value {
        case .string(let text): return text
        case .undefined(let missing): throw .evaluation(missing.message)
        default: throw .evaluation("\(what): expected a string, found \(value?.kind ?? "nothing")")
        }
    }

    // MARK: - Without arguments

    private func converted(
        _ name: StringMethod, _ text: Text, _ arguments: CallArguments
    ) throws(JinjaError) -> Value {
        _ = try arguments.bound([], for: name.rawValue)
        switch name {
        case .capitalize: return try made(text.capitalized)
        case .lower: return try made(text.lowercased)
        case .upper: return try made(text.uppercased)
        case .title: return try made(text.titlecased)
        case .swapcase: return try made(text.swappedCase)
        case .isalnum: return .bool(text.isAll(\.isPythonAlphanumeric))
        case .isalpha: return .bool(text.isAll(\.isPythonAlphabetic))
        case .isascii: return .bool(text.utf8.allSatisfy { $0 < 0x80 })
        case .isdecimal: return .bool(text.isAll(\.isPythonDecimal))
        case .isdigit: return .bool(text.isAll(\.isPythonDigit))
        case .isnumeric: return .bool(text.isAll(\.isPythonNumeric))
        case .isprintable: return .bool(text.isEmpty || text.isAll(\.isPythonPrintable))
        case .isspace: return .bool(text.isAll(\.isPythonSpace))
        case .islower: return .bool(text.isLowercase)
        case .isupper: return .bool(text.isUppercase)
        case .istitle: return .bool(text.isTitlecase)
        case .casefold:
            guard text.utf8.allSatisfy({ $0 < 0x80 }) else {
                throw .unsupported("casefold of characters beyond ASCII is not supported: expected lower or upper")
            }
            return try made(text.lowercased)
        default: throw .unsupported("\(name.rawValue) of a string is not supported")
        }
    }

    // MARK: - Parts

    private func split(_ text: Text, _ arguments: CallArguments, fromTheRight: Bool) throws(JinjaError) -> Value {
        let what = fromTheRight ? "rsplit" : "split"
        let values = try arguments.bound(["sep", "maxsplit"], for: what)
        let limit = try integer(values[1], for: what) ?? -1
        switch values[0] {
        case nil, .some(.none): return try list(text.splitAtSpace(limit: limit, fromTheRight: fromTheRight))
        case .some(let value):
            let separator = try string(value, for: what)
            guard !separator.isEmpty else { throw .evaluation("\(what): expected a separator, found an empty one") }
            return try list(text.split(by: separator, limit: limit, fromTheRight: fromTheRight))
        }
    }

    private func stripped(_ name: StringMethod, _ text: Text, _ arguments: CallArguments) throws(JinjaError) -> Value {
        let value = try arguments.bound(["chars"], for: name.rawValue)[0] ?? .none
        var characters: Text?
        if case .none = value {} else { characters = try string(value, for: name.rawValue) }
        try spend(bytes: characters?.utf8.count ?? 0)
        let sides: Text.Sides = name == .strip ? .both : name == .lstrip ? .left : .right
        return try made(text.stripped(sides, of: characters))
    }

    private func partition(_ name: StringMethod, _ text: Text, _ arguments: CallArguments) throws(JinjaError) -> Value {
        let separator = try string(arguments.bound(["sep"], required: 1, for: name.rawValue)[0], for: name.rawValue)
        guard !separator.isEmpty else {
            throw .evaluation("\(name.rawValue): expected a separator, found an empty one")
        }
        let isFromTheRight = name == .rpartition
        let place =
            isFromTheRight
            ? text.placesFromTheRight(of: separator, limit: 1).first
            : text.places(of: separator, in: 0..<text.utf8.count, limit: 1).first
        let parts: [Text]
        if let place {
            let end = place + separator.utf8.count
            parts = [text[0..<place], text[place..<end], text[end..<text.utf8.count]]
        } else {
            parts = isFromTheRight ? [text[0..<0], text[0..<0], text] : [text, text[0..<0], text[0..<0]]
        }
        for part in parts { try build(part.byteSize) }
        return .tuple(try made(parts.map { .string($0) }))
    }

    private func removing(_ name: StringMethod, _ text: Text, _ arguments: CallArguments) throws(JinjaError) -> Value {
        let part = try string(arguments.bound(["part"], required: 1, for: name.rawValue)[0], for: name.rawValue)
        guard !part.isEmpty, name == .removeprefix ? text.hasPrefix(part) : text.hasSuffix(part) else {
            return .string(text)
        }
        let length = text.utf8.count - part.utf8.count
        return try made(name == .removeprefix ? text[part.utf8.count..<text.utf8.count] : text[0..<length])
    }

    // MARK: - Search

    /// A part of the text, given by numbers of characters as in a slice; nil: it begins behind the text's end.
    private func part(_ text: Text, _ start: Value?, _ stop: Value?, for what: String) throws(JinjaError) -> Range<Int>?
    {
        func bound(_ value: Value?) throws(JinjaError) -> Int? {
            if case .some(.none) = value { return nil }
            return try integer(value, for: what)
        }
        let count = text.utf8.scalarCount
        let (first, last) = (try bound(start), try bound(stop))
        if let first, first > count { return nil }
        let bounds = Slice(start: first, stop: last, step: 1).bounds(in: count)
        guard bounds.start <= bounds.stop else { return nil }
        return text.utf8.offset(ofScalar: bounds.start)..<text.utf8.offset(ofScalar: bounds.stop)
    }

    private func startsOrEnds(
        _ name: StringMethod, _ text: Text, _ arguments: CallArguments
    ) throws(JinjaError) -> Value {
        let values = try arguments.bound(["affix", "start", "end"], required: 1, for: name.rawValue)
        let range = try part(text, values[1], values[2], for: name.rawValue)
        var affixes: [Value] = []
        if case .tuple(let list) = values[0] { affixes = list.items } else { affixes = values[0].map { [$0] } ?? [] }
        for affix in affixes {
            let affix = try string(affix, for: name.rawValue)
            try spend(bytes: affix.utf8.count)
            guard let range else { continue }
            if name == .startswith ? text[range].hasPrefix(affix) : text[range].hasSuffix(affix) { return .bool(true) }
        }
        return .bool(false)
    }

    private func search(_ name: StringMethod, _ text: Text, _ arguments: CallArguments) throws(JinjaError) -> Value {
        let values = try arguments.bound(["part", "start", "end"], required: 1, for: name.rawValue)
        let wanted = try string(values[0], for: name.rawValue)
        try spend(bytes: wanted.utf8.count)
        let range = try part(text, values[1], values[2], for: name.rawValue)
        if name == .count {
            guard let range else { return .integer(0, text.author) }
            let count =
                wanted.isEmpty
                ? text.utf8.scalarCount(in: range) + 1 : text.places(of: wanted, in: range).count
            return .integer(count, text.author)
        }
        let isFromTheRight = name == .rfind || name == .rindex
        if let range, let place = place(of: wanted, in: text, range, fromTheRight: isFromTheRight) {
            return .integer(text.utf8.scalarCount(in: 0..<place), text.author)
        }
        guard name == .find || name == .rfind else {
            throw .evaluation("\(name.rawValue): expected a text that is in the string, found one that is not")
        }
        return .integer(-1, text.author)
    }

    private func place(of wanted: Text, in text: Text, _ range: Range<Int>, fromTheRight: Bool) -> Int? {
        if wanted.isEmpty { return fromTheRight ? range.upperBound : range.lowerBound }
        return fromTheRight
            ? text[range].placesFromTheRight(of: wanted, limit: 1).first.map { $0 + range.lowerBound }
            : text.places(of: wanted, in: range, limit: 1).first
    }
}
