extension DatasetFormat {
    /// A prompt, `harmless`, `harmful`: texts. Who has such columns beside those of preferences means anchors by them.
    package static let anchors = DatasetFormat(
        name: "anchors", columns: "prompt, harmless, harmful: strings", precedence: [.anchor: 3]
    ) { options in
        [RowLayout(.known, ColumnPair(preferred: "harmless", other: "harmful"), .texts, options)]
    }
}
