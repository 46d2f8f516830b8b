// Filters that make texts.

extension Interpreter {
    func applyToText(_ filter: Filter, _ value: Value, _ arguments: CallArguments) throws(JinjaError) -> Value {
        func bound(_ names: [String], required: Int = 0) throws(JinjaError) -> [Value?] {
            try arguments.bound(names, required: required, for: filter.rawValue)
        }
        if filter == .format { return try formatted(value, arguments) }
        if filter == .indent { return try indented(value, bound(["width", "first", "blank"])) }
        if filter == .truncate { return try truncated(value, bound(["length", "killwords", "end", "leeway"])) }
        if filter == .urlencode {
            _ = try bound([])
            return try made(try urlEncoded(value))
        }
        let text = try softText(of: value)
        switch filter {
        case .trim:
            let characters = try bound(["chars"])[0].flatMap { $0.isNone ? nil : $0 }
            let set = try characters.map { (value) throws(JinjaError) in try string(value, for: "trim") }
            return try made(text.stripped(of: set))
        case .replace:
            let values = try bound(["old", "new", "count"], required: 2)
            let (old, new) = (try self.text(of: values[0] ?? .none), try self.text(of: values[1] ?? .none))
            let limit = values[2].flatMap { $0.isNone ? nil : $0 }
            let plain = text.marked(asMarkup: false)
            return try made(try replaced(plain, old, new, try integer(limit, for: "replace") ?? -1))
        case .center:
            let width = try integer(try bound(["width"])[0], for: "center") ?? 80
            let centered = try centered(text, .center, width, Text(" ", by: .template))
            return try made(centered.marked(asMarkup: text.isMarkup))
        default: break
        }
        _ = try bound([])
        switch filter {
        case .capitalize: return try made(text.capitalized)
        case .lower: return try made(text.lowercased)
        case .upper: return try made(text.uppercased)
        case .title: return try made(text.filteredTitle)
        case .escape, .e: return try made(text.htmlEscaped)
        case .forceescape: return try made(text.marked(asMarkup: false).htmlEscaped)
        case .safe: return .string(text.marked(asMarkup: true))
        case .string: return .string(text)
        case .wordcount: return .integer(words(text), text.author)
        default: throw .unsupported("the filter \(filter.rawValue) is not supported")
        }
    }

    /// A text as it is, safe for HTML or not; of other values the text that Python writes.
    private func softText(of value: Value) throws(JinjaError) -> Text {
        if case .string(let text) = value { text } else { try text(of: value) }
    }

    private func words(_ text: Text) -> Int {
        var (count, isInWord) = (0, false)
        text.forEachScalar { (scalar, _, _) throws(Never) in
            let isOfWord = scalar.isPythonAlphanumeric || scalar == "_"
            if isOfWord, !isInWord { count += 1 }
            isInWord = isOfWord
        }
        return count
    }

    private func formatted(_ value: Value, _ arguments: CallArguments) throws(JinjaError) -> Value {
        let format = try softText(of: value)
        guard !arguments.named.isEmpty else {
            return try percentFormat(format, .tuple(try made(arguments.positional)))
        }
        guard arguments.positional.isEmpty else {
            throw .evaluation("format: expected values either by position or by name, found both")
        }
        var builder = MapBuilder()
        for argument in arguments.named {
            builder.set(.string(argument.name), MapKey(argument.name), argument.value)
        }
        return try percentFormat(format, try made(builder))
    }

    // MARK: - Join

    func joined(_ value: Value, _ values: [Value?]) throws(JinjaError) -> Value {
        let path = try attributePath(values[1])
        let separator = try values[0].map { (value) throws(JinjaError) in try text(of: value) } ?? Text()
        let items = try iterated(value)
        var result = newText
        var isFirst = true
        while let item = try items.next(self) {
            if !isFirst { try result.append(separator) }
            isFirst = false
            let text = try text(of: try follow(path, from: item))
            try spend(bytes: text.utf8.count)
            try result.append(text)
        }
        return try made(result.text)
    }

