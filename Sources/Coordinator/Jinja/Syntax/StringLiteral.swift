internal import Diagnostics

/// The escapes of a Python string:
/// https://docs.python.org/3/reference/lexical_analysis.html#escape-sequences.
enum StringLiteral {
    /// - Parameter content: what stands between the quotes.
    static func unescaped(_ content: [UInt8]) throws(JinjaError) -> [UInt8] {
        guard content.contains(UInt8(ascii: "\\")) else { return content }
        var result: [UInt8] = []
        var offset = 0
        while offset < content.count {
            guard content[offset] == UInt8(ascii: "\\"), offset + 1 < content.count else {
                result.append(content[offset])
                offset += 1
                continue
            }
            offset += 1
            offset += try appendEscape(content, at: offset, to: &result)
        }
        return result
    }

    /// - Parameter offset: behind the backslash.
    /// - Returns: how many bytes the escape has.
    private static func appendEscape(
        _ content: [UInt8], at offset: Int, to result: inout [UInt8]
    ) throws(JinjaError) -> Int {
        let letter = content[offset]
        switch letter {
        case UInt8(ascii: "\n"): break
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): result.append(letter)
        case UInt8(ascii: "a"): result.append(0x07)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "v"): result.append(0x0B)
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            let digits = content[offset...].prefix(3).prefix { UInt8(ascii: "0")...UInt8(ascii: "7") ~= $0 }
            try append(digits, radix: 8, to: &result)
            return digits.count
        case UInt8(ascii: "x"): return try appendHexadecimal(content, at: offset, count: 2, to: &result)
        case UInt8(ascii: "u"): return try appendHexadecimal(content, at: offset, count: 4, to: &result)
        case UInt8(ascii: "U"): return try appendHexadecimal(content, at: offset, count: 8, to: &result)
        case UInt8(ascii: "N"):
            throw .unsupported("expected a character or its number, found the escape \\N of a character's name")
        default: return appendUnknown(content, at: offset, to: &result)
        }
        return 1
    }

    private static func appendHexadecimal(
        _ content: [UInt8], at offset: Int, count: Int, to result: inout [UInt8]
    ) throws(JinjaError) -> Int {
        let digits = content[(offset + 1)...].prefix(count)
        guard digits.count == count, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit && $0 < 0x80 })
        else {
            throw JinjaError(
                .syntax, "expected \(count) hexadecimal digits behind \\\(Unicode.Scalar(content[offset])) in a string")
        }
        try append(digits, radix: 16, to: &result)
        return count + 1
    }

    private static func append(
        _ digits: ArraySlice<UInt8>, radix: Int, to result: inout [UInt8]
    ) throws(JinjaError) {
        let digits = String(decoding: digits, as: UTF8.self)
        guard let value = UInt32(digits, radix: radix), let scalar = Unicode.Scalar(value) else {
            throw JinjaError(.unsupported, "expected the number of a Unicode character, found \(digits.quoted)")
        }
        result.append(contentsOf: UTF8.encode(scalar)!)
    }

    /// No escape: the backslash stays. Behind it a character beyond ASCII becomes its number, as it does in Jinja2,
    /// which writes such characters as escapes of their own first.
    private static func appendUnknown(_ content: [UInt8], at offset: Int, to result: inout [UInt8]) -> Int {
        result.append(UInt8(ascii: "\\"))
        let (scalar, length) = content.scalar(at: offset)
        guard scalar.value >= 0x80 else {
            result.append(content[offset])
            return 1
        }
        let digits = String(scalar.value, radix: 16)
        let (letter, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
        result.append(contentsOf: letter.utf8)
        result.append(contentsOf: String(repeating: "0", count: width - digits.count).utf8)
        result.append(contentsOf: digits.utf8)
        return length
    }
}
