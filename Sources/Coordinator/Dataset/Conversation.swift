/// One turn of a conversation.
package struct ChatMessage: Hashable, Sendable {
    package enum Role: String, Sendable {
        case system, user, assistant

        /// Takes the common names, in any case; nil for any other.
        package init?(named name: String) {
            switch name.lowercased() {
            case "system", "developer": self = .system
            case "user", "human", "prompter": self = .user
            case "assistant", "gpt", "chatgpt", "model", "bot", "chatbot", "ai": self = .assistant
            default: return nil
            }
        }

        /// Names of those that speak for a tool, or call one: what they say is not read.
        static let toolNames = [
            "tool", "tool_call", "tool_response", "function", "function_call", "function_response", "observation",
            "ipython", "environment",
        ]

        /// Whether messages name their speaker so.
        static func isSpeaker(_ name: String) -> Bool {
            Self(named: name) != nil || toolNames.contains(name.lowercased())
        }
    }

    package var role: Role
    package var content: String

    package init(role: Role, content: String) {
        self.role = role
        self.content = content
    }
}

/// A prompt: what was said before the response.
///
/// As a rule it ends with a user's message. It may end with an assistant's, as where HH-RLHF has two in a row.
package struct Conversation: Hashable, Sendable {
    package var messages: [ChatMessage]

    /// Descriptions of the tools that the model was given: a list of objects, as JSON text. nil: there were none.
    package var tools: String?

    package init(messages: [ChatMessage], tools: String? = nil) {
        self.messages = messages
        self.tools = tools
    }

    /// A single message of a user.
    package init(user content: String) {
        messages = [ChatMessage(role: .user, content: content)]
    }
}

/// A prompt and the two responses that are compared.
package struct ResponsePair: Hashable, Sendable {
    package var prompt: Conversation
    /// The chosen response of a preference row, the harmless one of an anchor.
    package var preferred: String
    /// The rejected response of a preference row, the harmful one of an anchor.
    package var other: String
    /// Whether the row has no preferred response, and `preferred` is the configured refusal.
    package var isRefused: Bool
    /// Of the two responses, where the row has a number for each; else nil.
    package var ratings: ResponseRatings?

    package init(
        prompt: Conversation, preferred: String, other: String, isRefused: Bool = false, ratings: ResponseRatings? = nil
    ) {
        self.prompt = prompt
        self.preferred = preferred
        self.other = other
        self.isRefused = isRefused
        self.ratings = ratings
    }
}
