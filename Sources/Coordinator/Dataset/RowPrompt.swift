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
        let source = try Self.source(layout, row)
        column = source?.column
        guard let source else {
            (conversation, text) = (nil, nil)
            return
        }
        let history = try Self.history(layout, row)
        switch source.side {
        case .messages(let messages):
            conversation = Conversation(messages: history + messages)
            text = nil
        case .text(let text):
            let messages = Transcript(text)?.promptMessages ?? [ChatMessage(role: .user, content: text)]
            conversation = Conversation(messages: history + messages)
            self.text = text
        }
    }

    /// The prompt with the row's system message, which a column of its own may hold.
    func withSystem(_ prompt: Conversation) throws(RowProblem) -> Conversation {
        var system: (column: String, text: String)?
        for column in PromptColumn.system {
            guard let text = try Self.text(column, layout, row) else { continue }
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
}

// MARK: - Columns

extension RowPrompt {
    private typealias Source = (column: String, side: ResponseSide)

    private static func source(_ layout: RowLayout, _ row: OriginalRow) throws(RowProblem) -> Source? {
        switch layout.prompt {
        case .inResponses: return nil
        case .column(let name):
            guard let value = row.value(of: name) else { throw .missingColumn(name, columns: row.columnNames) }
            guard name == PromptColumn.instruction.rawValue else {
                let side = try ResponseSide(value, column: name)
                return (name, try checked(side, column: name))
            }
            return try withInput((name, try ResponseSide(value, column: name)), layout, row)
        case .known: return try knownSource(layout, row)
        }
    }

    private static func knownSource(_ layout: RowLayout, _ row: OriginalRow) throws(RowProblem) -> Source? {
        func isThere(_ column: PromptColumn) -> Bool {
            !layout.ignoredColumns.contains(column.rawValue) && row.value(of: column.rawValue) != nil
        }
        let there = PromptColumn.allCases.filter(isThere)
        let filled = there.filter { row.value(of: $0.rawValue)?.saysNothing == false }
        guard let first = filled.first ?? there.first else {
            if layout.shape == .messages { return nil }
            throw .missingColumn(PromptColumn.prompt.rawValue, columns: row.columnNames)
        }
        // A prompt that is null says no more than none.
        if filled.isEmpty, layout.shape == .messages { return nil }
        guard let value = row.value(of: first.rawValue) else { return nil }
        let source = (
            first.rawValue, try checked(try ResponseSide(value, column: first.rawValue), column: first.rawValue)
        )
        if first == .instruction {
            try refuseOthers(than: source, in: filled.filter { $0 != .input }, layout, row)
            return try withInput(source, layout, row)
        }
        try refuseOthers(than: source, in: filled, layout, row)
        return source
    }

    /// An instruction and what it is about, in a column of its own, as Alpaca's format has them.
    private static func withInput(
        _ instruction: Source, _ layout: RowLayout, _ row: OriginalRow
    ) throws(RowProblem) -> Source {
        let column = PromptColumn.input.rawValue
        guard let input = try text(column, layout, row) else { return instruction }
        guard case .text(let text) = instruction.side else {
            throw .severalPrompts([instruction.column, column], section: layout.configurationSection)
        }
        return (instruction.column, .text("\(text)\n\(input)"))
    }

    /// Columns that say the same are one; others may be the prompt just as well.
    private static func refuseOthers(
        than source: Source, in columns: [PromptColumn], _ layout: RowLayout, _ row: OriginalRow
    ) throws(RowProblem) {
        guard columns.count > 1 else { return }
        let own = source.side.lastText.trimmed
        for column in columns where column.rawValue != source.column {
            guard let value = row.value(of: column.rawValue) else { continue }
            let other = try ResponseSide(value, column: column.rawValue).lastText.trimmed
            // An input that the prompt quotes was put into it already.
            if other == own || (column == .input && own.contains(other)) { continue }
            throw .severalPrompts([source.column, column.rawValue], section: layout.configurationSection)
        }
    }

    private static func checked(_ side: ResponseSide, column: String) throws(RowProblem) -> ResponseSide {
        guard case .messages(let messages) = side, column == PromptColumn.conversations.rawValue else { return side }
        guard messages.last?.role != .assistant else {
            throw .badMessage(
                column: column, message: messages.count,
                problem: "expected the conversation to end before the response, found an assistant's message")
        }
        return side
    }

    /// Earlier turns: a list of pairs of what the user said and what the assistant answered.
    private static func history(_ layout: RowLayout, _ row: OriginalRow) throws(RowProblem) -> [ChatMessage] {
        let column = PromptColumn.history
        guard !layout.ignoredColumns.contains(column), let value = row.value(of: column), !value.saysNothing else {
            return []
        }
        let turns: [JSONValue]? =
            switch value {
            case .json(let value) where value.kind == .string:
                value.string.flatMap { try? JSONValue(text: Array($0.utf8)) }?.elements
            case .json(let value): value.elements
            case .text(let text): (try? JSONValue(text: Array(text.utf8)))?.elements
            }
        guard let turns else {
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

    /// Nil where there is no such column, or nothing in it.
    private static func text(_ column: String, _ layout: RowLayout, _ row: OriginalRow) throws(RowProblem) -> String? {
        guard !layout.ignoredColumns.contains(column), layout.prompt != .column(column),
            !layout.responseColumns.contains(column), let value = row.value(of: column), !value.saysNothing
        else { return nil }
        guard let text = value.string else {
            throw .wrongType(column: column, expected: "a string", found: value.kindWords)
        }
        return text
    }
}

extension ResponseSide {
    fileprivate var lastText: String {
        switch self {
        case .text(let text): text
        case .messages(let messages): messages.last?.content ?? ""
        }
    }
}
