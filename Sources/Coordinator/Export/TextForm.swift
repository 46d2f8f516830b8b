internal import Dataset
internal import Diagnostics
internal import Prompting
internal import Protocol

/// How a conversation and a response become two strings that a trainer joins.
enum TextForm: Hashable, Sendable {
    /// As HH-RLHF writes them: `"\n\nHuman: …\n\nAssistant:"` and `" …"`. What a system says stands before that.
    case transcript

    /// With nothing between them that the template does not have.
    case template(Template)

    static let transcriptName = "transcript"

    /// - Parameter configured: `transcript`, or what `embedding.template` can be.
    /// - Throws: `Problem`.
    init(_ configured: String) throws(Problem) {
        self = configured == Self.transcriptName ? .transcript : .template(try Template(configured))
    }

    func texts(_ pair: ResponsePair) -> (prompt: String, chosen: String, rejected: String) {
        switch self {
        case .transcript: (transcript(pair.prompt), " \(pair.preferred)", " \(pair.other)")
        case .template(let template):
            Self.texts(template.render(pair.prompt, [pair.preferred, pair.other], purpose: .row))
        }
    }

    private static func texts(_ item: RenderedItem) -> (prompt: String, chosen: String, rejected: String) {
        (item.prompt.text, item.responses[0].text, item.responses[1].text)
    }

    private func transcript(_ prompt: Conversation) -> String {
        let turns = prompt.messages.drop { $0.role == .system }.map { message in
            switch message.role {
            case .system: "\n\nSystem: \(message.content)"
            case .user: "\n\nHuman: \(message.content)"
            case .assistant: "\n\nAssistant: \(message.content)"
            }
        }
        return prompt.systemText + turns.joined() + "\n\nAssistant:"
    }
}
