extension DatasetFormat {
    /// `conversations`: the prompt as a list of messages `{from, value}`; `chosen`, `rejected`: a message each, as
    /// LLaMA-Factory has them, or a text. It needs a column more than `conversational`, and so goes before it.
    package static let sharegpt = DatasetFormat(
        name: "sharegpt",
        columns: "conversations: a list of messages; chosen, rejected: a message each",
        precedence: [.row: 1, .anchor: 1]
    ) { options in
        [RowLayout.Shape.message, .messages, .texts].map {
            var layout = RowLayout(.known, ColumnPair.chosenAndRejected, $0, options)
            layout.requiredColumns = [PromptColumn.conversations.rawValue]
            return layout
        }
    }
}
