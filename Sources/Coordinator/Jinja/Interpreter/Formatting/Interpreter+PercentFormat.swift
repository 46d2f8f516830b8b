// https://docs.python.org/3/library/stdtypes.html#printf-style-string-formatting

extension Interpreter {
    /// `format % values`
    func percentFormat(_ format: Text, _ values: Value) throws(JinjaError) -> Value {
        guard !format.isMarkup else { throw .unsupported("% with a text that is marked as safe is not supported") }
        try spend(bytes: format.utf8.count)
        var reader = PercentFormat(format, values)
        var result = newText
        while let piece = try reader.next(self) { try result.append(piece) }
        try reader.checkThatAllAreUsed()
        return try made(result.text)
    }
}

/// A format that is read piece by piece.
private struct PercentFormat {
    private let format: Text
    private let values: Value
    private var offset = 0
    private var used = 0

    init(_ format: Text, _ values: Value) {
        self.format = format
        self.values = values
    }

    private var positional: [Value] { if case .tuple(let list) = values { list.items } else { [values] } }

    /// A mapping may be left unused; a single value may not.
    func checkThatAllAreUsed() throws(JinjaError) {
        switch values {
        case .map, .list, .range, .undefined: return
        default: break
        }
        guard used == positional.count || usesNames else {
            throw .evaluation("expected a place in the format for each value, found more values")
        }
    }

    private var usesNames = false

    mutating func next(_ interpreter: Interpreter) throws(JinjaError) -> Text? {
        let bytes = format.utf8
        guard offset < bytes.count else { return nil }
        guard bytes[offset] == UInt8(ascii: "%") else {
            let start = offset
            offset = bytes[start...].firstIndex(of: UInt8(ascii: "%")) ?? bytes.count
            return format[start..<offset]
        }
        let author = format.author(at: offset)
        offset += 1
        var named: Value?
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "(") { named = try name(interpreter) }
        var specification = try flags()
        specification.width = try FormatSpecification.number(in: bytes, at: &offset) ?? 0
        if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
            offset += 1
            specification.precision = try FormatSpecification.number(in: bytes, at: &offset) ?? 0
        }
        guard offset < bytes.count else {
            throw .evaluation("expected a conversion behind % in a format, found its end")
        }
        let conversion = bytes[offset]
        offset += 1
        if conversion == UInt8(ascii: "%") { return Text("%", by: author) }
        let value: Value
        if let named { value = named } else { value = try nextValue() }
        return try written(value, conversion, specification, interpreter)
    }

    private mutating func name(_ interpreter: Interpreter) throws(JinjaError) -> Value {
        let start = offset + 1
        guard let end = format.utf8[start...].firstIndex(of: UInt8(ascii: ")")) else {
            throw .evaluation("expected \")\" behind a name in a format, found none")
        }
        guard case .map(let map) = values else {
            throw .evaluation("expected a mapping for a format with names, found \(values.kind)")
        }
        offset = end + 1
        usesNames = true
        guard let value = map[MapKey(format[start..<end])] else {
            throw .evaluation("expected a value for each name of a format, found one without")
        }
        return value
    }

    private mutating func nextValue() throws(JinjaError) -> Value {
        guard !usesNames, used < positional.count else {
            throw .evaluation("expected a value for each place of the format, found fewer values")
        }
        defer { used += 1 }
        return positional[used]
    }

    private mutating func flags() throws(JinjaError) -> FormatSpecification {
        var specification = FormatSpecification()
        while offset < format.utf8.count {
            switch format.utf8[offset] {
            case UInt8(ascii: "-"): specification.alignment = .left
            case UInt8(ascii: "0"):
                if specification.alignment == nil { specification.alignment = .afterSign }
            case UInt8(ascii: "+"): specification.showsPlus = true
            case UInt8(ascii: " "): specification.showsBlank = true
            case UInt8(ascii: "#"), UInt8(ascii: "*"):
                throw .unsupported("# and * in a format are not supported")
            default: return specification
            }
            offset += 1
        }
        return specification
    }

    private func written(
        _ value: Value, _ conversion: UInt8, _ specification: FormatSpecification, _ interpreter: Interpreter
    ) throws(JinjaError) -> Text {
        var specification = specification
        switch conversion {
        case UInt8(ascii: "s"), UInt8(ascii: "r"):
            var text =
                conversion == UInt8(ascii: "s")
                ? try interpreter.text(of: value) : try interpreter.representation(of: value)
            if let precision = specification.precision {
                text = text[0..<text.utf8.offset(ofScalar: precision)]
            }
            if specification.alignment == .afterSign { specification.alignment = .right }
            return try specification.aligned(text, natural: .right, interpreter)
        case UInt8(ascii: "d"), UInt8(ascii: "i"), UInt8(ascii: "u"), UInt8(ascii: "x"), UInt8(ascii: "X"),
            UInt8(ascii: "o"):
            let (number, author) = try integer(value, isExact: ![0x64, 0x69, 0x75].contains(conversion))
            let radix = conversion | 0x20 == UInt8(ascii: "x") ? 16 : conversion == UInt8(ascii: "o") ? 8 : 10
            var digits = String(number.magnitude, radix: radix, uppercase: conversion == UInt8(ascii: "X"))
            let precision = specification.precision ?? 0
            digits = String(repeating: "0", count: max(0, precision - digits.count)) + digits
            return try aligned(
                specification.signed(digits, isNegative: number < 0, by: author), specification, interpreter)
        case UInt8(ascii: "f"), UInt8(ascii: "F"):
            guard let number = Arithmetic.number(value) else { throw Arithmetic.unexpected(value, "a format") }
            let double = number.double
            let precision = specification.precision ?? 6
            guard precision <= Double.precisionLimit else {
                throw .limit("expected at most \(Double.precisionLimit) digits in a format, found more")
            }
            var digits = double.magnitude.fixed(precision)
            if conversion == UInt8(ascii: "F") { digits = digits.uppercased() }
            let isNegative = double.sign == .minus && !double.isNaN
            return try aligned(
                specification.signed(digits, isNegative: isNegative, by: .input), specification, interpreter)
        default:
            throw .unsupported(
                "expected one of %s, %r, %d, %i, %u, %x, %X, %o, %f, %F and %% in a format, found another conversion")
        }
    }

    private func aligned(
        _ number: Text, _ specification: FormatSpecification, _ interpreter: Interpreter
    ) throws(JinjaError) -> Text {
        var specification = specification
        if specification.alignment == .afterSign { specification.fill = Text("0", by: .template) }
        return try specification.aligned(number, natural: .right, interpreter)
    }

    private func integer(_ value: Value, isExact: Bool) throws(JinjaError) -> (Int, JinjaAuthor) {
        switch Arithmetic.number(value) {
        case .integer(let number, let author): return (number, author)
        case .float(let number) where !isExact && number.isFinite:
            guard let whole = Int(exactly: number.rounded(.towardZero)) else { throw Arithmetic.overflow }
            return (whole, .input)
        default: throw .evaluation("expected a whole number for a format, found \(value.kind)")
        }
    }
}
