package import Dataset

extension Conversation {
    /// The whole prompt as one text: what the system says first, a blank line, then ``dialogueText``.
    package var text: String {
        systemText.isEmpty ? dialogueText : "\(systemText)\n\n\(dialogueText)"
    }

    /// The system messages that the conversation begins with, a blank line between them; empty if there are none.
    var systemText: String {
        messages.prefix { $0.role == .system }.map(\.content).joined(separator: "\n\n")
    }

    /// What follows the leading system messages: a single user message as it is, several messages as a transcript,
    /// `"Human: …\n\nAssistant: …\n\nHuman: …"`.
    var dialogueText: String {
        let dialogue = messages.drop { $0.role == .system }
        if dialogue.count == 1, let message = dialogue.first, message.role == .user { return message.content }
        return dialogue.map { "\($0.role.speaker): \($0.content)" }.joined(separator: "\n\n")
    }
}

extension ChatMessage.Role {
    fileprivate var speaker: String {
        switch self {
        case .system: "System"
        case .user: "Human"
        case .assistant: "Assistant"
        }
    }
}
