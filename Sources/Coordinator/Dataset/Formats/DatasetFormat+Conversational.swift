extension DatasetFormat {
    /// `chosen`, `rejected`: lists of messages `{role, content}` (or `{from, value}`), as TRL has them. The prompt is a
    /// text, a list of messages, or absent: then the messages that both sides begin with are the prompt.
    package static let conversational = DatasetFormat(
        name: "conversational",
        columns: "chosen, rejected: lists of messages; prompt optional",
        precedence: [.row: 0, .anchor: 0]
    ) { options in
        [.messages, .serialized, .message].map { RowLayout(.known, ColumnPair.chosenAndRejected, $0, options) }
    }
}
