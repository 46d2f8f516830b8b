internal import Dataset
internal import Diagnostics
internal import JSON
internal import Reports

/// A row with a margin, as it goes to a trainer.
struct ExportedRow: Sendable {
    private(set) var pair: ResponsePair
    private(set) var margin: Double

    /// Of the two responses; nil where the file does not say.
    private(set) var scores: (chosen: Double, rejected: Double)?

    init(_ row: AnnotatedRow, _ pair: ResponsePair) {
        (self.pair, margin, scores) = (pair, row.margin, row.scores)
        // Chat templates have a place for one system message at most.
        let system = pair.prompt.messages.prefix { $0.role == .system }
        if system.count > 1 {
            self.pair.prompt.messages.replaceSubrange(
                system.indices, with: [ChatMessage(role: .system, content: pair.prompt.systemText)])
        }
    }

    /// Why the format has no place for it; nil where it does.
    func misfit(_ format: ExportFormat) -> String? {
        guard format == .msSwift, pair.prompt.messages.dropFirst().contains(where: { $0.role == .system }) else {
            return nil
        }
        return "ms-swift takes a system message at the beginning alone, found one within the conversation"
    }

    /// With the responses exchanged, and what is said of them.
    var opposite: ExportedRow {
        var opposite = self
        (opposite.pair.preferred, opposite.pair.other) = (pair.other, pair.preferred)
        opposite.margin = -margin
        opposite.scores = scores.map { ($0.rejected, $0.chosen) }
        return opposite
    }

    /// With a margin of 0 in place of one below it.
    var clipped: ExportedRow {
        var clipped = self
        clipped.margin = max(margin, 0)
        return clipped
    }

    /// What each response is worth in the margin's unit: their difference is the margin, their mean that of the scores as far
    /// as margins are in proportion to differences of these.
    ///
    /// - Parameter slope: of that proportion.
    func rewards(slope: Double) -> (chosen: Double, rejected: Double) {
        let mean = scores.map { slope * ($0.chosen / 2 + $0.rejected / 2) } ?? 0
        let rewards = (chosen: mean + margin / 2, rejected: mean - margin / 2)
        // A margin that is nothing beside the mean is something all the same: somebody takes its logarithm.
        return margin > 0 && rewards.chosen <= rewards.rejected ? (margin / 2, -margin / 2) : rewards
    }

    /// Whether a response goes on as a transcript does: HH-RLHF's two may differ before their last turn.
    var hasFurtherTurns: Bool {
        [pair.preferred, pair.other].contains { $0.utf8.count > 9 && $0.contains("\n\nHuman:") }
    }
}

extension ExportedRow {
    /// A line of the file, without its end.
    ///
    /// - Parameters:
    ///   - kept: further members.
    ///   - slope: see `rewards`.
    ///   - generator: the model that the margins are of.
    /// - Throws: `Problem` where the template refuses the conversation.
    func json(
        _ format: ExportFormat, _ form: TextForm, slope: Double, generator: String?, kept: [[UInt8]]
    ) throws(Problem) -> [UInt8] {
        JSONText.object(try members(format, form, slope: slope, generator: generator) + kept)
    }

    private func members(
        _ format: ExportFormat, _ form: TextForm, slope: Double, generator: String?
    ) throws(Problem) -> [[UInt8]] {
        let prompt = pair.prompt.messages
        func answer(_ text: String) -> ChatMessage { ChatMessage(role: .assistant, content: text) }
        let margin = Self.number("margin", margin)
        switch format {
        case .trl: return try strings(form) + [margin]
        case .odpo:
            let rewards = rewards(slope: slope)
            return try strings(form) + [
                Self.number("chosen_reward", rewards.chosen), Self.number("rejected_reward", rewards.rejected),
                Self.number("offset", self.margin),
            ]
        case .trlConversational:
            return [
                Self.messages("prompt", prompt), Self.messages("chosen", [answer(pair.preferred)]),
                Self.messages("rejected", [answer(pair.other)]), margin,
            ]
        case .openrlhf:
            return [
                Self.messages("chosen", prompt + [answer(pair.preferred)]),
                Self.messages("rejected", prompt + [answer(pair.other)]), margin,
            ]
        case .msSwift:
            return [
                Self.messages("messages", Self.turns(prompt + [answer(pair.preferred)])),
                Self.messages("rejected_messages", Self.turns(prompt + [answer(pair.other)])), margin,
            ]
        case .legend:
            // Which `compat: legend` puts into the same template.
            let texts = [
                ("input", pair.prompt.text), ("chosen", pair.preferred), ("rejected", pair.other),
            ].map { JSONText.member($0, text: $1) }
            return texts + [
                margin,
                generator.map { JSONText.member("generator", text: $0) }
                    ?? JSONText.member("generator", json: Array("null".utf8)),
            ]
        case .controlVector: preconditionFailure("a control vector has no rows")
        }
    }

    private func strings(_ form: TextForm) throws(Problem) -> [[UInt8]] {
        let texts = try form.texts(pair)
        return [("prompt", texts.prompt), ("chosen", texts.chosen), ("rejected", texts.rejected)].map {
            JSONText.member($0, text: $1)
        }
    }

    private static func number(_ name: String, _ value: Double) -> [UInt8] {
        JSONText.member(name, json: Array(value.description.utf8))
    }

    /// Messages of one speaker that follow each other as one, a blank line between them: ms-swift puts nothing there.
    private static func turns(_ messages: [ChatMessage]) -> [ChatMessage] {
        messages.reduce(into: []) { turns, message in
            if let last = turns.last, last.role == message.role {
                turns[turns.count - 1].content = "\(last.content)\n\n\(message.content)"
            } else {
                turns.append(message)
            }
        }
    }

    private static func messages(_ name: String, _ messages: [ChatMessage]) -> [UInt8] {
        let objects = messages.map { message in
            JSONText.object([
                JSONText.member("role", text: message.role.rawValue), JSONText.member("content", text: message.content),
            ])
        }
        return JSONText.member(name, json: Array("[".utf8) + objects.joined(separator: ", ".utf8) + Array("]".utf8))
    }
}
