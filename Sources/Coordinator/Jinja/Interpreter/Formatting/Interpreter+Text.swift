// Values as texts: what Python's `str` and `repr` give.

extension Interpreter {
    /// `str(value)`
    func text(of value: Value) throws(JinjaError) -> Text {
        switch value {
        case .undefined: return Text()
        case .string(let text): return text.isMarkup ? text.marked(asMarkup: false) : text
        default:
            var result = newText
            try appendRepresentation(of: value, to: &result)
            return result.text
        }
    }

    /// `repr(value)`
    func representation(of value: Value) throws(JinjaError) -> Text {
        var result = newText
        try appendRepresentation(of: value, to: &result)
        return result.text
    }

    /// Brackets, commas and words count as the input's: how many there are, and which, may be the input's choice.
    private func appendRepresentation(of value: Value, to result: inout TextBuilder) throws(JinjaError) {
        try spend()
        switch value {
        case .undefined: try result.append("Undefined", by: .input)
        case .none: try result.append("None", by: .input)
        case .bool(let truth): try result.append(truth ? "True" : "False", by: .input)
        case .integer(let number, let author): try result.append(String(number), by: author)
        case .float(let number): try result.append(number.pythonDescription, by: .input)
        case .string(let text): try appendQuoted(text, to: &result)
        case .list(let list): try append(list.items, between: ("[", "]"), to: &result)
        case .tuple(let list): try append(list.items, between: ("(", list.items.count == 1 ? ",)" : ")"), to: &result)
        case .map(let map): try append(map.entries, to: &result)
        case .range(let range):
            try result.append("range(\(range.start), \(range.stop)", by: .input)
            try result.append(range.step == 1 ? ")" : ", \(range.step))", by: .input)
        case .view(let view):
            let name = view.part == .keys ? "dict_keys" : view.part == .values ? "dict_values" : "dict_items"
            try append(view.map.entries.indices.map { view[$0] }, between: ("\(name)([", "])"), to: &result)
        case .namespace(let namespace):
            try result.append("<Namespace ", by: .input)
            try append(namespace.attributes.entries, to: &result)
            try result.append(">", by: .input)
        case .macro(let macro):
            try result.append("<Macro ", by: .template)
            try result.append(macro.definition.name.map { "'\($0.name)'" } ?? "anonymous", by: .template)
            try result.append(">", by: .template)
        case .loop(let loop):
            try result.append("<LoopContext \(loop.index0 + 1)/\(try loop.count(self))>", by: .template)
        case .iterator, .function, .method, .cycler, .joiner:
            throw .unsupported("expected a value that can be written, found \(value.kind)")
        }
    }

    private func append(
        _ items: [Value], between brackets: (String, String), to result: inout TextBuilder
    ) throws(JinjaError) {
        try deeper { () throws(JinjaError) in
            try result.append(brackets.0, by: .input)
            for (index, item) in items.enumerated() {
                if index > 0 { try result.append(", ", by: .input) }
                try appendRepresentation(of: item, to: &result)
            }
            try result.append(brackets.1, by: .input)
        }
    }

    private func append(_ entries: [MapValue.Entry], to result: inout TextBuilder) throws(JinjaError) {
        try deeper { () throws(JinjaError) in
            try result.append("{", by: .input)
            for (index, entry) in entries.enumerated() {
                if index > 0 { try result.append(", ", by: .input) }
                try appendRepresentation(of: entry.key, to: &result)
                try result.append(": ", by: .input)
                try appendRepresentation(of: entry.value, to: &result)
            }
            try result.append("}", by: .input)
        }
    }

    private func appendQuoted(_ text: Text, to result: inout TextBuilder) throws(JinjaError) {
        try spend(bytes: text.utf8.count)
        let usesDouble = text.utf8.contains(UInt8(ascii: "'")) && !text.utf8.contains(UInt8(ascii: "\""))
        let quote: Unicode.Scalar = usesDouble ? "\"" : "'"
        if text.isMarkup { try result.append("Markup(", by: .input) }
        try result.append(quote, by: .input)
        try text.forEachScalar { (scalar, _, author) throws(JinjaError) in
            if scalar == quote || scalar == "\\" {
                try result.append("\\\(scalar)", by: author)
            } else if scalar.isPythonPrintable {
                try result.append(scalar, by: author)
            } else {
                try result.append(Self.escape(scalar), by: author)
            }
        }
        try result.append(quote, by: .input)
        if text.isMarkup { try result.append(")", by: .input) }
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        default:
            scalar.value < 0x100
                ? "\\x\(scalar.hexadecimal(2))"
                : scalar.value < 0x10000 ? "\\u\(scalar.hexadecimal(4))" : "\\U\(scalar.hexadecimal(8))"
        }
    }
}

extension Unicode.Scalar {
    /// In lower case.
    func hexadecimal(_ width: Int) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
