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

    /// Parses a text that must be exactly one object: RFC 8259, no key twice at the top level, at most 128 levels.
    ///
    /// - Parameter bytes: well-formed UTF-8.
    package init(text bytes: [UInt8]) throws(JSONSyntaxError) {
        var scanner = JSONScanner(bytes, in: bytes.indices)
        scanner.skipWhitespace()
        members = try Self.members(from: &scanner)
        self.bytes = bytes
        try scanner.scanEnd()
    }

    /// The object that lies at `range` of text that was scanned before.
    init(scanned bytes: [UInt8], in range: Range<Int>) throws(JSONSyntaxError) {
        var scanner = JSONScanner(bytes, in: range)
        members = try Self.members(from: &scanner)
        self.bytes = bytes
    }

    /// The value of the member with that key, compared byte by byte.
    package func value(of key: String) -> JSONValue? {
        members.first { $0.key.utf8.elementsEqual(key.utf8) }.map { JSONValue(bytes: bytes, range: $0.valueRange) }
    }

    /// The value of one of its members.
    package func value(of member: Member) -> JSONValue { JSONValue(bytes: bytes, range: member.valueRange) }

    /// The object with other values of some members; all other bytes stay as they are.
    ///
    /// - Parameter values: JSON, by the members' keys.
    package func replacing(_ values: [ExactName: [UInt8]]) -> JSONObject {
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
