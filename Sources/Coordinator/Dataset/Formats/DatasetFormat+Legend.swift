extension DatasetFormat {
    /// `input`, `output`, `generator`: harmful responses as the code that Legend's authors released writes them. The harmless
    /// response is the configured refusal, or what stands in its place.
    package static let legend = DatasetFormat(
        name: "legend", columns: "input, output, generator: strings; refusals are the harmless side",
        precedence: [.anchor: 0]
    ) { options in
        guard let refusal = options.refusal else { return [] }
        var layout = RowLayout(.column("input"), RefusedColumn(refusal: refusal, other: "output"), .texts, options)
        layout.requiredColumns = ["input", "generator"]
        return [layout]
    }
}
