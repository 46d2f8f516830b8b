/// What a text is that was a list of messages before some program wrote it into a column of texts.
enum SerializedConversation {
    /// JSON: it says exactly what the list said.
    case json(JSONValue)
    /// Anything else, which cannot be read back with certainty; what it is, in words.
    case unreadable(String)

    /// Nil for any text that is not plainly a message, or a list of them, as a whole. A response may well be JSON or
    /// Python about other things.
    init?(_ text: String) {
        let beginning = Array(text.utf8.prefix(256))
        if Self.beginsWithMessage(beginning, quote: UInt8(ascii: "\"")) {
            guard let value = try? JSONValue(text: Array(text.utf8)) else {
                self = .unreadable("a list of messages in damaged JSON")
                return
            }
            guard Self.isMessage(value) || value.elements.map({ !$0.isEmpty && $0.allSatisfy(Self.isMessage) }) == true
            else { return nil }
            self = .json(value)
        } else if Self.beginsWithMessage(beginning, quote: UInt8(ascii: "'")) {
            self = .unreadable("a list of messages as Python prints it")
        } else if Self.beginsWithMessageObject(beginning) {
            self = .unreadable("a list of message objects as Python prints it")
        } else {
            return nil
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    /// Whether the text begins with an object, or a list whose first element is one, whose first key is one that
    /// messages have.
    private static func beginsWithMessage(_ bytes: [UInt8], quote: UInt8) -> Bool {
        var rest = withoutListBeginning(bytes)
        guard rest.popFirst() == UInt8(ascii: "{") else { return false }
        rest = rest.drop(while: isBlank)
        guard rest.popFirst() == quote else { return false }
        let key = String(decoding: rest.prefix { $0 != quote }.prefix(16), as: UTF8.self)
        return ["role", "content", "from", "value"].contains(key)
    }

    /// Whether it begins with a call such as `HumanMessage(content=`, or a list of those.
    private static func beginsWithMessageObject(_ bytes: [UInt8]) -> Bool {
        let rest = withoutListBeginning(bytes)
        let name = rest.prefix { $0 != UInt8(ascii: "(") }
        guard name.count < 64, String(decoding: name, as: UTF8.self).hasSuffix("Message") else { return false }
        let field = rest.dropFirst(name.count + 1).prefix { $0 != UInt8(ascii: "=") }.prefix(16)
        return ["role", "content", "from", "type"].contains(String(decoding: field, as: UTF8.self))
    }

    private static func withoutListBeginning(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        var rest = bytes.drop(while: isBlank)
        if rest.starts(with: Array("array(".utf8)) { rest = rest.dropFirst(6) }
        if rest.first == UInt8(ascii: "[") || rest.first == UInt8(ascii: "(") {
            rest = rest.dropFirst().drop(while: isBlank)
        }
        return rest
    }

    private static func isMessage(_ value: JSONValue) -> Bool {
        guard let object = try? value.object() else { return false }
        return [("role", "content"), ("from", "value")].contains {
            object.value(of: $0.0) != nil && object.value(of: $0.1) != nil
        }
    }
}
