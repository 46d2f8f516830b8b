/// Lists of messages in a column: `[{"role": …, "content": …}]`, or `[{"from": …, "value": …}]` as ShareGPT has them.
enum MessageList {
    /// - Throws: ``RowProblem`` if the value is no list, or something in it is no message.
    static func messages(in value: ColumnValue, column: String) throws(RowProblem) -> [ChatMessage] {
        guard let elements = value.elements else {
            throw .wrongType(column: column, expected: "a list of messages", found: value.kindWords)
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

    /// Splits two conversations into their prompt and a response each.
    ///
    /// - Parameter prompt: nil if the prompt is what both begin with. If it is given, the conversations may repeat it.
    static func split(
        _ preferred: (column: String, messages: [ChatMessage]), _ other: (column: String, messages: [ChatMessage]),
        prompt: Conversation?
    ) throws(RowProblem) -> ResponsePair {
        if let prompt {
            return ResponsePair(
                prompt: prompt,
                preferred: try response(in: preferred.messages, after: prompt, column: preferred.column),
                other: try response(in: other.messages, after: prompt, column: other.column))
        }
        let limit = min(preferred.messages.count, other.messages.count) - 1
        let shared = zip(preferred.messages, other.messages).prefix(max(0, limit)).prefix { $0 == $1 }.map(\.0)
        guard !shared.isEmpty else { throw .noCommonPrompt(preferred.column, other.column) }
        return try split(preferred, other, prompt: Conversation(messages: shared))
    }

    private static func response(
        in messages: [ChatMessage], after prompt: Conversation, column: String
    ) throws(RowProblem) -> String {
        let repeatsPrompt = messages.count > prompt.messages.count && messages.starts(with: prompt.messages)
        let rest = repeatsPrompt ? messages[prompt.messages.count...] : messages[...]
        guard let response = rest.first, rest.count == 1 else {
            throw .noSingleResponse(column: column, found: "\(rest.count) messages")
        }
        guard response.role == .assistant else {
            throw .noSingleResponse(column: column, found: "one \(response.role.rawValue) message")
        }
        return response.content
    }

    private struct Malformed: Error {
        var problem: String
    }

    private static func message(in value: JSONValue) throws(Malformed) -> ChatMessage {
        let object: JSONObject?
        do throws(JSONSyntaxError) { object = try value.object() } catch { throw Malformed(problem: error.problem) }
        guard let object else { throw Malformed(problem: "expected an object, found \(value.kind.words)") }
        let name = try text(of: ["role", "from"], in: object)
        guard let role = ChatMessage.Role(named: name) else {
            throw Malformed(problem: "expected the role system, user or assistant, found \(name.quoted)")
        }
        return ChatMessage(role: role, content: try text(of: ["content", "value"], in: object))
    }

    private static func text(of keys: [String], in object: JSONObject) throws(Malformed) -> String {
        for key in keys {
            guard let value = object.value(of: key) else { continue }
            guard let text = value.string else {
                throw Malformed(problem: "\(key.quoted): expected a string, found \(value.kind.words)")
            }
            return text
        }
        throw Malformed(problem: "\(keys[0].quoted) is missing (keys: \(object.members.map(\.key).listed))")
    }
}
