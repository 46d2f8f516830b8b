extension DatasetFormat {
    /// `chosen`, `rejected`: whole transcripts, `"\n\nHuman: …\n\nAssistant: …"`, as in HH-RLHF.
    package static let hh = DatasetFormat(
        name: "hh", columns: "chosen, rejected: transcripts", precedence: [.row: 0, .anchor: 0]
    ) { options in
        var layout = RowLayout(.inResponses, ColumnPair.chosenAndRejected, .transcripts, options)
        // Who names the format knows of such a column.
        if options.format == nil {
            layout.excludedColumns = PromptColumn.allCases.filter { $0 != .messages }.map(\.rawValue)
            layout.excludedMeaning = "a prompt beside whole dialogues is"
        }
        return [layout]
    }
}
