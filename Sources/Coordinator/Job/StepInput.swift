internal import Dataset
internal import Diagnostics
internal import Prompting
internal import Protocol
internal import TextFeatures

/// The file that a step reads, and how its rows become the texts that the model reads.
struct StepInput: Sendable {
    /// Which of the file's rows are the step's.
    enum Part: Hashable, Sendable {
        case all

        /// About so many: all rows of some prompts, which are drawn at random. Those that other steps have, or that are
        /// known from elsewhere, are drawn only where the rest is too few to say something.
        case sample(rows: Int, unlike: [StepID], known: Set<PromptDigest> = [])

        /// Those that are not another step's.
        case rest(without: StepID)
    }

    let step: WorkStep
    let path: String
    let options: DatasetOptions
    let part: Part
    let template: Template
    let compatibility: Compatibility

    /// What is generated of each prompt; nil for rows that have responses.
    var generated: Generated?

    struct Generated: Hashable, Sendable {
        var responses: Int

        /// Said before all that the prompt's own system message says.
        var system: String?
    }

    /// How many refusals an anchor has that has no harmless response; nil: one, the configured one.
    var refusals: Int?

    /// A response that every prompt has, before its own; nil: none.
    var reference: String?

    /// Of the refusals that a prompt has.
    private static let seed: UInt64 = 14

    /// Whether its rows have two responses, which are compared.
    var hasPairs: Bool { generated == nil && options.purpose != .candidate }

    /// - Throws: `FileError` where the file cannot be read.
    func reader() throws -> DatasetReader { try DatasetReader(path: path, options: options) }

    /// Preferred responses before the other one.
    ///
    /// - Throws: `Problem` where a model's own template refuses it.
    func text(of pair: ResponsePair) throws(Problem) -> RenderedItem {
        if let generated {
            let prompt = generated.system.map { pair.prompt.withSystem($0) } ?? pair.prompt
            let rendered = try template.render(prompt, [], purpose: options.purpose, compatibility: compatibility)
            // What a template has behind a response comes after what is generated.
            let beginnings = Array(repeating: RenderedText(""), count: generated.responses)
            return RenderedItem(prompt: rendered.prompt, responses: beginnings)
        }
        if options.purpose == .candidate {
            return try template.render(
                pair.prompt, [pair.other], purpose: options.purpose, compatibility: compatibility)
        }
        let refusals = pair.isRefused ? refusals : nil
        let preferred = refusals.map { Refusals.chosen(forPrompt: pair.prompt.text, count: $0, seed: Self.seed) }
        return try template.render(
            pair.prompt, [reference].compactMap(\.self) + (preferred ?? [pair.preferred]) + [pair.other],
            purpose: options.purpose,
            compatibility: compatibility)
    }
}

extension Conversation {
    /// With a system message; what the conversation has for one follows in it.
    func withSystem(_ text: String) -> Conversation {
        let own = messages.prefix { $0.role == .system }
        let content = ([text] + own.map(\.content)).joined(separator: "\n\n")
        return Conversation(messages: [ChatMessage(role: .system, content: content)] + messages.dropFirst(own.count))
    }
}
