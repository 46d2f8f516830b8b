/// One value inside a scanned JSON text, decoded only when asked for.
package struct JSONValue: Hashable, Sendable {
    package enum Kind: String, Sendable {
        case string, number, object, array, boolean, null
    }

    /// The text that holds the value, and where it lies in it.
    package let bytes: [UInt8]
    package let range: Range<Int>

    init(bytes: [UInt8], range: Range<Int>) {
        self.bytes = bytes
        self.range = range
    }

    /// Parses a text that is one JSON value (RFC 8259), of well-formed UTF-8.
    package init(text bytes: [UInt8]) throws(JSONSyntaxError) {
        var scanner = JSONScanner(bytes, in: bytes.indices)
        scanner.skipWhitespace()
        let start = scanner.position
        try scanner.scanValue(depth: 0)
        range = start..<scanner.position
        self.bytes = bytes
        try scanner.scanEnd()
    }

    package var kind: Kind {
        switch bytes[range.lowerBound] {
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .boolean
        case UInt8(ascii: "n"): .null
        default: .number
        }
    }

    /// The text of a string, nil for any other kind.
    package var string: String? { kind == .string ? JSONText.decodedString(bytes, in: range) : nil }

    /// The value of a number, rounded to a `Double`; nil for any other kind.
    package var number: Double? { kind == .number ? Double(String(decoding: bytes[range], as: UTF8.self)) : nil }

    /// The elements of an array, nil for any other kind.
    package var elements: [JSONValue]? {
        guard kind == .array else { return nil }
        var scanner = JSONScanner(bytes, in: range)
        var elements: [JSONValue] = []
        do throws(JSONSyntaxError) {
            try scanner.scanArray(depth: 0) { elements.append(JSONValue(bytes: bytes, range: $0)) }
        } catch {
            preconditionFailure("text that was scanned before is invalid JSON: \(error)")
        }
        return elements
    }

    /// The object, nil for any other kind.
    /// - Throws: ``JSONSyntaxError`` if a key occurs twice in it.
    package func object() throws(JSONSyntaxError) -> JSONObject? {
        kind == .object ? try JSONObject(scanned: bytes, in: range) : nil
    }
}
