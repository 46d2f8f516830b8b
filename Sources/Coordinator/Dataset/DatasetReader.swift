package import Columnar
package import FileSystem
import Foundation

/// Reads a preference dataset or a file of anchors, row by row, in the order of the file.
///
/// Memory does not grow with the file: it is one chunk and one row. A row that cannot be used is a ``DatasetRecord``
/// with a ``RowError``; only a file that cannot be read, or that nobody understands, throws.
package struct DatasetReader: ~Copyable, Sendable {
    package let path: String
    /// Nil if the configuration names the columns, or if the file has no rows.
    package let detectedFormat: DatasetFormat?

    /// Columns of the first row that could be read that mean nothing in the file's layout.
    package let unreadColumns: [String]

    /// What makes the preferred response of a row the other one; nil where nothing in these rows does.
    package var exchange: ResponseExchange? { layout.responses.exchange }

    private let fileName: String
    private let layout: RowLayout
    private let check: ConversationCheck?
    private var rows: RowSource
    private var nextIndex = 0

    /// Opens the file, and looks at its first rows for the columns.
    ///
    /// - Throws: ``FileError`` if the file cannot be read, has a name of no container, or has
    ///   columns that fit no format.
    package init(path: String, options: DatasetOptions) throws(FileError) {
        let files = try DatasetFiles(path, containers: options.containers)
        guard var container = options.container ?? options.containers.container(ofFile: files.paths[0]) else {
            throw FileError(
                path: path,
                problem: "expected a name that ends in \(options.containers.endingsInWords)")
        }
        if files.folder != nil { container = container.sharded(files.paths) }
        let choice = try LayoutChoice(path: path, container: container, options: options)
        let rows = try RowSource(path: path, container: container, maxRowBytes: options.maxRowBytes)
        self.rows = rows
        detectedFormat = choice.format
        unreadColumns = choice.unreadColumns
        layout = choice.layout
        check = options.check
        self.path = path
        fileName = URL(fileURLWithPath: path).lastPathComponent
    }

    /// The file's columns and their types, of a Parquet or Arrow file; nil of other ones.
    package var schema: ColumnarSchema? { rows.schema }

    /// Size of the file on disk, in bytes.
    package var fileSize: Int { rows.fileSize }

    /// How much of the file on disk was read so far, in bytes: what ``fileSize`` is for a progress.
    package var bytesRead: Int { rows.fileOffset }

    /// The next row, or nil at the end of the file.
    ///
    /// - Throws: ``FileError`` if the file cannot be read on, such as at damaged gzip data.
    package mutating func next() throws(FileError) -> DatasetRecord? {
        guard let row = try rows.next() else { return nil }
        defer { nextIndex += 1 }
        let (content, repetition) = content(of: row)
        return DatasetRecord(
            index: nextIndex, line: row.line, original: row.original, content: content, promptRepetition: repetition)
    }

    private func content(of row: RowSource.Row) -> (Result<ResponsePair, RowError>, PromptRepetition) {
        do throws(RowProblem) {
            if let problem = row.problem { throw problem }
            let (pair, repetition) = try RowReading(layout: layout, row: row.original).read()
            try check?.check(pair)
            return (.success(pair), repetition)
        } catch {
            return (
                .failure(RowError(file: row.file ?? fileName, line: row.line, element: row.element, problem: error)),
                .none
            )
        }
    }
}
