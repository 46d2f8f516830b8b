extension JSONText {
    package static let separator = Array(", ".utf8)

    package static func object(_ members: [[UInt8]]) -> [UInt8] {
        Array("{".utf8) + members.joined(separator: separator) + Array("}".utf8)
    }

    package static func member(_ key: String, text: String) -> [UInt8] {
        var json: [UInt8] = []
        append(text, to: &json)
        return member(key, json: json)
    }

    package static func member(_ key: String, json: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        append(key, to: &bytes)
        return bytes + Array(": ".utf8) + json
    }
}

extension [UInt8] {
    /// Puts JSON on one line: inside strings it has no line breaks, between values a space serves as well. A lone CR counts,
    /// too: some readers of JSON Lines end a row there.
    package mutating func breakNoLine() {
        for index in indices where self[index] == 0x0A || self[index] == 0x0D { self[index] = 0x20 }
    }
}
