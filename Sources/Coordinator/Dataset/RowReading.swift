/// Reads one row as its layout says.
struct RowReading {
    let layout: RowLayout
    let row: OriginalRow

    /// - Throws: ``RowProblem`` for a missing column, a value of the wrong type, a text that is empty, and whatever has a
    ///   meaning that is not read.
    func responsePair() throws(RowProblem) -> ResponsePair {
        try refuseUnsupported()
        let prompt = try RowPrompt(layout: layout, row: row)
        let columns: (preferred: String, other: String)
        var pair: ResponsePair
        switch layout.responses {
        case .columns(let preferred, let other):
            columns = (preferred, other)
            pair = try compared(columns, prompt)
        case .ranked(let first, let second, let safer):
            columns = try saferId(column: safer) == 0 ? (first, second) : (second, first)
            pair = try compared(columns, prompt)
        case .refusal(let refusal, let other):
            columns = ("refusal", other)
            pair = try refused(refusal, other, prompt)
        }
        pair.prompt = try prompt.withSystem(pair.prompt)
        guard pair.prompt.messages.last?.content.isBlank == false else {
            throw .emptyPrompt(column: prompt.column ?? "the prompt in \(columns.preferred)")
        }
        if pair.preferred.isBlank { throw .emptyText(column: columns.preferred) }
        if pair.other.isBlank { throw .emptyText(column: columns.other) }
        return pair
    }

    /// Whether each of the responses, which the row may lack, is the text or the messages that the layout has there.
    var kindsFit: Bool {
        switch layout.responses {
        case .columns(let first, let second), .ranked(let first, let second, _):
            (try? side(first)) != nil && (try? side(second)) != nil
        case .refusal(_, let other): (try? side(other)) != nil
        }
    }

    private func compared(
        _ columns: (preferred: String, other: String), _ prompt: RowPrompt
    ) throws(RowProblem) -> ResponsePair {
        switch (try side(columns.preferred), try side(columns.other)) {
        case (.text(let preferred), .text(let other)):
            if layout.shape == .transcripts || prompt.conversation == nil {
                return try transcripts((columns.preferred, preferred), (columns.other, other))
            }
            return try texts((columns.preferred, preferred), (columns.other, other), prompt)
        case (.messages(let preferred), .messages(let other)):
            return try ResponsePair.split(
                (columns.preferred, preferred), (columns.other, other), prompt: prompt.conversation,
                promptColumn: prompt.column)
        case (.text, .messages):
            throw .wrongType(
                column: columns.other, expected: "a string like \(columns.preferred.quoted)", found: "messages")
        case (.messages, .text):
            throw .wrongType(
                column: columns.other, expected: "messages like \(columns.preferred.quoted)", found: "a string")
        }
    }

    private func refused(_ refusal: String, _ column: String, _ prompt: RowPrompt) throws(RowProblem) -> ResponsePair {
        guard let conversation = prompt.conversation else {
            throw .missingColumn(PromptColumn.prompt.rawValue, columns: row.columnNames)
        }
        let other =
            switch try side(column) {
            case .text(let text): text
            case .messages(let messages):
                try ResponsePair.response(in: messages, after: conversation, column: column)
            }
        return ResponsePair(prompt: conversation, preferred: refusal, other: other)
    }

    private func side(_ column: String) throws(RowProblem) -> ResponseSide {
        let value = try value(of: column)
        switch layout.shape {
        case .texts, .transcripts:
            guard value.string != nil else {
                throw .wrongType(column: column, expected: "a string", found: value.kindWords)
            }
            return try ResponseSide(value, column: column)
        case .messages:
            // A text may be a list that was written as JSON.
            if value.string != nil || value.isStructured,
                case .messages(let messages) = try ResponseSide(value, column: column)
            {
                return .messages(messages)
            }
            throw .wrongType(column: column, expected: "a list of messages", found: value.kindWords)
        }
    }

    private func value(of column: String) throws(RowProblem) -> ColumnValue {
        guard let value = row.value(of: column) else {
            throw .missingColumn(column, columns: row.columnNames)
        }
        return value
    }

    private func saferId(column: String) throws(RowProblem) -> Int {
        let value = try value(of: column)
        let number =
            switch value {
            case .json(let value): value.number
            case .text(let text): Double(text)
            }
        guard let number, number == 0 || number == 1 else {
            throw .wrongType(column: column, expected: "0 or 1", found: value.excerpt)
        }
        return Int(number)
    }

    private func refuseUnsupported() throws(RowProblem) {
        for (column, what) in PromptColumn.unsupported where !layout.ignoredColumns.contains(column) {
            guard let value = row.value(of: column), !value.saysNothing else { continue }
            throw .unsupportedColumn(column, what: what, key: "\(layout.configurationSection).ignore_columns")
        }
    }
}

// MARK: - Two texts

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

    /// Responses beside a prompt. They may begin with it all the same: then it is read once.
    private func texts(
        _ preferred: (column: String, text: String), _ other: (column: String, text: String), _ prompt: RowPrompt
    ) throws(RowProblem) -> ResponsePair {
        let conversation = prompt.conversation ?? Conversation(messages: [])
        if layout.promptInResponses != .keep {
            if let first = Transcript(preferred.text), let second = Transcript(other.text),
                first.isDialogue, second.isDialogue, let pair = Transcript.split(first, second)
            {
                guard pair.prompt.repeats(conversation) else {
                    throw .promptDisagrees(
                        prompt: prompt.column ?? "", preferred.column, other.column,
                        key: "\(layout.configurationSection).prompt_in_responses")
                }
                return pair
            }
            if layout.promptInResponses == .strip, let text = prompt.text,
                let first = preferred.text.withoutPrompt(text), let second = other.text.withoutPrompt(text)
            {
                return ResponsePair(prompt: conversation, preferred: first, other: second)
            }
        }
        return ResponsePair(prompt: conversation, preferred: preferred.text, other: other.text)
    }

    /// How many bytes of prompt both of the row's responses, beside a prompt, begin with; nil where they do not.
    var repeatedPromptBytes: Int? {
        guard case .columns(let first, let second) = layout.responses,
            let text = (try? RowPrompt(layout: layout, row: row))?.text,
            row.value(of: first)?.string?.withoutPrompt(text) != nil,
            row.value(of: second)?.string?.withoutPrompt(text) != nil
        else { return nil }
        return text.utf8.count
    }
}

extension String {
    /// What follows `prompt` and whitespace; nil where the text does not begin so.
    fileprivate func withoutPrompt(_ prompt: String) -> String? {
        let beginning = prompt.trimmed.utf8
        let own = utf8.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
        guard !beginning.isEmpty, own.starts(with: beginning) else { return nil }
        let rest = own.dropFirst(beginning.count)
        let response = rest.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
        // In the middle of a word nothing ends.
        guard response.startIndex > rest.startIndex || rest.isEmpty else { return nil }
        return String(response)
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

extension ColumnValue {
    /// A list or an object.
    fileprivate var isStructured: Bool {
        if case .json(let value) = self { value.kind == .array || value.kind == .object } else { false }
    }

    /// A short value itself, else what kind it is.
    fileprivate var excerpt: String {
        switch self {
        case .text(let text): text.quoted
        case .json(let value) where value.kind == .number:
            String(decoding: value.bytes[value.range].prefix(24), as: UTF8.self)
        case .json(let value): value.kind.words
        }
    }
}
