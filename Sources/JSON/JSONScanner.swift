/// Walks over one JSON text (RFC 8259) and checks every byte of its grammar, without building values.
///
/// The bytes must be well-formed UTF-8: that is checked once for the whole line, before the scan.
package struct JSONScanner {
    /// Deepest nesting of arrays and objects that is accepted: it bounds the recursion.
    static let depthLimit = 128

    let bytes: [UInt8]
    private let end: Int
    package private(set) var position: Int

    package init(_ bytes: [UInt8], in range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    /// The byte that is scanned next, nil at the end.
    var current: UInt8? { position < end ? bytes[position] : nil }

    package mutating func skipWhitespace() {
        while let byte = current, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
    }

    /// Checks that nothing but whitespace is left.
    package mutating func scanEnd() throws(JSONSyntaxError) {
        skipWhitespace()
        if position < end { throw unexpected("the end of the line") }
    }

    /// Scans one value of any kind, without the whitespace around it.
    /// - Parameter depth: how many arrays and objects enclose it.
    package mutating func scanValue(depth: Int) throws(JSONSyntaxError) {
        switch current {
        case UInt8(ascii: "\""): try scanString()
        case UInt8(ascii: "{"): try scanObject(depth: depth) { _, _ in }
        case UInt8(ascii: "["): try scanArray(depth: depth) { _ in }
        case UInt8(ascii: "t"): try scanLiteral("true")
        case UInt8(ascii: "f"): try scanLiteral("false")
        case UInt8(ascii: "n"): try scanLiteral("null")
        case UInt8(ascii: "-"), .some(0x30...0x39): try scanNumber()
        // Python writes these where a number is none.
        case UInt8(ascii: "N"), UInt8(ascii: "I"): throw unexpected("a value (JSON has no NaN and no Infinity)")
        default: throw unexpected("a value")
        }
    }

    /// Scans an object and calls `member` with the byte ranges of each key (with its quotes) and value, in order.
    mutating func scanObject(
        depth: Int, member: (_ key: Range<Int>, _ value: Range<Int>) -> Void
    ) throws(JSONSyntaxError) {
        try enter(depth: depth)
        try scan("{")
        skipWhitespace()
        if skip("}") { return }
        repeat {
            skipWhitespace()
            let keyStart = position
            guard current == UInt8(ascii: "\"") else { throw unexpected("a key in quotes") }
            try scanString()
            let key = keyStart..<position
            skipWhitespace()
            try scan(":")
            skipWhitespace()
            let valueStart = position
            try scanValue(depth: depth + 1)
            member(key, valueStart..<position)
            skipWhitespace()
        } while skip(",")
        guard skip("}") else { throw unexpected("\",\" or \"}\"") }
    }

    /// Scans an array and calls `element` with the byte range of each element, in order.
    mutating func scanArray(depth: Int, element: (Range<Int>) -> Void) throws(JSONSyntaxError) {
        try enter(depth: depth)
        try scan("[")
        skipWhitespace()
        if skip("]") { return }
        repeat {
            skipWhitespace()
            let start = position
            try scanValue(depth: depth + 1)
            element(start..<position)
            skipWhitespace()
        } while skip(",")
        guard skip("]") else { throw unexpected("\",\" or \"]\"") }
    }

    private func enter(depth: Int) throws(JSONSyntaxError) {
        guard depth < Self.depthLimit else {
            throw JSONSyntaxError(offset: position, problem: "more than \(Self.depthLimit) levels of nesting")
        }
    }

    private mutating func scanString() throws(JSONSyntaxError) {
        let start = position
        try scan("\"")
        while position < end {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "\\"):
                try scanEscape()
            case 0..<0x20:
                throw unexpected("a character of a string, control characters escaped")
            default:
                position += 1
            }
        }
        throw JSONSyntaxError(offset: start, problem: "the string is not closed")
    }

    private mutating func scanEscape() throws(JSONSyntaxError) {
        let start = position
        position += 1
        switch current {
        case UInt8(ascii: "u"):
            position += 1
            let unit = try scanFourHexDigits()
            if UTF16.isTrailSurrogate(unit) { throw loneSurrogate(at: start) }
            guard UTF16.isLeadSurrogate(unit) else { return }
            guard skip("\\"), skip("u") else { throw loneSurrogate(at: start) }
            guard UTF16.isTrailSurrogate(try scanFourHexDigits()) else { throw loneSurrogate(at: start) }
        case .some(let byte) where JSONText.character(escapedBy: byte) != nil:
            position += 1
        default:
            throw unexpected("one of \"\\/bfnrtu after a backslash")
        }
    }

    private mutating func scanFourHexDigits() throws(JSONSyntaxError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = current.flatMap(JSONText.hexDigit) else { throw unexpected("a hexadecimal digit") }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }

    private mutating func scanNumber() throws(JSONSyntaxError) {
        _ = skip("-")
        if !skip("0") { try scanDigits() }
        if skip(".") { try scanDigits() }
        if skip("e") || skip("E") {
            if !skip("+") { _ = skip("-") }
            try scanDigits()
        }
    }

    private mutating func scanDigits() throws(JSONSyntaxError) {
        guard case .some(0x30...0x39) = current else { throw unexpected("a digit") }
        while case .some(0x30...0x39) = current { position += 1 }
    }

    private mutating func scanLiteral(_ literal: StaticString) throws(JSONSyntaxError) {
        let length = literal.utf8CodeUnitCount
        let matches = literal.withUTF8Buffer { bytes[position..<min(position + length, end)].elementsEqual($0) }
        guard matches else { throw unexpected("\(literal)") }
        position += length
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func scan(_ character: Unicode.Scalar) throws(JSONSyntaxError) {
        guard skip(character) else { throw unexpected("\"\(character)\"") }
    }

    private func loneSurrogate(at offset: Int) -> JSONSyntaxError {
        JSONSyntaxError(offset: offset, problem: "an escaped surrogate without its partner")
    }

    private func unexpected(_ expected: String) -> JSONSyntaxError {
        let found =
            switch current {
            case .none: "the end of the line"
            case .some(let byte) where (0x21...0x7E).contains(byte): "\"\(Unicode.Scalar(byte))\""
            case .some(let byte): "the byte 0x" + String(byte, radix: 16, uppercase: true)
            }
        return JSONSyntaxError(offset: position, problem: "expected \(expected), found \(found)")
    }
}
