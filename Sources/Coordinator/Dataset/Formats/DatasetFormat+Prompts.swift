extension DatasetFormat {
    /// A prompt, whatever else there is: responses are generated.
    package static let prompts = DatasetFormat(
        name: "prompts", columns: PromptColumn.names, precedence: [.prompt: 1]
    ) { options in
        [RowLayout(.known, NoResponses(), .texts, options)]
    }
}
