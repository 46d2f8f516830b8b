internal import Diagnostics
internal import JSON

/// Messages in a column: `{"role": …, "content": …}`, or `{"from": …, "value": …}` as ShareGPT has them; a list, or one.
enum MessageList {
    /// - Throws: ``RowProblem`` if the value is no message and no list of them, or says what is not read.
    static func messages(in value: JSONValue, column: String) throws(RowProblem) -> [ChatMessage] {
        let elements = value.elements ?? [value]
        guard value.kind == .array || value.kind == .object else {
            throw .wrongType(column: column, expected: "a list of messages", found: value.kind.words)
        }
        var messages: [ChatMessage] = []
        for (index, element) in elements.enumerated() {
            do throws(Malformed) {
                messages.append(try message(in: element))
            } catch {
                throw .badMessage(column: column, message: index + 1, problem: error.problem)
            }
        }
        return messages
    }

    private struct Malformed: Error {
        var problem: String
    }

    private static func message(in value: JSONValue) throws(Malformed) -> ChatMessage {
        let object: JSONObject?
        do throws(JSONSyntaxError) { object = try value.object() } catch { throw Malformed(problem: error.problem) }
        guard let object else { throw Malformed(problem: "expected an object, found \(value.kind.words)") }
        for key in unreadKeys {
            guard let value = object.value(of: key), !value.isEmpty else { continue }
            throw Malformed(problem: "\(key.quoted) is not read: expected nothing but texts, found \(value.kind.words)")
        }
        let (roleKey, contentKey) = object.value(of: "role") != nil ? ("role", "content") : ("from", "value")
        guard let name = object.value(of: roleKey) else {
            throw Malformed(problem: "\"role\" is missing (keys: \(object.members.map(\.key).listed))")
        }
        guard let name = name.string else {
            throw Malformed(problem: "\(roleKey.quoted): expected a string, found \(name.kind.words)")
        }
        guard let role = ChatMessage.Role(named: name) else {
            let isTool = ChatMessage.Role.toolNames.contains(name.lowercased())
            throw Malformed(
                problem: isTool
                    ? "calls of tools and their results (the role \(name.quoted)) are not read"
                    : "expected the role system, user or assistant, found \(name.quoted)")
        }
        guard let content = object.value(of: contentKey) else {
            throw Malformed(problem: "\(contentKey.quoted) is missing (keys: \(object.members.map(\.key).listed))")
        }
        return ChatMessage(role: role, content: try text(of: content, key: contentKey))
    }

    /// What a message says besides its text; templates make something of each.
    private static let unreadKeys = [
        "tool_calls", "function_call", "tool_call_id", "tools", "reasoning_content", "reasoning", "thinking", "images",
        "audio",
    ]

    /// A text, or a list of parts that are all texts, as OpenAI's API has them.
    private static func text(of value: JSONValue, key: String) throws(Malformed) -> String {
        if let text = value.string { return text }
        guard let parts = value.elements, !parts.isEmpty else {
            throw Malformed(problem: "\(key.quoted): expected a string, found \(value.kind.words)")
        }
        var texts: [String] = []
        for part in parts {
            guard let object = try? part.object(), object.value(of: "type")?.string ?? "text" == "text",
                let text = object.value(of: "text")?.string
            else {
                let type = (try? part.object())?.value(of: "type")?.string
                throw Malformed(
                    problem: "\(key.quoted): expected parts of the type \"text\", found "
                        + (type.map { "one of the type \($0.quoted)" } ?? part.kind.words))
            }
            texts.append(text)
        }
        return texts.joined()
    }
}

extension JSONValue {
    /// Whether it says nothing: null, or a text, a list or an object without anything in it.
    var isEmpty: Bool {
        switch kind {
        case .null: true
        case .string: range.count == 2
        case .array, .object: bytes[range].dropFirst().dropLast().allSatisfy { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        case .number, .boolean: false
        }
    }
}
