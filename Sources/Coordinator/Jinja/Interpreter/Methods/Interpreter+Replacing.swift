// Texts that are put together from others.

extension Interpreter {
    func replacing(_ text: Text, _ arguments: CallArguments) throws(JinjaError) -> Value {
        let values = try arguments.bound(["old", "new", "count"], required: 2, for: "replace")
        let old = try string(values[0], for: "replace")
        let new = try string(values[1], for: "replace")
        let limit = try integer(values[2], for: "replace") ?? -1
        return try replaced(text, old, text.isMarkup ? new.htmlEscaped : new, limit)
            .marked(asMarkup: text.isMarkup).asValue(self)
    }

    /// - Parameter limit: how often at most; negative: everywhere.
    func replaced(_ text: Text, _ old: Text, _ new: Text, _ limit: Int) throws(JinjaError) -> Text {
        try spend(bytes: text.utf8.count + old.utf8.count)
        var result = newText
        let limit = limit < 0 ? nil : limit
        var places: [Int] = []
        if old.isEmpty {
            // Before each character, and at the end.
            text.forEachScalar { (_, range, _) throws(Never) in places.append(range.lowerBound) }
            places.append(text.utf8.count)
            if let limit { places = Array(places.prefix(limit)) }
        } else {
            places = text.places(of: old, in: 0..<text.utf8.count, limit: limit)
        }
        guard !places.isEmpty else { return text }
        var start = 0
        for place in places {
            try result.append(text[start..<place])
            try result.append(new)
            start = place + old.utf8.count
        }
        try result.append(text[start..<text.utf8.count])
        return result.text
    }

    /// `separator.join(items)`
    func joined(_ separator: Text, _ arguments: CallArguments) throws(JinjaError) -> Value {
        guard let value = try arguments.bound(["items"], required: 1, for: "join")[0] else { return .none }
        let items = try iterated(value)
        var result = newText
        var isFirst = true
        while let item = try items.next(self) {
            if !isFirst { try result.append(separator) }
            isFirst = false
            let text: Text
            if separator.isMarkup {
                if case .string(let string) = item {
                    text = string.htmlEscaped
                } else {
                    text = try self.text(of: item).htmlEscaped
                }
            } else {
                text = try string(item, for: "join")
            }
            try spend(bytes: text.utf8.count)
            try result.append(text)
        }
        return try made(result.text.marked(asMarkup: separator.isMarkup))
    }

    func padded(_ name: StringMethod, _ text: Text, _ arguments: CallArguments) throws(JinjaError) -> Value {
        let values = try arguments.bound(
            name == .zfill ? ["width"] : ["width", "fillchar"], required: 1, for: name.rawValue)
        let width = try integer(values[0], for: name.rawValue) ?? 0
        var fill = Text(name == .zfill ? "0" : " ", by: .template)
        if name != .zfill, let value = values[1] {
            fill = try string(value, for: name.rawValue)
            guard fill.utf8.scalarCount == 1 else {
                throw .evaluation(
                    "\(name.rawValue): expected one character to fill with, found \(fill.utf8.scalarCount)")
            }
            if text.isMarkup { fill = fill.htmlEscaped }
            guard fill.utf8.scalarCount == 1 else {
                throw .evaluation("\(name.rawValue): expected one character to fill with, found one that HTML escapes")
            }
        }
        return try centered(text, name, width, fill).marked(asMarkup: text.isMarkup).asValue(self)
    }

    func centered(_ text: Text, _ name: StringMethod, _ width: Int, _ fill: Text) throws(JinjaError) -> Text {
        let count = text.utf8.scalarCount
        guard width > count else { return text }
        let missing = width - count
        // Where both sides cannot be equal, Python gives the odd place to the left in a place of odd width.
        let left =
            switch name {
            case .center: missing / 2 + (missing & width & 1)
            case .ljust: 0
            default: missing
            }
        var result = newText
        var rest = text
        if name == .zfill, let first = text.utf8.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
            try result.append(text[0..<1])
            rest = text[1..<text.utf8.count]
        }
        try result.append(fill, times: left)
        try result.append(rest)
        try result.append(fill, times: missing - left)
        return result.text
    }
}

extension Text {
    func asValue(_ interpreter: Interpreter) throws(JinjaError) -> Value { try interpreter.made(self) }

    /// With the characters escaped that have a meaning in HTML, unless it was declared safe already.
    var htmlEscaped: Text {
        guard !isMarkup else { return self }
        var result = Text()
        result.isMarkup = true
        forEachScalar { (scalar, _, author) throws(Never) in
            switch scalar {
            case "&": result.append("&amp;", by: author)
            case "<": result.append("&lt;", by: author)
            case ">": result.append("&gt;", by: author)
            case "'": result.append("&#39;", by: author)
            case "\"": result.append("&#34;", by: author)
            default: result.append(scalar, by: author)
            }
        }
        return result
    }
}
