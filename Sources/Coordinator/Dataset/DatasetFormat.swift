/// What a dataset's columns are called, and what is in them.
package enum DatasetFormat: String, CaseIterable, Sendable {
    /// A prompt (see ``PromptColumn``), `chosen`, `rejected`: texts.
    case preference
    /// `chosen`, `rejected`: lists of messages `{role, content}` (or `{from, value}`), as TRL has them. The prompt is a
    /// text, a list of messages, or absent: then the messages that both sides begin with are the prompt.
    case conversational
    /// `conversations`: the prompt as a list of messages `{from, value}`; `chosen`, `rejected`: a message each, as
    /// LLaMA-Factory has them, or a text.
    case sharegpt
    /// `chosen`, `rejected`: whole transcripts, `"\n\nHuman: …\n\nAssistant: …"`, as in HH-RLHF.
    case hh
    /// A prompt, `response_0`, `response_1`, `safer_response_id` (0 or 1), as in PKU-SafeRLHF.
    case pku
    /// A prompt, `harmless`, `harmful`: texts.
    case anchors
    /// A prompt, `harmful`: texts. The harmless response is the configured refusal.
    case harmful

    /// The formats that a file for that use may have, in the order of preference where several fit.
    static func candidates(for purpose: RowPurpose) -> [DatasetFormat] {
        let preferences: [DatasetFormat] = [.preference, .sharegpt, .conversational, .hh, .pku]
        return purpose == .row ? preferences : [.anchors, .harmful] + preferences
    }

    /// The columns, for messages.
    var requirement: String {
        switch self {
        case .preference: "preference (\(PromptColumn.names), chosen, rejected: strings)"
        case .conversational: "conversational (chosen, rejected: lists of messages; prompt optional)"
        case .sharegpt: "sharegpt (conversations: a list of messages; chosen, rejected: a message each)"
        case .hh: "hh (chosen, rejected: transcripts)"
        case .pku: "pku (prompt, response_0, response_1, safer_response_id)"
        case .anchors: "anchors (prompt, harmless, harmful: strings)"
        case .harmful: "harmful (prompt, harmful: strings; the configuration names the refusal)"
        }
    }
}

/// Columns that a known format gives a meaning besides the responses.
enum PromptColumn: String, CaseIterable {
    case prompt, instruction, question, query, input, conversations
    /// Only where there is no other, and where it ends before the response: elsewhere it is a copy of one side.
    case messages

    /// For messages.
    static let names = "prompt or instruction (with input) or question or query or input"
}

/// Columns that a known format gives a meaning besides prompts and responses.
enum OtherColumn {
    /// The system message.
    static let system = ["system", "system_prompt"]
    /// Turns before the prompt.
    static let history = "history"

    /// What a model would be given besides texts, or otherwise than by them, and is not read here.
    static let unsupported = [
        ("tools", "descriptions of tools are"), ("images", "images are"), ("image", "an image is"),
        ("videos", "videos are"), ("audios", "sounds are"), ("chat_template_kwargs", "settings of a chat template are"),
    ]
}
