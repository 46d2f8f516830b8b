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

    /// Descriptions of tools, which some chat templates have a place for.
    static let tools = "tools"

    /// What a model would be given besides texts, or otherwise than by them, and is not read here.
    static let unsupported = [
        (tools, "descriptions of tools are"), ("images", "images are"), ("image", "an image is"),
        ("videos", "videos are"), ("audios", "sounds are"), ("chat_template_kwargs", "settings of a chat template are"),
    ]
}
