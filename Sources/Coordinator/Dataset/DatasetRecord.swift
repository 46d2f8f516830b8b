/// One row of a dataset: where it is, what it says, and every column of it untouched.
package struct DatasetRecord: Hashable, Sendable {
    /// 0-based number of the row in the file; unreadable rows count, blank lines do not. Where pairs are made of rows with
    /// several responses, each pair counts as a row, and so does a row that makes none.
    package let index: Int
    /// 0-based number of the row that it is, or is made of, where each row counts once.
    package let sourceRow: Int
    /// 1-based line on which the row begins.
    package let line: Int
    package let original: OriginalRow
    package let content: Result<ResponsePair, RowError>
    package let promptRepetition: PromptRepetition
    /// Of a pair that was made of a row with several responses, of which `original` is all; else nil.
    package let origin: PairOrigin?

    package init(
        index: Int, sourceRow: Int? = nil, line: Int, original: OriginalRow, content: Result<ResponsePair, RowError>,
        promptRepetition: PromptRepetition = .none, origin: PairOrigin? = nil
    ) {
        self.index = index
        self.sourceRow = sourceRow ?? index
        self.line = line
        self.original = original
        self.content = content
        self.promptRepetition = promptRepetition
        self.origin = origin
    }

    package var columnNames: [String] { original.columnNames }
}
