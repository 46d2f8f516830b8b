package import FileSystem

/// How the rows of one file are laid out, for whoever reads the rows himself and wants to know what some of them say.
package struct PairReading: Sendable {
    private let layout: RowLayout

    /// Looks at the file's first rows.
    ///
    /// - Throws: ``FileError`` if the file cannot be read, or has columns that fit no format.
    package init(path: String, container: DatasetContainer, options: DatasetOptions) throws(FileError) {
        layout = try LayoutChoice(path: path, container: container, options: options).layout
    }

    /// The prompt and the two responses; nil of a row that does not have them where the others do.
    package func pair(of row: OriginalRow) -> ResponsePair? {
        try? RowReading(layout: layout, row: row).read().pair
    }
}
