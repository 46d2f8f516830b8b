extension DatasetFormat {
    /// A prompt (see ``PromptColumn``), `chosen`, `rejected`: texts. Where the prompt is a list of messages, `sharegpt` and
    /// `hh` may fit too.
    package static let preference = DatasetFormat(
        name: "preference", columns: "\(PromptColumn.names), chosen, rejected: strings",
        precedence: [.row: 2, .anchor: 2]
    ) { options in
        [RowLayout(.known, ColumnPair.chosenAndRejected, .texts, options)]
    }
}
