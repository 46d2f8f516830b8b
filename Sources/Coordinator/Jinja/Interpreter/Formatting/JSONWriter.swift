/// JSON as Python's `json.dumps` writes it.
///
/// Texts keep the marks of their characters. Brackets, commas, names of truth values and whitespace count as the
/// input's: how many there are, and which, may be the input's choice.
struct JSONWriter {
    private let interpreter: Interpreter
    private let isASCII: Bool
    private let indentation: Text?
    private let itemSeparator: Text
    private let keySeparator: Text
    private let sortsKeys: Bool
    private var result: TextBuilder

    static func text(
        of value: Value, _ interpreter: Interpreter, isASCII: Bool = false, indentation: Text? = nil,
        separators: (item: Text, key: Text)? = nil, sortsKeys: Bool = false
    ) throws(JinjaError) -> Text {
        var writer = JSONWriter(
            interpreter: interpreter, isASCII: isASCII, indentation: indentation,
            itemSeparator: separators?.item ?? Text(indentation == nil ? ", " : ",", by: .input),
            keySeparator: separators?.key ?? Text(": ", by: .input), sortsKeys: sortsKeys, result: interpreter.newText)
        try writer.append(value, level: 0)
        return writer.result.text
    }

    private mutating func append(_ value: Value, level: Int) throws(JinjaError) {
        try interpreter.spend()
        switch value {
        case .none: try result.append("null", by: .input)
        case .bool(let truth): try result.append(truth ? "true" : "false", by: .input)
        case .integer(let number, let author): try result.append(String(number), by: author)
        case .float(let number): try result.append(Self.json(number), by: .input)
        case .string(let text): try append(text)
        case .list(let list), .tuple(let list): try append(list.items, level)
        case .map(let map): try append(map.entries, level)
        case .undefined(let missing): throw .evaluation(missing.message)
        default: throw .evaluation("tojson: expected a value that JSON has, found \(value.kind)")
        }
    }

    private static func json(_ number: Double) -> String {
        number.isNaN ? "NaN" : number.isInfinite ? (number < 0 ? "-Infinity" : "Infinity") : number.pythonDescription
    }

    private mutating func append(_ items: [Value], _ level: Int) throws(JinjaError) {
        guard !items.isEmpty else { return try result.append("[]", by: .input) }
        try result.append("[", by: .input)
        for (index, item) in items.enumerated() {
            try startItem(index, level)
            try append(item, level: level + 1)
        }
        try startLine(level)
        try result.append("]", by: .input)
    }

    private mutating func append(_ entries: [MapValue.Entry], _ level: Int) throws(JinjaError) {
        guard !entries.isEmpty else { return try result.append("{}", by: .input) }
        try result.append("{", by: .input)
        for (index, entry) in try ordered(entries).enumerated() {
            try startItem(index, level)
            try appendKey(entry.key)
            try result.append(keySeparator)
            try append(entry.value, level: level + 1)
        }
        try startLine(level)
        try result.append("}", by: .input)
    }

    private func ordered(_ entries: [MapValue.Entry]) throws(JinjaError) -> [MapValue.Entry] {
        guard sortsKeys else { return entries }
        let numbers = entries.indices.map { (key: entries[$0].key, value: Value.integer($0, .template)) }
        let sorted = try interpreter.sorted(numbers, descending: false)
        return sorted.compactMap { if case .integer(let index, _) = $0 { entries[index] } else { nil } }
    }

    private mutating func startItem(_ index: Int, _ level: Int) throws(JinjaError) {
        if index > 0 { try result.append(itemSeparator) }
        try startLine(level + 1)
    }

    private mutating func startLine(_ level: Int) throws(JinjaError) {
        guard let indentation else { return }
        try result.append("\n", by: .input)
        try result.append(indentation, times: level)
    }

    private mutating func appendKey(_ key: Value) throws(JinjaError) {
        switch key {
        case .string(let text): try append(text)
        case .none, .bool, .integer, .float:
            try result.append("\"", by: .input)
            try append(key, level: 0)
            try result.append("\"", by: .input)
        default: throw .evaluation("tojson: expected a key that JSON has, found \(key.kind)")
        }
    }

    private mutating func append(_ text: Text) throws(JinjaError) {
        try interpreter.spend(bytes: text.utf8.count)
        try result.append("\"", by: .input)
        var written = Text()
        text.forEachScalar { (scalar, _, author) throws(Never) in
            if let escape = escape(scalar) {
                written.append(escape, by: author)
            } else {
                written.append(scalar, by: author)
            }
        }
        try result.append(written)
        try result.append("\"", by: .input)
    }

    private func escape(_ scalar: Unicode.Scalar) -> String? {
        switch scalar {
        case "\"": return "\\\""
        case "\\": return "\\\\"
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        case "\u{8}": return "\\b"
        case "\u{C}": return "\\f"
        default:
            if scalar.value < 0x20 { return "\\u\(scalar.hexadecimal(4))" }
            guard isASCII, scalar.value >= 0x7F else { return nil }
            return UTF16.encode(scalar)!.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }.joined()
        }
    }
}
