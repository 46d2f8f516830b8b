/// A whole dialogue in one text, as HH-RLHF writes it: turns that begin with `"\n\nHuman:"` or `"\n\nAssistant:"`.
struct Transcript {
    struct Turn {
        var role: ChatMessage.Role
        /// Offset of the marker, line breaks included.
        var start: Int
        /// Offset of the text: behind the marker and the one space that follows it.
        var contentStart: Int
    }

    private static let speakers: [(role: ChatMessage.Role, name: [UInt8])] = [
        (.user, Array("Human:".utf8)), (.assistant, Array("Assistant:".utf8)),
    ]

    private let bytes: [UInt8]
    private let turns: [Turn]
    /// Whether line breaks stand before the first marker, as HH-RLHF has them: no usual text begins so.
    private let beginsWithLineBreaks: Bool

    /// Nil if the text does not begin with a turn. The line breaks before the first marker may be missing.
    init?(_ text: String) {
        bytes = Array(text.utf8)
        var turns: [Turn] = []
        if let first = Self.turn(in: bytes, markedAt: 0, nameAt: 0) { turns.append(first) }
        var position = 0
        while let lineBreak = bytes[position...].firstIndex(of: 0x0A) {
            position = lineBreak + 1
            let second = position < bytes.count && bytes[position] == 0x0D ? position + 1 : position
            guard second < bytes.count, bytes[second] == 0x0A else { continue }
            let start = lineBreak > 0 && bytes[lineBreak - 1] == 0x0D ? lineBreak - 1 : lineBreak
            if let turn = Self.turn(in: bytes, markedAt: start, nameAt: second + 1) { turns.append(turn) }
        }
        guard let first = turns.first, bytes[..<first.start].allSatisfy({ $0 == 0x0A || $0 == 0x0D }) else {
            return nil
        }
        self.turns = turns
        beginsWithLineBreaks = bytes[0] == 0x0A || bytes[0] == 0x0D
    }

    /// The turn whose speaker's name begins at `name`, if there is one.
    private static func turn(in bytes: [UInt8], markedAt start: Int, nameAt name: Int) -> Turn? {
        for speaker in speakers where bytes[name...].starts(with: speaker.name) {
            let end = name + speaker.name.count
            let hasSpace = end < bytes.count && bytes[end] == 0x20
            return Turn(role: speaker.role, start: start, contentStart: hasSpace ? end + 1 : end)
        }
        return nil
    }

    var endsWithAssistant: Bool { turns.last?.role == .assistant }

    /// Whether there is a response with something before it.
    var isDialogue: Bool { endsWithAssistant && turns.count > 1 }

    /// The response of a text that is nothing else, with its marker; nil for any other.
    var soleResponse: String? {
        turns.count == 1 && turns[0].role == .assistant && beginsWithLineBreaks ? text(fromTurn: 0) : nil
    }

    /// What a prompt says that is written as a transcript, with or without a last `Assistant:` for the response to follow;
    /// nil for a single turn without line breaks before it, which may be any text.
    var promptMessages: [ChatMessage]? {
        guard turns.count > 1 || beginsWithLineBreaks && turns[0].role == .user, let last = turns.last else {
            return nil
        }
        let lastText = text(fromTurn: turns.count - 1)
        let isOpen = last.role == .assistant && lastText.isBlank
        return messages(before: turns.count - 1) + (isOpen ? [] : [ChatMessage(role: last.role, content: lastText)])
    }

    /// Splits two transcripts into the prompt that they share and a response each.
    ///
    /// The response is the last assistant turn. Where what comes before that turn differs between the two, the prompt
    /// is their longest common beginning that ends where both have an assistant turn, and each response is all that
    /// follows there, as it is written. Nil if there is no such place behind the first turn.
    static func split(_ first: Transcript, _ second: Transcript) -> ResponsePair? {
        guard let firstLast = first.turns.last, let secondLast = second.turns.last else { return nil }
        let firstTurn: Int
        let secondTurn: Int
        if first.bytes[..<firstLast.start] == second.bytes[..<secondLast.start] {
            firstTurn = first.turns.count - 1
            secondTurn = second.turns.count - 1
        } else {
            guard let fork = first.lastSharedAssistantTurn(with: second) else { return nil }
            firstTurn = fork
            secondTurn = fork
        }
        guard firstTurn > 0 else { return nil }
        return ResponsePair(
            prompt: Conversation(messages: first.messages(before: firstTurn)),
            preferred: first.text(fromTurn: firstTurn), other: second.text(fromTurn: secondTurn))
    }

    /// Index of the last turn that is the assistant's in both, and before which both are the same.
    private func lastSharedAssistantTurn(with other: Transcript) -> Int? {
        let common = zip(bytes, other.bytes).prefix { $0 == $1 }.count
        return zip(turns, other.turns).enumerated().reversed().first { _, pair in
            pair.0.start <= common && pair.0.start == pair.1.start
                && pair.0.role == .assistant && pair.1.role == .assistant
        }?.offset
    }

    private func messages(before end: Int) -> [ChatMessage] {
        zip(turns[..<end], turns[1...]).map { turn, next in
            ChatMessage(
                role: turn.role,
                content: String(decoding: bytes[turn.contentStart..<max(turn.contentStart, next.start)], as: UTF8.self))
        }
    }

    private func text(fromTurn index: Int) -> String {
        String(decoding: bytes[turns[index].contentStart...], as: UTF8.self)
    }
}
