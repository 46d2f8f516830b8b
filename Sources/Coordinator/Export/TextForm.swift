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

    /// - Parameter option: `transcript`, or what `embedding.template` can be.
    /// - Throws: `Problem`.
    init(_ option: String) throws(Problem) {
        self =
            option == Self.transcriptName
            ? .transcript
            : .template(try Template(option, key: "--template", otherNames: [Self.transcriptName]))
    }

    /// - Throws: `Problem` where the template refuses the conversation.
    func texts(_ pair: ResponsePair) throws(Problem) -> (prompt: String, chosen: String, rejected: String) {
        switch self {
        case .transcript: return (transcript(pair.prompt), spaced(pair.preferred), spaced(pair.other))
        case .template(let template):
            return Self.texts(try template.render(pair.prompt, [pair.preferred, pair.other], purpose: .row))
        }
    }

    private static func texts(_ item: RenderedItem) -> (prompt: String, chosen: String, rejected: String) {
        (item.prompt.text, item.responses[0].text, item.responses[1].text)
    }

    /// With white space at its beginning.
    private func spaced(_ response: String) -> String {
        response.first?.isWhitespace == true ? response : " \(response)"
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
