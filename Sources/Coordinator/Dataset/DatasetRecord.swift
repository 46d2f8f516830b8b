/// One row of a dataset: where it is, what it says, and every column of it untouched.
package struct DatasetRecord: Hashable, Sendable {
    /// 0-based number of the row in the file; unreadable rows count, blank lines do not.
    package let index: Int
    /// 1-based line on which the row begins.
    package let line: Int
    package let original: OriginalRow
    package let content: Result<ResponsePair, RowError>
    package let promptRepetition: PromptRepetition

    package init(
        index: Int, line: Int, original: OriginalRow, content: Result<ResponsePair, RowError>,
        promptRepetition: PromptRepetition = .none
    ) {
        self.index = index
        self.line = line
        self.original = original
        self.content = content
        self.promptRepetition = promptRepetition
    }

    package var columnNames: [String] { original.columnNames }
}
