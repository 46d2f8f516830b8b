internal import Diagnostics

/// One JSON object with its members in their order and the bytes that they were read from, so that the object can
/// be written again without touching them.
package struct JSONObject: Hashable, Sendable {
    package struct Member: Hashable, Sendable {
        /// Decoded.
        package let key: String
        /// Of the key in ``JSONObject/bytes``, with its quotes.
        package let keyRange: Range<Int>
        package let valueRange: Range<Int>
    }

    /// The text that holds the object, with whatever surrounds it there.
    package let bytes: [UInt8]
    package let members: [Member]

    /// Parses a line that must hold exactly one object: RFC 8259, no key twice at the top level, at most 128 levels.
    ///
    /// - Throws: ``RowProblem`` for invalid UTF-8, invalid JSON, a repeated key, or a value that is no object.
    package init(line bytes: [UInt8]) throws(RowProblem) {
        if let offset = bytes.firstInvalidUTF8Offset { throw .invalidUTF8(offset: offset) }
        var scanner = JSONScanner(bytes, in: bytes.indices)
        var members: [Member]?
        scanner.skipWhitespace()
        let start = scanner.position
        do throws(JSONSyntaxError) {
            if scanner.current == UInt8(ascii: "{") {
                members = try Self.members(from: &scanner)
            } else {
                try scanner.scanValue(depth: 0)
            }
            try scanner.scanEnd()
        } catch {
            throw .invalidJSON(error)
        }
        guard let members else {
            throw .notAnObject(found: JSONValue(bytes: bytes, range: start..<scanner.position).kind)
        }
        self.bytes = bytes
        self.members = members
    }

    /// The object that lies at `range` of text that was scanned before.
    fileprivate init(scanned bytes: [UInt8], in range: Range<Int>) throws(JSONSyntaxError) {
        var scanner = JSONScanner(bytes, in: range)
        members = try Self.members(from: &scanner)
        self.bytes = bytes
    }

    /// The value of the member with that key, compared byte by byte.
    package func value(of key: String) -> JSONValue? {
        members.first { $0.key.utf8.elementsEqual(key.utf8) }.map { JSONValue(bytes: bytes, range: $0.valueRange) }
    }

    /// The object with other values of some members; all other bytes stay as they are.
    ///
    /// - Parameter values: JSON, by the members' keys.
    func replacing(_ values: [ExactName: [UInt8]]) -> JSONObject {
        var replaced: [UInt8] = []
        replaced.reserveCapacity(bytes.count)
        var members: [Member] = []
        var copied = 0
        for member in self.members {
            let offset = replaced.count - copied
            let keyRange = (member.keyRange.lowerBound + offset)..<(member.keyRange.upperBound + offset)
            replaced.append(contentsOf: bytes[copied..<member.valueRange.lowerBound])
            let start = replaced.count
            replaced.append(contentsOf: values[ExactName(member.key)] ?? Array(bytes[member.valueRange]))
            copied = member.valueRange.upperBound
            members.append(Member(key: member.key, keyRange: keyRange, valueRange: start..<replaced.count))
        }
        replaced.append(contentsOf: bytes[copied...])
        return JSONObject(bytes: replaced, members: members)
    }

    private init(bytes: [UInt8], members: [Member]) {
        (self.bytes, self.members) = (bytes, members)
    }

    private static func members(from scanner: inout JSONScanner) throws(JSONSyntaxError) -> [Member] {
        let bytes = scanner.bytes
        var members: [Member] = []
        try scanner.scanObject(depth: 0) { key, value in
            members.append(Member(key: JSONText.decodedString(bytes, in: key), keyRange: key, valueRange: value))
        }
        if let repeated = ExactName.firstRepetition(in: members.lazy.map(\.key)) {
            throw JSONSyntaxError(
                offset: members[repeated].keyRange.lowerBound,
                problem: "the key \(members[repeated].key.quoted) occurs a second time")
        }
        return members
    }
}

/// One value inside a scanned JSON text, decoded only when asked for.
package struct JSONValue: Hashable, Sendable {
    package enum Kind: String, Sendable {
        case string, number, object, array, boolean, null
    }

    /// The text that holds the value, and where it lies in it.
    package let bytes: [UInt8]
    package let range: Range<Int>

    fileprivate init(bytes: [UInt8], range: Range<Int>) {
        self.bytes = bytes
        self.range = range
    }

    /// Parses a text that is one JSON value (RFC 8259), of well-formed UTF-8.
    init(text bytes: [UInt8]) throws(JSONSyntaxError) {
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
