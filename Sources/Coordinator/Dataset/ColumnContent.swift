internal import JSON

/// What a column of responses, or of a prompt, says in one row.
enum ColumnContent {
    case text(String)
    case messages([ChatMessage])

    /// - Throws: ``RowProblem`` for a value that is neither, and for a text that was a conversation once and cannot be
    ///   read back.
    init(_ value: ColumnValue, column: String) throws(RowProblem) {
        if case .json(let value) = value, value.kind == .array || value.kind == .object {
            self = .messages(try MessageList.messages(in: value, column: column))
            return
        }
        guard let text = value.string else {
            throw .wrongType(column: column, expected: "a string or a list of messages", found: value.kindWords)
        }
        switch SerializedConversation(text) {
        case nil: self = .text(text)
        case .json(let value): self = .messages(try MessageList.messages(in: value, column: column))
        case .unreadable(let found): throw .serialized(column: column, found: found)
        }
    }
}

extension ColumnValue {
    /// Null, an empty text, or a list or object without anything in it: as good as no column.
    var saysNothing: Bool {
        switch self {
        case .text(let text): text.isEmpty
        case .json(let value): value.isEmpty
        }
    }

    /// A text that says of a list or an object that there is nothing in it.
    var isNothingAsText: Bool {
        string.map { ["[]", "{}", "null", "None", "nan", "NaN"].contains(String($0.trimmed)) } ?? false
    }
}

extension String {
    /// Whether there is nothing but whitespace.
    package var isBlank: Bool { allSatisfy(\.isWhitespace) }

    /// Without the whitespace at both ends.
    package var trimmed: Substring {
        let start = drop(while: \.isWhitespace)
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else {
            return start[start.startIndex..<start.startIndex]
        }
        return start[...last]
    }
}
