extension DatasetFormat {
    /// A prompt, `harmful`: texts. The harmless response is the configured refusal, or what stands in its place.
    package static let harmful = DatasetFormat(
        name: "harmful", columns: "prompt, harmful: strings; refusals are the harmless side",
        precedence: [.anchor: 3]
    ) { options in
        guard let refusal = options.refusal else { return [] }
        var layout = RowLayout(.known, RefusedColumn(refusal: refusal, other: "harmful"), .texts, options)
        if options.format == nil {
            layout.foreignColumns = ["harmless"]
            layout.excludedColumns = ["harmless"]
            layout.excludedMeaning = "a harmless response beside the configured refusal is"
        }
        return [layout]
    }
}
