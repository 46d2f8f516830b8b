internal import JSON

/// The prompt of one row, from the columns that hold parts of it.
struct RowPrompt {
    /// Nil where the responses begin with it.
    let conversation: Conversation?
    /// Where it is from, for messages.
    let column: String?
    /// Where the prompt is one text: that text, as the columns have it.
    let text: String?

    private let layout: RowLayout
    private let row: OriginalRow

    /// - Throws: ``RowProblem`` where there is none and the layout needs one, or where several columns each say another.
    init(layout: RowLayout, row: OriginalRow) throws(RowProblem) {
        self.layout = layout
        self.row = row
        let source = try Source(layout, row)
        let history = try Self.history(layout, row)
        column = source?.column
        switch source?.content {
        case nil:
            guard history.isEmpty else {
                throw .unsupportedColumn(
                    OtherColumn.history, what: "earlier turns beside whole dialogues are",
                    key: "\(layout.configurationSection).ignore_columns")
            }
            (conversation, text) = (nil, nil)
        case .messages(let messages):
            conversation = Conversation(messages: history + messages)
            text = messages.count == 1 ? messages[0].content : nil
        case .text(let text):
            let messages = Transcript(text)?.promptMessages ?? [ChatMessage(role: .user, content: text)]
            conversation = Conversation(messages: history + messages)
            self.text = text
        }
    }

    /// The prompt with the row's system message, which a column of its own may hold.
    func withSystem(_ prompt: Conversation) throws(RowProblem) -> Conversation {
        var system: (column: String, text: String)?
        for column in OtherColumn.system {
            guard let text = try row.text(of: column, layout) else { continue }
            if let system, system.text != text {
                throw .severalPrompts([system.column, column], section: layout.configurationSection)
            }
            system = (column, text)
        }
        guard let system else { return prompt }
        let first = prompt.messages.prefix { $0.role == .system }.map(\.content)
        if first.contains(where: { $0.trimmed == system.text.trimmed }) { return prompt }
        guard first.isEmpty else {
            throw .severalPrompts(
                [system.column, "the system message of \(column ?? "the responses")"],
                section: layout.configurationSection)
        }
        return Conversation(messages: [ChatMessage(role: .system, content: system.text)] + prompt.messages)
    }

    /// Earlier turns: a list of pairs of what the user said and what the assistant answered.
    private static func history(_ layout: RowLayout, _ row: OriginalRow) throws(RowProblem) -> [ChatMessage] {
        let column = OtherColumn.history
        guard layout.mayRead(column), let value = row.value(of: column), !value.saysNothing else { return [] }
        let json: JSONValue? =
            switch value {
            case .json(let value) where value.kind != .string: value
            default: value.string.flatMap { try? JSONValue(text: Array($0.utf8)) }
            }
        guard let turns = json?.elements else {
            throw .wrongType(column: column, expected: "a list of [user, assistant] pairs", found: value.kindWords)
        }
        var messages: [ChatMessage] = []
        for (index, turn) in turns.enumerated() {
            let texts = turn.elements?.map(\.string) ?? []
            guard texts.count == 2, let user = texts[0], let assistant = texts[1] else {
                throw .badMessage(
                    column: column, message: index + 1, problem: "expected a pair of strings, found \(turn.kind.words)")
            }
            messages.append(ChatMessage(role: .user, content: user))
            messages.append(ChatMessage(role: .assistant, content: assistant))
        }
        return messages
    }
}

// MARK: - Which column

extension RowPrompt {
    /// The column that holds the prompt, or the fullest of several that say the same.
    private struct Source {
        var column: String
        var content: ColumnContent

        /// Nil where the responses begin with the prompt.
        init?(_ layout: RowLayout, _ row: OriginalRow) throws(RowProblem) {
            switch layout.prompt {
            case .inResponses: return nil
            case .column(let name):
                guard let value = row.value(of: name) else { throw .missingColumn(name, columns: row.columnNames) }
                self = try Source(name, value).with(input: row, layout)
            case .known:
                guard let known = try Self.known(layout, row) else { return nil }
                self = known
            }
        }

        private init(_ column: String, _ value: ColumnValue) throws(RowProblem) {
            self.column = column
            content = try ColumnContent(value, column: column)
        }

