internal import Diagnostics

/// Reads one row as its layout says.
struct RowReading {
    let layout: RowLayout
    let row: OriginalRow

    /// - Throws: ``RowProblem`` for a missing column, a value of the wrong type, a text that is empty, and whatever has a
    ///   meaning that is not read.
    func read() throws(RowProblem) -> (pair: ResponsePair, repetition: PromptRepetition) {
        try refuseUnsupported()
        let prompt = try RowPrompt(layout: layout, row: row)
        let responses = try layout.responses.responses(of: row)
        return try read(try layout.responses.comparison(of: responses, in: row), prompt)
    }

    /// What is made of a row with several responses; nil where a row is one pair.
    ///
    /// - Throws: ``RowProblem`` as ``read()``, and where they make no pair.
    func readSeveral() throws(RowProblem) -> (pairs: RowPairs, prompt: RowPrompt)? {
        guard layout.responses.ranking != nil else { return nil }
        try refuseUnsupported()
        let prompt = try RowPrompt(layout: layout, row: row)
        let responses = try layout.responses.responses(of: row)
        guard case .ranked(let judged) = try layout.responses.comparison(of: responses, in: row) else { return nil }
        return (try pairs(of: judged, prompt), prompt)
    }

    /// One of those pairs.
    func read(
        _ pair: (better: Int, worse: Int), of pairs: RowPairs, _ prompt: RowPrompt
    ) throws(RowProblem) -> (pair: ResponsePair, repetition: PromptRepetition) {
        let (better, worse) = (pairs.responses[pair.better], pairs.responses[pair.worse])
        let names = (preferred: better.name, other: worse.name)
        var repetition = PromptRepetition.none
        let asTheyAre = ResponsePair(
            prompt: try conversation(of: prompt), preferred: better.text, other: worse.text)
        var read = try complete(try withoutPrompts(asTheyAre, names, prompt, &repetition), names, prompt)
        read.ratings = pairs.ratings(of: pair)
        return (read, repetition)
    }

    private func read(
        _ comparison: ResponseComparison, _ prompt: RowPrompt
    ) throws(RowProblem) -> (pair: ResponsePair, repetition: PromptRepetition) {
        var repetition = PromptRepetition.none
        let names: (preferred: String, other: String)
        var pair: ResponsePair
        switch comparison {
        case .pair(let preferred, let other):
            names = (preferred.name, other.name)
            pair = try compared(preferred, other, prompt, &repetition)
        case .refusal(let refusal, let other):
            names = ("refusal", other.name)
            pair = try refused(refusal, other, prompt)
        case .single(let response):
            names = (response.name, response.name)
            // As both sides of a pair: without the prompt, where it repeats that.
            pair = try compared(response, response, prompt, &repetition)
            if pair.preferred.isBlank, let echo = response.value?.string, !echo.isBlank {
                // Nothing but the prompt: an answer all the same, and not an empty one.
                (pair.preferred, pair.other, repetition) = (echo, echo, .none)
            }
        case .ranked(let judged):
            let pairs = try pairs(of: judged, prompt)
            return try read(pairs.pairs[0], of: pairs, prompt)
        case .none:
            pair = ResponsePair(prompt: try conversation(of: prompt), preferred: "", other: "")
            return (try withPrompt(pair, prompt, response: "no response"), repetition)
        }
        return (try complete(pair, names, prompt), repetition)
    }

    /// The pair with all of its prompt.
    ///
    /// - Throws: ``RowProblem`` where a part of it is empty.
    private func complete(
        _ pair: ResponsePair, _ names: (preferred: String, other: String), _ prompt: RowPrompt
    ) throws(RowProblem) -> ResponsePair {
        let pair = try withPrompt(pair, prompt, response: names.preferred)
        if pair.preferred.isBlank { throw .emptyText(column: names.preferred) }
        if pair.other.isBlank { throw .emptyText(column: names.other) }
        return pair
    }

    private func withPrompt(
        _ pair: ResponsePair, _ prompt: RowPrompt, response: String
    ) throws(RowProblem) -> ResponsePair {
        var pair = pair
        pair.prompt = try prompt.withSystem(pair.prompt)
        pair.prompt.tools = try RowTools(layout: layout, row: row).text
        guard let last = pair.prompt.messages.last, last.role != .system, !last.content.isBlank else {
            throw .emptyPrompt(column: prompt.column ?? "the prompt in \(response)")
        }
        return pair
    }

