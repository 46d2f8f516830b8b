internal import JSON

/// What a text is that was a message, or a list of them, before some program wrote it into a column of texts.
enum SerializedConversation {
    /// JSON: it says exactly what the messages said.
    case json(JSONValue)
    /// Anything else, which cannot be read back with certainty; what it is, in words.
    case unreadable(String)

    /// Nil for any text that is not plainly that, as a whole. A response may well be JSON or Python about other things, or
    /// show messages and say something of them.
    init?(_ text: String) {
        let trimmed = text.trimmed.utf8
        guard let first = trimmed.first, let last = trimmed.last else { return nil }
        let isClosed = [UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ")")].contains(last)
        switch first {
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            let bytes = Array(trimmed)
            if let value = try? JSONValue(text: bytes) {
                self.init(value)
            } else if isClosed {
                self.init(python: bytes)
            } else if Self.isCutOff(bytes) {
                self = .unreadable("a list of messages in damaged JSON")
            } else {
                return nil
            }
        case UInt8(ascii: "a") where isClosed && trimmed.starts(with: "array([".utf8):
            self.init(python: Array(trimmed))
        default: return nil
        }
    }

    private init?(_ value: JSONValue) {
        if Self.isMessage(value) || Self.isConversation(value) {
            self = .json(value)
        } else if value.elements?.first.map(Self.isConversation) == true {
            self = .unreadable("a list of conversations")
        } else if let object = try? value.object(),
            object.members.contains(where: { object.value(of: $0.key).map(Self.isConversation) == true })
        {
            self = .unreadable("an object with a list of messages in it")
        } else {
            return nil
        }
    }

    /// A list of dictionaries, or of objects whose class is a message's, as Python prints them.
    private init?(python bytes: [UInt8]) {
        func has(_ text: String) -> Bool { bytes.contains(sequence: Array(text.utf8)) }
        if (has("'role':") && has("'content':")) || (has("'from':") && has("'value':")) {
            self = .unreadable("a list of messages as Python prints it")
        } else if bytes[0] == UInt8(ascii: "["), has("Message("), has("content=") {
            self = .unreadable("a list of message objects as Python prints it")
        } else {
            return nil
        }
    }

    private static func isConversation(_ value: JSONValue) -> Bool {
        value.elements.map { !$0.isEmpty && $0.allSatisfy(isMessage) } == true
    }

    /// Whether the value is an object with a speaker that is one, and a text.
    private static func isMessage(_ value: JSONValue) -> Bool {
        guard let object = try? value.object() else { return false }
        return [("role", "content"), ("from", "value")].contains { speaker, text in
            object.value(of: text) != nil && object.value(of: speaker)?.string.map(ChatMessage.Role.isSpeaker) == true
        }
    }

    /// Whether the text is the beginning of a list of messages in JSON, and ends inside it.
    private static func isCutOff(_ bytes: [UInt8]) -> Bool {
        var scanner = JSONScanner(bytes, in: bytes.indices)
        // A list with something behind it is about that list.
        guard (try? scanner.scanValue(depth: 0)) == nil else { return false }
        let beginning = String(decoding: bytes.prefix(64), as: UTF8.self)
        guard let match = beginning.prefixMatch(of: #/\[\s*\{\s*"(role|from)"\s*:\s*"([A-Za-z_]+)"/#) else {
            return false
        }
        return ChatMessage.Role.isSpeaker(String(match.2))
    }
}
