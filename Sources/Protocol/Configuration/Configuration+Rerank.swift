extension Configuration {
    /// How the candidates of `legend-coordinator rerank` are read.
    package struct Rerank: Hashable, Sendable {
        /// Columns; nil: by the usual names.
        package var promptColumn: String?
        package var responseColumn: String?

        /// Columns that are not read.
        package var ignoredColumns: [String]

        package init(promptColumn: String? = nil, responseColumn: String? = nil, ignoredColumns: [String] = []) {
            (self.promptColumn, self.responseColumn) = (promptColumn, responseColumn)
            self.ignoredColumns = ignoredColumns
        }
    }
}

extension Configuration.Rerank {
    init(_ section: ConfigurationReader) {
        let columns = section.section("columns")
        self.init(
            promptColumn: columns.string("prompt"), responseColumn: columns.string("response"),
            ignoredColumns: section.strings("ignore_columns") ?? [])
    }
}
