// https://docs.python.org/3/library/string.html#format-string-syntax

extension Interpreter {
    /// `format.format(values)`, with fields that are names or numbers, attributes and items of them, `!s` and `!r`,
    /// and a specification of fill, alignment, sign, width, precision and the types s, d and f.
    func braceFormat(_ format: Text, _ arguments: CallArguments) throws(JinjaError) -> Value {
        guard !format.isMarkup else { throw .unsupported("format of a text that is marked as safe is not supported") }
        try spend(bytes: format.utf8.count)
        var reader = BraceFormat(format, arguments)
        var result = newText
        while let piece = try reader.next(self) { try result.append(piece) }
        return try made(result.text)
    }
}

private struct BraceFormat {
    private enum Numbering { case automatic, manual }

    private let format: Text
    private let arguments: CallArguments
    private var offset = 0
    private var count = 0
    private var numbering: Numbering?

    init(_ format: Text, _ arguments: CallArguments) {
        self.format = format
        self.arguments = arguments
    }

    mutating func next(_ interpreter: Interpreter) throws(JinjaError) -> Text? {
        let bytes = format.utf8
        guard offset < bytes.count else { return nil }
        let byte = bytes[offset]
        guard byte == UInt8(ascii: "{") || byte == UInt8(ascii: "}") else {
            let start = offset
            while offset < bytes.count, bytes[offset] != UInt8(ascii: "{"), bytes[offset] != UInt8(ascii: "}") {
                offset += 1
            }
            return format[start..<offset]
        }
        if offset + 1 < bytes.count, bytes[offset + 1] == byte {
            offset += 2
            return format[offset - 1..<offset]
        }
        guard byte == UInt8(ascii: "{") else {
            throw .evaluation("expected \"{\" before \"}\" in a format, found none")
        }
        return try field(interpreter)
    }

    private mutating func field(_ interpreter: Interpreter) throws(JinjaError) -> Text {
        let start = offset + 1
        guard let end = format.utf8[start...].firstIndex(of: UInt8(ascii: "}")) else {
            throw .evaluation("expected \"}\" behind \"{\" in a format, found none")
        }
        let field = format[start..<end]
        offset = end + 1
        guard !field.utf8.contains(UInt8(ascii: "{")) else {
            throw .unsupported("fields inside of fields of a format are not supported")
        }
        let nameEnd = field.utf8.firstIndex { $0 == UInt8(ascii: "!") || $0 == UInt8(ascii: ":") } ?? field.utf8.count
        var value = try self.value(field[0..<nameEnd], interpreter)
        var rest = nameEnd
        if rest < field.utf8.count, field.utf8[rest] == UInt8(ascii: "!") {
            guard rest + 1 < field.utf8.count else {
                throw .evaluation("expected s or r behind ! in a format, found none")
            }
            switch field.utf8[rest + 1] {
            case UInt8(ascii: "s"): value = .string(try interpreter.text(of: value))
            case UInt8(ascii: "r"): value = .string(try interpreter.representation(of: value))
            default: throw .unsupported("expected s or r behind ! in a format, found another conversion")
            }
            rest += 2
        }
        guard rest < field.utf8.count else { return try interpreter.text(of: value) }
        guard field.utf8[rest] == UInt8(ascii: ":") else {
            throw .evaluation("expected \":\" behind a conversion in a format")
        }
        return try written(value, field[rest + 1..<field.utf8.count], interpreter)
    }

    // MARK: - Values

