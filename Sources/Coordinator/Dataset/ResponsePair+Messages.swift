extension ResponsePair {
    typealias Side = (column: String, messages: [ChatMessage])

    /// Splits two conversations into their prompt and a response each.
    ///
    /// - Parameters:
    ///   - prompt: nil if the prompt is what both begin with. If it is given, the conversations may repeat it, or the
    ///     whole dialogue that it is a message of.
    ///   - promptColumn: where it is from, for messages.
    ///   - section: the part of the configuration that can leave it out.
    /// - Throws: ``RowProblem`` where they are not one prompt with one answer each.
    static func split(
        _ preferred: Side, _ other: Side, prompt: Conversation?, promptColumn: String?, section: String
    ) throws(RowProblem) -> ResponsePair {
        let shared = sharedBeginning(preferred.messages, other.messages)
        guard let prompt else {
            guard !shared.isEmpty else { throw .noCommonPrompt(preferred.column, other.column) }
            return try split(
                preferred, other, prompt: Conversation(messages: shared), promptColumn: promptColumn, section: section)
        }
        let system = prompt.messages.prefix { $0.role == .system }
        if !system.isEmpty, let first = shared.first, first.role != .system {
            // Said once, beside the dialogue.
            var pair = try split(
                preferred, other, prompt: Conversation(messages: Array(prompt.messages.dropFirst(system.count))),
                promptColumn: promptColumn, section: section)
            pair.prompt.messages.insert(contentsOf: system, at: 0)
            return pair
        }
        let dialogue = Conversation(messages: shared)
        if !shared.isEmpty, !shared.starts(with: prompt.messages) || shared.count > prompt.messages.count {
            // Both hold a dialogue: the prompt beside them should be in it.
            guard dialogue.hasMessages(of: prompt) else {
                throw .promptDisagrees(
                    prompt: promptColumn ?? "", preferred.column, other.column,
                    remedy: "\(section).ignore_columns leaves it out")
            }
            return try split(preferred, other, prompt: dialogue, promptColumn: promptColumn, section: section)
        }
        return ResponsePair(
            prompt: prompt,
            preferred: try response(in: preferred.messages, after: prompt, column: preferred.column),
            other: try response(in: other.messages, after: prompt, column: other.column))
    }

    /// The one answer of a conversation that may begin with its prompt.
    static func response(
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

    /// The messages that both begin with, short of the last one of either.
    private static func sharedBeginning(_ first: [ChatMessage], _ second: [ChatMessage]) -> [ChatMessage] {
        let limit = max(0, min(first.count, second.count) - 1)
        return zip(first, second).prefix(limit).prefix { $0 == $1 }.map(\.0)
    }
}

extension Conversation {
    /// Whether every message of `other` is one of these.
    fileprivate func hasMessages(of other: Conversation) -> Bool {
        other.messages.allSatisfy { given in
            messages.contains { $0.role == given.role && $0.content.trimmed == given.content.trimmed }
        }
    }
}