        private static func known(_ layout: RowLayout, _ row: OriginalRow) throws(RowProblem) -> Source? {
            let there = PromptColumn.allCases.filter {
                $0 != .messages && layout.mayRead($0.rawValue) && row.value(of: $0.rawValue) != nil
            }
            var sources: [Source] = []
            for column in there {
                guard let value = row.value(of: column.rawValue), !value.saysNothing else { continue }
                if column == .input, sources.first?.column == PromptColumn.instruction.rawValue { continue }
                sources.append(try Source(column.rawValue, value).with(input: row, layout))
            }
            if sources.isEmpty {
                if let messages = openMessages(layout, row) { return messages }
                // A prompt that is null says no more than none, where the responses may hold it.
                if layout.shape.mayHoldPrompt { return nil }
                guard let empty = there.first, let value = row.value(of: empty.rawValue) else {
                    throw .missingColumn(PromptColumn.prompt.rawValue, columns: row.columnNames)
                }
                return try Source(empty.rawValue, value)
            }
            guard let fullest = sources.first(where: { source in sources.allSatisfy(source.says) }) else {
                let other = sources.first { !sources[0].says($0) }?.column ?? ""
                throw .severalPrompts([sources[0].column, other], section: layout.configurationSection)
            }
            return try fullest.endingBeforeResponse()
        }

        /// A list of messages that ends before the response: else it is a copy of one of the sides.
        private static func openMessages(_ layout: RowLayout, _ row: OriginalRow) -> Source? {
            let column = PromptColumn.messages.rawValue
            guard layout.mayRead(column), let value = row.value(of: column), !value.saysNothing,
                let source = try? Source(column, value), case .messages(let messages) = source.content,
                messages.last?.role != .assistant
            else { return nil }
            return source
        }

        /// An instruction, with what it is about in a column of its own, as Alpaca's format has them.
        private func with(input row: OriginalRow, _ layout: RowLayout) throws(RowProblem) -> Source {
            let column = PromptColumn.input.rawValue
            guard self.column == PromptColumn.instruction.rawValue, let input = try row.text(of: column, layout) else {
                return self
            }
            guard case .text(let text) = content else {
                throw .severalPrompts([self.column, column], section: layout.configurationSection)
            }
            var source = self
            source.content = .text("\(text)\n\(input)")
            return source
        }

        private func endingBeforeResponse() throws(RowProblem) -> Source {
            guard case .messages(let messages) = content, messages.last?.role == .assistant,
                column == PromptColumn.conversations.rawValue
            else { return self }
            throw .badMessage(
                column: column, message: messages.count,
                problem: "expected the conversation to end before the response, found an assistant's message")
        }

        /// Whether this one says all that the other says.
        private func says(_ other: Source) -> Bool {
            if column == other.column { return true }
            switch (content, other.content) {
            case (.text(let own), .text(let text)):
                let (own, text) = (own.trimmed, text.trimmed)
                // An input may have been put below the prompt already.
                return own == text || (other.column == PromptColumn.input.rawValue && own.hasSuffix("\n\(text)"))
            case (.text(let own), .messages(let messages)):
                return messages.count == 1 && messages[0].content.trimmed == own.trimmed
            case (.messages(let own), .text(let text)):
                return own.contains { $0.content.trimmed == text.trimmed }
            case (.messages(let own), .messages(let messages)):
                return messages.allSatisfy { given in
                    own.contains { $0.role == given.role && $0.content == given.content }
                }
            }
        }
    }
}

extension RowLayout {
    /// Whether the column may be read besides what the layout names: it is not to be ignored, and is nothing else.
    func mayRead(_ column: String) -> Bool {
        !ignoredColumns.contains(column) && prompt != .column(column) && !responses.columns.contains(column)
    }
}

extension OriginalRow {
    /// The text of a part of the prompt; nil where there is no such column, or nothing in it.
    fileprivate func text(of column: String, _ layout: RowLayout) throws(RowProblem) -> String? {
        guard layout.mayRead(column), let value = value(of: column), !value.saysNothing else { return nil }
        guard let text = value.string else {
            throw .wrongType(column: column, expected: "a string", found: value.kindWords)
        }
        return text
    }
}
