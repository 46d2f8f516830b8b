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

    /// What of a row pairs are made of, each of which is a row here; nil where a row is one pair.
    package var ranking: RankedColumns? { layout.responses.ranking }

    private let fileName: String
    private let layout: RowLayout
    private let check: ConversationCheck?
    private var rows: RowSource
    private var nextIndex = 0
    /// How many rows of the file were read.
    private var sourceRows = 0
    /// The pairs of the row that was read last.
    private var several: SeveralPairs?

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
        if let record = nextPair() { return record }
        guard let row = try rows.next() else { return nil }
        sourceRows += 1
        do throws(RowProblem) {
            if let problem = row.problem { throw problem }
            let reading = RowReading(layout: layout, row: row.original)
            if let (pairs, prompt) = try reading.readSeveral() {
                several = SeveralPairs(row: row, reading: reading, prompt: prompt, pairs: pairs)
                return nextPair()
            }
            let (pair, repetition) = try reading.read()
            try check?.check(pair)
            return record(of: row, .success(pair), repetition)
        } catch {
            return record(of: row, failure(of: row, error))
        }
    }

    private mutating func record(
        of row: RowSource.Row, _ content: Result<ResponsePair, RowError>, _ repetition: PromptRepetition = .none,
        origin: PairOrigin? = nil
    ) -> DatasetRecord {
        defer { nextIndex += 1 }
        return DatasetRecord(
            index: nextIndex, sourceRow: sourceRows - 1, line: row.line, original: row.original, content: content,
            promptRepetition: repetition,
            origin: origin)
    }

    private func failure(
        of row: RowSource.Row, pair: String? = nil, _ problem: RowProblem
    ) -> Result<ResponsePair, RowError> {
        .failure(
            RowError(
                file: row.file ?? fileName, line: row.line, element: row.element, pair: pair, problem: problem))
    }
}

// MARK: - Rows with several responses

extension DatasetReader {
    /// A row of the file, and how many of its pairs were read.
    private struct SeveralPairs {
        let row: RowSource.Row
        let reading: RowReading
        let prompt: RowPrompt
        let pairs: RowPairs
        var taken = 0
        /// Whether a record has what was left out of the row.
        var isNoted = false
    }

    /// The next one of the row that was read last; nil where there is none.
    private mutating func nextPair() -> DatasetRecord? {
        guard let known = several else { return nil }
        guard known.taken < known.pairs.pairs.count else {
            several = nil
            return nil
        }
        several?.taken += 1
        let pair = known.pairs.pairs[known.taken]
        let name = known.pairs.name(of: pair)
        do throws(RowProblem) {
            let (content, repetition) = try known.reading.read(pair, of: known.pairs, known.prompt)
            try check?.check(content)
            let origin = PairOrigin(
                name: name, chosen: known.pairs.responses[pair.better].text,
                rejected: known.pairs.responses[pair.worse].text,
                leftOut: known.isNoted ? nil : known.pairs.leftOut)
            several?.isNoted = true
            return record(of: known.row, .success(content), repetition, origin: origin)
        } catch {
            return record(of: known.row, failure(of: known.row, pair: name, error))
        }
    }
}