    /// The texts of the judged responses, and the pairs of them. The prompt stands beside them: an output has it, too.
    private func pairs(
        of judged: JudgedResponses, _ prompt: RowPrompt
    ) throws(RowProblem) -> RowPairs {
        let conversation = try conversation(of: prompt)
        var responses: [RowPairs.Response] = []
        for judgement in judged.responses {
            let name = judgement.response.name
            let text =
                switch try side(judgement.response) {
                case .text(let text): text
                case .messages(let messages):
                    try ResponsePair.response(in: messages, after: conversation, column: name)
                }
            responses.append(RowPairs.Response(name: name, text: text, rating: judgement.rating))
        }
        return try RowPairs(judged, responses)
    }

    /// Whether each of the responses is of the JSON type that the layout has there; what messages say is not looked at.
    var kindsFit: Bool {
        guard let responses = try? layout.responses.responses(of: row) else { return false }
        return responses.allSatisfy { response in
            // Any text might be one that was a list.
            if layout.shape == .serialized { return (try? side(response)) != nil }
            return (try? value(of: response)) != nil
        }
    }

    private func compared(
        _ preferred: RowResponse, _ other: RowResponse, _ prompt: RowPrompt, _ repetition: inout PromptRepetition
    ) throws(RowProblem) -> ResponsePair {
        let names = (preferred: preferred.name, other: other.name)
        switch (try side(preferred), try side(other)) {
        case (.text(let preferred), .text(let other)):
            guard layout.shape != .transcripts, let conversation = prompt.conversation else {
                return try transcripts((names.preferred, preferred), (names.other, other))
            }
            let asTheyAre = ResponsePair(prompt: conversation, preferred: preferred, other: other)
            return try withoutPrompts(asTheyAre, names, prompt, &repetition)
        case (.messages(let preferred), .messages(let other)):
            return try ResponsePair.split(
                (names.preferred, preferred), (names.other, other), prompt: prompt.conversation,
                promptColumn: prompt.column, section: layout.configurationSection)
        case (.text, .messages):
            throw .wrongType(
                column: names.other, expected: "a string like \(names.preferred.quoted)", found: "messages")
        case (.messages, .text):
            throw .wrongType(
                column: names.other, expected: "messages like \(names.preferred.quoted)", found: "a string")
        }
    }

    private func refused(
        _ refusal: String, _ response: RowResponse, _ prompt: RowPrompt
    ) throws(RowProblem) -> ResponsePair {
        let conversation = try conversation(of: prompt)
        let other =
            switch try side(response) {
            case .text(let text): text
            case .messages(let messages):
                try ResponsePair.response(in: messages, after: conversation, column: response.name)
            }
        return ResponsePair(prompt: conversation, preferred: refusal, other: other, isRefused: true)
    }

    private func conversation(of prompt: RowPrompt) throws(RowProblem) -> Conversation {
        guard let conversation = prompt.conversation else {
            throw .missingColumn(PromptColumn.prompt.rawValue, columns: row.columnNames)
        }
        return conversation
    }

    private func side(_ response: RowResponse) throws(RowProblem) -> ColumnContent {
        let side = try ColumnContent(try value(of: response), column: response.name)
        if layout.shape == .serialized, case .text = side {
            throw .wrongType(column: response.name, expected: layout.shape.words, found: "another text")
        }
        return side
    }

    /// What is there, of the JSON type that the layout has there.
    private func value(of response: RowResponse) throws(RowProblem) -> ColumnValue {
        guard let value = response.value else { throw .missingColumn(response.name, columns: row.columnNames) }
        guard value.kind == layout.shape.kind else {
            throw .wrongType(column: response.name, expected: layout.shape.words, found: value.kindWords)
        }
        return value
    }

    private func refuseUnsupported() throws(RowProblem) {
        let excluded = layout.excludedColumns.map { ($0, layout.excludedMeaning) }
        for (column, what) in OtherColumn.unsupported + excluded where !layout.ignoredColumns.contains(column) {
            if column == OtherColumn.tools, layout.readsTools { continue }
            guard let value = row.value(of: column), !value.saysNothing, !value.isNothingAsText else { continue }
            throw .unsupportedColumn(column, what: what, key: "\(layout.configurationSection).ignore_columns")
        }
    }
}

// MARK: - Two texts