    // MARK: - Lines

    private func indented(_ value: Value, _ values: [Value?]) throws(JinjaError) -> Value {
        let text = try string(value, for: "indent")
        var indentation: Text
        if case .string(let given) = values[0] {
            indentation = given
        } else {
            let width = try integer(values[0], for: "indent") ?? 4
            var builder = newText
            try builder.append(Text(" ", by: .template), times: width)
            indentation = builder.text
        }
        if text.isMarkup { indentation = indentation.marked(asMarkup: true) }
        let blank = values[2].map { isTrue($0) } ?? false
        // With a line end behind it, so that an empty last line counts.
        var ended = text
        ended.append("\n", by: .template)
        var result = newText
        if values[1].map({ isTrue($0) }) ?? false { try result.append(indentation) }
        for (index, line) in ended.lines(keepingEnds: false).enumerated() {
            if index > 0 {
                try result.append("\n", by: .template)
                if blank || !line.isEmpty { try result.append(indentation) }
            }
            try result.append(line)
        }
        return try made(result.text.marked(asMarkup: text.isMarkup))
    }

    private func truncated(_ value: Value, _ values: [Value?]) throws(JinjaError) -> Value {
        let end =
            try values[2].map { (value) throws(JinjaError) in try string(value, for: "truncate") }
            ?? Text("...", by: .template)
        let length = try integer(values[0], for: "truncate") ?? 255
        let leeway = try integer(values[3].flatMap { $0.isNone ? nil : $0 }, for: "truncate") ?? 5
        guard length >= end.utf8.scalarCount, leeway >= 0 else {
            throw .evaluation("truncate: expected a length of at least that of the end, and a leeway of at least 0")
        }
        guard let count = value.knownCount else {
            throw .evaluation("truncate: expected a string, found \(value.kind)")
        }
        let (limit, hasOverflown) = length.addingReportingOverflow(leeway)
        if hasOverflown || count <= limit { return value }
        let text = try string(value, for: "truncate")
        var kept = text[0..<text.utf8.offset(ofScalar: length - end.utf8.scalarCount)]
        if !(values[1].map { isTrue($0) } ?? false) {
            kept = kept.split(by: Text(" ", by: .template), limit: 1, fromTheRight: true)[0]
        }
        return try apply(.add, .string(kept), .string(end))
    }

    // MARK: - URLs

    private func urlEncoded(_ value: Value) throws(JinjaError) -> Text {
        var pairs = value
        switch value {
        case .map(let map): pairs = .view(MapView(map: map, part: .items))
        case .list, .tuple, .view, .range, .iterator: break
        default: return try urlQuoted(try text(of: value), inQuery: false)
        }
        var result = newText
        let items = try iterated(pairs)
        while let pair = try items.next(self) {
            let parts = try self.items(of: pair)
            guard parts.count == 2 else {
                throw .evaluation("urlencode: expected pairs of a key and a value, found \(parts.count) items")
            }
            if !result.text.isEmpty { try result.append("&", by: .template) }
            try result.append(try urlQuoted(try text(of: parts[0]), inQuery: true))
            try result.append("=", by: .template)
            try result.append(try urlQuoted(try text(of: parts[1]), inQuery: true))
        }
        return result.text
    }

    private func urlQuoted(_ text: Text, inQuery: Bool) throws(JinjaError) -> Text {
        try spend(bytes: text.utf8.count)
        var result = newText
        try text.forEachScalar { (scalar, range, author) throws(JinjaError) in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", ".", "-", "~": try result.append(scalar, by: author)
            case "/" where !inQuery: try result.append(scalar, by: author)
            case " " where inQuery: try result.append("+", by: author)
            default:
                for byte in text.utf8[range] {
                    let digits = String(byte, radix: 16, uppercase: true)
                    try result.append("%\(byte < 16 ? "0" : "")\(digits)", by: author)
                }
            }
        }
        return result.text
    }
}
