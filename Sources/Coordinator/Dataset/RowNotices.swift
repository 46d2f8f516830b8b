internal import Diagnostics

/// What is odd about a file's rows that a person should know, though it stops nothing, counted.
package struct RowNotices: Codable, Hashable, Sendable {
    /// Rows whose two responses are the same text: their margin is 0 whatever the model says.
    package private(set) var identicalResponses = 0
    /// Rows without a prompt, which are errors.
    package private(set) var emptyPrompts = 0
    /// Rows that spell control tokens.
    package private(set) var controlTokens = 0
    /// Rows with a text that programs write for a value that is not there.
    package private(set) var absentTexts = 0
    /// The first control token that was found.
    package private(set) var controlToken = ""
    /// Rows whose responses both begin with their prompt, and are read without it, and rows of which one does.
    package private(set) var repeatedPrompts = 0
    package private(set) var onesidedPrompts = 0
    /// Of rows with several responses; nil where there are none.
    package private(set) var several: Several?

    /// What became of rows with several responses.
    package struct Several: Codable, Hashable, Sendable {
        /// Rows of which pairs were made, and their pairs.
        package fileprivate(set) var rows = 0
        package fileprivate(set) var pairs = 0
        /// Rows with nothing to compare.
        package fileprivate(set) var unpairedRows = 0
        /// Responses that are in no pair for that nothing says how good they are, or that they say nothing.
        package fileprivate(set) var unratedResponses = 0
        package fileprivate(set) var emptyResponses = 0
        /// Pairs that are none, for both of their responses are the same text.
        package fileprivate(set) var identicalPairs = 0

        /// How many pairs there are, in words.
        package var text: String {
            "\(pairs) \(pairs == 1 ? "pair" : "pairs") of \(rows) \(rows == 1 ? "row" : "rows") with several responses"
        }
    }

    package init() {}

    /// - Parameter hasResponses: whether it was read for more than its prompt.
    package mutating func add(_ record: DatasetRecord, hasResponses: Bool = true) {
        switch record.content {
        case .success(let pair):
            add(pair, record, hasResponses: hasResponses)
            if let origin = record.origin { add(origin) }
        case .failure(let error):
            switch error.problem {
            case .emptyPrompt: emptyPrompts += 1
            case .noPair: several = several.with { $0.unpairedRows += 1 }
            default: break
            }
        }
    }

    private mutating func add(_ origin: PairOrigin) {
        several = several.with {
            $0.pairs += 1
            guard let leftOut = origin.leftOut else { return }
            $0.rows += 1
            $0.unratedResponses += leftOut.unrated
            $0.emptyResponses += leftOut.empty
            $0.identicalPairs += leftOut.identicalPairs
        }
    }

    private mutating func add(_ pair: ResponsePair, _ record: DatasetRecord, hasResponses: Bool) {
        switch record.promptRepetition {
        case .none, .bothShort: break
        case .both: repeatedPrompts += 1
        case .oneSide: onesidedPrompts += 1
        }
        // Bytes, as the model reads them: Swift's equality knows other spellings of the same characters.
        if hasResponses, pair.preferred.utf8.elementsEqual(pair.other.utf8) { identicalResponses += 1 }
        let texts = pair.prompt.messages.map(\.content) + [pair.preferred, pair.other]
        // An input is a part of a prompt.
        let input = record.original.value(of: PromptColumn.input.rawValue)?.string
        if (texts + [input].compactMap(\.self)).contains(where: { Self.absentNames.contains($0.trimmed.lowercased()) })
        {
            absentTexts += 1
        }
        if let token = texts.lazy.compactMap(ControlTokens.first).first {
            controlTokens += 1
            if controlToken.isEmpty { controlToken = token }
        }
    }

    /// What pandas, Python and databases write.
    private static let absentNames: Set<String> = ["nan", "none", "null", "<na>"]

    /// A sentence for each kind that there is.
    ///
    /// - Parameter readsControlTokens: whether the rows' control tokens are read as such.
    package func lines(readsControlTokens: Bool) -> [String] {
        var lines = several?.lines ?? []
        func add(_ count: Int, _ one: String, _ several: String) {
            if count > 0 { lines.append(count == 1 ? "1 row \(one)" : "\(count) rows \(several)") }
        }
        let once = "the prompt, which is read once (prompt_in_responses: keep reads them as they stand)"
        add(repeatedPrompts, "has responses that begin with \(once)", "have responses that begin with \(once)")
        let oneSide = "one response that begins with the prompt and one that does not: its margin has the prompt in it"
        add(onesidedPrompts, "has \(oneSide)", "have \(oneSide)")
        let margin = "so that the margin is 0 whatever the model says"
        add(
            identicalResponses, "has the same text as both of its responses, \(margin)",
            "have the same text as both of their responses, \(margin)")
        add(emptyPrompts, "has an empty prompt and goes to the errors", "have an empty prompt and go to the errors")
        let absent =
            "nothing but \"nan\", \"None\", \"null\" or the like: was a value missing where the file was written?"
        add(absentTexts, "has a text of \(absent)", "have a text of \(absent)")
        let token = controlToken.quoted
        let reading =
            readsControlTokens
            ? "which the model reads as control tokens (embedding.control_tokens: text reads them as text)"
            : "which is read as text (embedding.control_tokens: tokens has the model read control tokens)"
        add(
            controlTokens, "contains control tokens such as \(token), \(reading)",
            "contain control tokens such as \(token), \(reading)")
        return lines
    }
}