/// Whether a row's responses begin with its prompt, which stands in a column of its own.
package enum PromptRepetition: Sendable {
    case none
    /// Both do: they are read without it.
    case both
    /// Both do, and the prompt is as short as a greeting that answers return: they are read as they stand.
    case bothShort
    /// One does, and is read as it stands: nobody knows whether the other was cut.
    case oneSide
}

extension RowReading {
    private func transcripts(
        _ preferred: (column: String, text: String), _ other: (column: String, text: String)
    ) throws(RowProblem) -> ResponsePair {
        func transcript(_ side: (column: String, text: String)) throws(RowProblem) -> Transcript {
            guard let transcript = Transcript(side.text) else {
                throw .noTranscript(column: side.column, columns: row.columnNames)
            }
            guard transcript.endsWithAssistant else { throw .transcriptWithoutResponse(column: side.column) }
            return transcript
        }
        guard let pair = Transcript.split(try transcript(preferred), try transcript(other)) else {
            throw .noCommonPrompt(preferred.column, other.column)
        }
        return pair
    }

    /// Responses beside a prompt may begin with it all the same: then it is read once.
    ///
    /// - Parameter pair: as the columns have it.
    private func withoutPrompts(
        _ pair: ResponsePair, _ columns: (preferred: String, other: String), _ prompt: RowPrompt,
        _ repetition: inout PromptRepetition
    ) throws(RowProblem) -> ResponsePair {
        guard layout.promptInResponses != .keep else { return pair }
        if let first = Transcript(pair.preferred), let second = Transcript(pair.other) {
            if first.isDialogue, second.isDialogue, let split = Transcript.split(first, second) {
                guard split.prompt.repeats(pair.prompt) else {
                    throw .promptDisagrees(
                        prompt: prompt.column ?? "", columns.preferred, columns.other,
                        remedy: "\(layout.configurationSection).prompt_in_responses: keep reads them as they stand")
                }
                repetition = .both
                return split
            }
            if let first = first.soleResponse, let second = second.soleResponse {
                return ResponsePair(prompt: pair.prompt, preferred: first, other: second)
            }
        }
        guard let text = prompt.text else { return pair }
        // What is longer than a greeting, no answer returns word for word.
        let isLong = text.trimmed.utf8.count >= RowLayout.longPromptBytes
        switch (pair.preferred.withoutPrompt(text), pair.other.withoutPrompt(text)) {
        case (let first?, let second?):
            guard isLong || layout.promptInResponses == .strip else {
                repetition = .bothShort
                return pair
            }
            repetition = .both
            return ResponsePair(prompt: pair.prompt, preferred: first, other: second)
        case (_?, nil), (nil, _?): if isLong { repetition = .oneSide }
        case (nil, nil): break
        }
        return pair
    }
}

extension String {
    /// What follows `prompt` and whitespace; nil where the text does not begin so. Whitespace is compared as such: who
    /// joined the two may have written other line breaks.
    fileprivate func withoutPrompt(_ prompt: String) -> String? {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        let beginning = prompt.trimmed
        var expected = beginning.utf8[...]
        var rest = utf8.drop(while: isBlank)
        guard !expected.isEmpty else { return nil }
        while let byte = expected.first {
            if isBlank(byte) {
                guard rest.first.map(isBlank) == true else { return nil }
                expected = expected.drop(while: isBlank)
                rest = rest.drop(while: isBlank)
            } else {
                guard rest.popFirst() == byte else { return nil }
                expected = expected.dropFirst()
            }
        }
        let response = String(Substring(rest.drop(while: isBlank)))
        // In the middle of a word nothing ends.
        func isOfWords(_ character: Character?) -> Bool { character.map { $0.isLetter || $0.isNumber } == true }
        let hasBreak = rest.first.map(isBlank) ?? true
        return !hasBreak && isOfWords(beginning.last) && isOfWords(response.first) ? nil : response
    }
}

extension Conversation {
    /// Whether this prompt, which both sides begin with, is `other` once more: all of it, or its last or only message.
    fileprivate func repeats(_ other: Conversation) -> Bool {
        func contents(_ conversation: Conversation) -> [Substring] {
            conversation.messages.filter { $0.role != .system }.map(\.content.trimmed)
        }
        let (own, given) = (contents(self), contents(other))
        return own == given || (given.count == 1 && (own.last == given[0] || own.first == given[0]))
    }
}
