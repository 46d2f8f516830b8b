/// JSON's string syntax (RFC 8259, section 7), in both directions.
package enum JSONText {
    /// The character that `\` and `byte` stand for, nil if they form no escape. `\u` is not one of these.
    static func character(escapedBy byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    /// The text between the quotes of a string that a ``JSONScanner`` accepted.
    /// - Parameter range: of the string in `bytes`, with its quotes.
    package static func decodedString(_ bytes: [UInt8], in range: Range<Int>) -> String {
        var rest = bytes[(range.lowerBound + 1)..<(range.upperBound - 1)]
        guard rest.contains(UInt8(ascii: "\\")) else { return String(decoding: rest, as: UTF8.self) }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(rest.count)
        while let backslash = rest.firstIndex(of: UInt8(ascii: "\\")) {
            decoded.append(contentsOf: rest[..<backslash])
            rest = rest[(backslash + 1)...]
            let escape = rest.removeFirst()
            if let character = character(escapedBy: escape) {
                decoded.append(character)
            } else {
                decoded.append(contentsOf: UTF8.encode(takeScalar(from: &rest))!)
            }
        }
        decoded.append(contentsOf: rest)
        return String(decoding: decoded, as: UTF8.self)
    }

    /// Appends `string` in quotes; what JSON does not oblige to escape stays as it is.
    package static func append(_ string: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): output.append(contentsOf: [UInt8(ascii: "\\"), byte])
            case 0x08: output.append(contentsOf: "\\b".utf8)
            case 0x09: output.append(contentsOf: "\\t".utf8)
            case 0x0A: output.append(contentsOf: "\\n".utf8)
            case 0x0C: output.append(contentsOf: "\\f".utf8)
            case 0x0D: output.append(contentsOf: "\\r".utf8)
            case 0..<0x20: output.append(contentsOf: "\\u00\(byte < 0x10 ? "0" : "")\(String(byte, radix: 16))".utf8)
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    /// Reads the hexadecimal digits behind `\u`, and a second `\uXXXX` if they are the first half of a pair.
    private static func takeScalar(from rest: inout ArraySlice<UInt8>) -> Unicode.Scalar {
        let unit = takeUnit(from: &rest)
        guard UTF16.isLeadSurrogate(unit) else { return Unicode.Scalar(unit)! }
        rest.removeFirst(2)
        let trail = takeUnit(from: &rest)
        return Unicode.Scalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(trail) - 0xDC00))!
    }

    private static func takeUnit(from rest: inout ArraySlice<UInt8>) -> UInt16 {
        let digits = rest.prefix(4)
        rest.removeFirst(4)
        return digits.reduce(0) { $0 << 4 | UInt16(hexDigit($1)!) }
    }
}