extension RowNotices.Several? {
    fileprivate func with(_ change: (inout RowNotices.Several) -> Void) -> RowNotices.Several {
        var several = self ?? RowNotices.Several()
        change(&several)
        return several
    }
}

extension RowNotices.Several {
    fileprivate var lines: [String] {
        var lines: [String] = []
        func add(_ count: Int, _ one: String, _ several: String) {
            if count > 0 { lines.append(count == 1 ? "1 \(one)" : "\(count) \(several)") }
        }
        add(
            unpairedRows, "row has no two responses of which one is better, and goes to the errors",
            "rows have no two responses of which one is better, and go to the errors")
        add(
            unratedResponses, "response is left out: nothing says how good it is",
            "responses are left out: nothing says how good they are")
        add(emptyResponses, "empty response is left out", "empty responses are left out")
        add(
            identicalPairs, "pair is left out: its two responses are the same text",
            "pairs are left out: their two responses are the same text")
        return lines
    }
}

/// Spellings of the control tokens of models that people use. Which of them the job's own model knows is not known here.
enum ControlTokens {
    /// Those that do not look like `<|…|>`.
    private static let names = [
        "<s>", "</s>", "<bos>", "<eos>", "<pad>", "<unk>", "<start_of_turn>", "<end_of_turn>", "[INST]", "[/INST]",
        "<<SYS>>", "[BOS]", "[EOS]", "<\u{FF5C}",
    ].map { Array($0.utf8) }

    /// The first one in the text; nil for most texts.
    static func first(in text: String) -> String? {
        var text = text
        return text.withUTF8 { bytes in
            var position = 0
            while position < bytes.count {
                let byte = bytes[position]
                if byte == UInt8(ascii: "<") || byte == UInt8(ascii: "["), let end = end(in: bytes, from: position) {
                    return String(decoding: bytes[position..<end], as: UTF8.self)
                }
                position += 1
            }
            return nil
        }
    }

    private static func end(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        let rest = bytes[start...].prefix(64)
        if let name = names.first(where: { rest.starts(with: $0) }) { return start + name.count }
        guard rest.starts(with: [UInt8(ascii: "<"), UInt8(ascii: "|")]) else { return nil }
        // `<|im_start|>`, `<|end▁of▁text|>`: no blanks, as in "a <| b |> c".
        let name = rest.dropFirst(2).prefix { $0 != UInt8(ascii: "|") && $0 > 0x20 }
        guard !name.isEmpty, rest[name.endIndex...].starts(with: [UInt8(ascii: "|"), UInt8(ascii: ">")]) else {
            return nil
        }
        return name.endIndex + 2
    }
}
