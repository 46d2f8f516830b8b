extension RowLayout {
    /// Reads one row.
    ///
    /// - Throws: ``RowProblem`` for a missing column, a value of the wrong type, or a text that is empty.
    func responsePair(in row: OriginalRow) throws(RowProblem) -> ResponsePair {
        let pair: ResponsePair
        let columns: (preferred: String, other: String)
        switch responses {
        case .columns(let preferred, let other):
            columns = (preferred, other)
            pair = try compared(columns, in: row)
        case .ranked(let first, let second, let safer):
            columns = try saferId(in: row, column: safer) == 0 ? (first, second) : (second, first)
            pair = try compared(columns, in: row)
        case .refusal(let refusal, let other):
            columns = ("refusal", other)
            pair = ResponsePair(
                prompt: try promptConversation(in: row), preferred: refusal, other: try text(in: row, column: other))
        }
        guard pair.prompt.messages.last?.content.isBlank == false else {
            throw .emptyText(column: prompt ?? "the prompt in \(columns.preferred)")
        }
        if pair.preferred.isBlank { throw .emptyText(column: columns.preferred) }
        if pair.other.isBlank { throw .emptyText(column: columns.other) }
        return pair
    }

    private func compared(_ columns: (preferred: String, other: String), in row: OriginalRow) throws(RowProblem)
        -> ResponsePair
    {
        switch shape {
        case .texts: try textPair(columns, in: row)
        case .transcripts: try transcriptPair(columns, in: row)
        case .messages: try messagePair(columns, in: row)
        case .any:
            if row.value(of: columns.preferred)?.isArray == true {
                try messagePair(columns, in: row)
            } else if prompt == nil {
                try transcriptPair(columns, in: row)
            } else {
                try textPair(columns, in: row)
            }
        }
    }

    private func textPair(_ columns: (preferred: String, other: String), in row: OriginalRow) throws(RowProblem)
        -> ResponsePair
    {
        ResponsePair(
            prompt: try promptConversation(in: row),
            preferred: try text(in: row, column: columns.preferred), other: try text(in: row, column: columns.other))
    }

    private func transcriptPair(_ columns: (preferred: String, other: String), in row: OriginalRow) throws(RowProblem)
        -> ResponsePair
    {
        let preferred = try transcript(in: row, column: columns.preferred)
        let other = try transcript(in: row, column: columns.other)
        guard let pair = Transcript.split(preferred, other) else {
            throw .noCommonPrompt(columns.preferred, columns.other)
        }
        return pair
    }

    private func messagePair(_ columns: (preferred: String, other: String), in row: OriginalRow) throws(RowProblem)
        -> ResponsePair
    {
        let given = prompt.flatMap { row.value(of: $0) }.map(\.isNull) == false
        return try MessageList.split(
            (columns.preferred, try messages(in: row, column: columns.preferred)),
            (columns.other, try messages(in: row, column: columns.other)),
            prompt: given ? try promptConversation(in: row) : nil)
    }
}

// MARK: - Single columns

extension RowLayout {
    private func value(in row: OriginalRow, column: String) throws(RowProblem) -> ColumnValue {
        guard let value = row.value(of: column) else {
            throw .missingColumn(column, columns: row.columnNames)
        }
        return value
    }

    private func text(in row: OriginalRow, column: String) throws(RowProblem) -> String {
        let value = try value(in: row, column: column)
        guard let text = value.string else {
            throw .wrongType(column: column, expected: "a string", found: value.kindWords)
        }
        return text
    }

    private func messages(in row: OriginalRow, column: String) throws(RowProblem) -> [ChatMessage] {
        try MessageList.messages(in: try value(in: row, column: column), column: column)
    }

    private func transcript(in row: OriginalRow, column: String) throws(RowProblem) -> Transcript {
        guard let transcript = Transcript(try text(in: row, column: column)) else {
            throw .noTranscript(column: column, columns: row.columnNames)
        }
        guard transcript.endsWithAssistant else { throw .transcriptWithoutResponse(column: column) }
        return transcript
    }

    /// A text is one message of a user.
    private func promptConversation(in row: OriginalRow) throws(RowProblem) -> Conversation {
        guard let prompt else { throw .missingColumn("prompt", columns: row.columnNames) }
        let value = try value(in: row, column: prompt)
        if let text = value.string { return Conversation(user: text) }
        guard value.isArray else {
            throw .wrongType(column: prompt, expected: "a string or a list of messages", found: value.kindWords)
        }
        return Conversation(messages: try MessageList.messages(in: value, column: prompt))
    }

    private func saferId(in row: OriginalRow, column: String) throws(RowProblem) -> Int {
        let value = try value(in: row, column: column)
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
}

extension ColumnValue {
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

extension String {
    /// Whether there is nothing but whitespace.
    fileprivate var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