    private mutating func value(_ name: Text, _ interpreter: Interpreter) throws(JinjaError) -> Value {
        let bytes = name.utf8
        var end = bytes.firstIndex { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "[") } ?? bytes.count
        var value = try first(name[0..<end])
        while end < bytes.count {
            let isAttribute = bytes[end] == UInt8(ascii: ".")
            let start = end + 1
            if isAttribute {
                end = bytes[start...].firstIndex { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "[") } ?? bytes.count
            } else {
                guard let close = bytes[start...].firstIndex(of: UInt8(ascii: "]")) else {
                    throw .evaluation("expected \"]\" behind \"[\" in a format, found none")
                }
                end = close
            }
            guard end > start else { throw .evaluation("expected an attribute's name in a format, found none") }
            let key = name[start..<end]
            if isAttribute {
                value = try interpreter.attribute(key, of: value)
            } else {
                let number = key.utf8.allSatisfy { 0x30...0x39 ~= $0 } ? Int(key.string) : nil
                value = try interpreter.item(number.map { .integer($0, .template) } ?? .string(key), of: value)
                end += 1
                guard end == bytes.count || bytes[end] == UInt8(ascii: ".") || bytes[end] == UInt8(ascii: "[") else {
                    throw .evaluation("expected \".\" or \"[\" behind \"]\" in a format, found something else")
                }
            }
        }
        return value
    }

    private mutating func first(_ name: Text) throws(JinjaError) -> Value {
        let isNumber = !name.isEmpty && name.utf8.allSatisfy { 0x30...0x39 ~= $0 }
        guard name.isEmpty || isNumber else {
            guard let argument = arguments.named.first(where: { $0.name.isSame(as: name) }) else {
                throw .evaluation("expected a value for each name of a format, found one without")
            }
            return argument.value
        }
        let wanted: Numbering = isNumber ? .manual : .automatic
        guard numbering == nil || numbering == wanted else {
            throw .evaluation("expected fields of a format either all with numbers or none, found both")
        }
        numbering = wanted
        let index = isNumber ? Int(name.string) ?? .max : count
        count += 1
        guard index < arguments.positional.count else {
            throw .evaluation("expected a value for each place of the format, found fewer values")
        }
        return arguments.positional[index]
    }

    // MARK: - Specifications

    private func written(
        _ value: Value, _ text: Text, _ interpreter: Interpreter
    ) throws(JinjaError) -> Text {
        guard !text.isEmpty else { return try interpreter.text(of: value) }
        let (specification, type) = try Self.specification(text)
        switch value {
        case .string(let content):
            guard type == nil || type == UInt8(ascii: "s"), !specification.showsPlus, !specification.showsBlank,
                !specification.groups, specification.alignment != .afterSign
            else { throw .evaluation("expected a specification for texts in a format, found another") }
            let end = specification.precision.map { content.utf8.offset(ofScalar: $0) } ?? content.utf8.count
            return try specification.aligned(content[0..<end], natural: .left, interpreter)
        case .bool, .integer, .float:
            guard let number = Arithmetic.number(value) else { return Text() }
            if case .bool = value, type == nil {
                throw .unsupported("a width for truth values in a format is not supported")
            }
            let written = try Self.written(number, specification, type)
            return try specification.aligned(written, natural: .right, interpreter)
        default: throw .evaluation("expected no specification for \(value.kind) in a format, found one")
        }
    }

    private static func written(
        _ number: Arithmetic.Number, _ specification: FormatSpecification, _ type: UInt8?
    ) throws(JinjaError) -> Text {
        func grouped(_ digits: String) -> String { specification.groups ? FormatSpecification.grouped(digits) : digits }
        switch (number, type) {
        case (.integer(let whole, let author), nil), (.integer(let whole, let author), UInt8(ascii: "d")):
            guard specification.precision == nil else {
                throw .evaluation("expected no precision for a whole number in a format, found one")
            }
            return specification.signed(grouped(String(whole.magnitude)), isNegative: whole < 0, by: author)
        case (_, UInt8(ascii: "f")):
            let double = number.double
            let precision = specification.precision ?? 6
            guard precision <= Double.precisionLimit else {
                throw .limit("expected at most \(Double.precisionLimit) digits in a format, found more")
            }
            let digits = grouped(double.magnitude.fixed(precision))
            return specification.signed(digits, isNegative: double.sign == .minus && !double.isNaN, by: .input)
        case (.float(let double), nil) where specification.precision == nil:
            let isNegative = double.sign == .minus && !double.isNaN
            return specification.signed(grouped(double.magnitude.pythonDescription), isNegative: isNegative, by: .input)
        case (.float, UInt8(ascii: "d")):
            throw .evaluation("expected a whole number in a format, found a floating-point one")
        default: throw .unsupported("expected the types s, d and f in a format, found another specification")
        }
    }

    private static func specification(_ text: Text) throws(JinjaError) -> (FormatSpecification, UInt8?) {
        var specification = FormatSpecification()
        let bytes = text.utf8
        var offset = 0
        let fillLength = [UInt8].length(bytes[0])
        if fillLength < bytes.count, let alignment = alignment(bytes[fillLength]) {
            specification.fill = text[0..<fillLength]
            specification.alignment = alignment
            offset = fillLength + 1
        } else if let alignment = alignment(bytes[0]) {
            specification.alignment = alignment
            offset = 1
        }
        func skip(_ byte: UInt8) -> Bool {
            guard offset < bytes.count, bytes[offset] == byte else { return false }
            offset += 1
            return true
        }
        specification.showsPlus = skip(UInt8(ascii: "+"))
        if !specification.showsPlus, !skip(UInt8(ascii: "-")) { specification.showsBlank = skip(UInt8(ascii: " ")) }
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "0"), specification.alignment == nil {
            specification.alignment = .afterSign
            specification.fill = Text("0", by: .template)
        }
        specification.width = try FormatSpecification.number(in: bytes, at: &offset) ?? 0
        specification.groups = skip(UInt8(ascii: ","))
        if skip(UInt8(ascii: ".")) {
            specification.precision = try FormatSpecification.number(in: bytes, at: &offset)
            guard specification.precision != nil else {
                throw .evaluation("expected digits behind \".\" in a format, found none")
            }
        }
        if specification.groups, specification.alignment == .afterSign {
            throw .unsupported("grouped digits behind zeros in a format are not supported")
        }
        guard offset < bytes.count else { return (specification, nil) }
        guard offset + 1 == bytes.count else {
            throw .evaluation("expected the end of a field's specification in a format, found more")
        }
        return (specification, bytes[offset])
    }

    private static func alignment(_ byte: UInt8) -> FormatSpecification.Alignment? {
        switch byte {
        case UInt8(ascii: "<"): .left
        case UInt8(ascii: ">"): .right
        case UInt8(ascii: "^"): .center
        case UInt8(ascii: "="): .afterSign
        default: nil
        }
    }
}
