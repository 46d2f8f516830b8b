extension DatasetFormat {
    /// A prompt and one of the responses to it: texts.
    package static let candidates = DatasetFormat(
        name: "candidates", columns: "prompt, response: strings", precedence: [.candidate: 1]
    ) { options in
        [RowLayout(.known, SingleColumn(column: "response"), .texts, options)]
    }
}
