package import FileSystem

/// A file of rows, and beside it one of those that are not in it, as JSON Lines, each in the order in which they come. Both
/// have their names only once all of them are on disk; before that they are `<path>.partial`.
package struct RowFiles: ~Copyable, @unchecked Sendable {
    // Unchecked: the files have exactly one owner, which may move to another thread.
    private let output: any RowFile
    private var errors: OutputFile

    /// Rows beside the output so far.
    private var otherRows = 0

    /// How the names of such files end where rows are JSON Lines.
    package static let endings = ["", ".gz", ".zst"].flatMap { [".jsonl\($0)", ".json\($0)"] }

    package var path: String { output.path }
    package var errorsPath: String { errors.path }

    /// - Parameters:
    ///   - path: of the rows: Parquet if it ends with `.parquet`, else JSON Lines, compressed if it ends with `.gz` or `.zst`.
    ///   - errorsPath: of the others; compressed likewise.
    ///   - columns: what a Parquet file is made of; nil where rows have no columns with types.
    ///   - asArray: whether JSON is one array of all rows, on one line, in place of a line for each.
    ///   - keepPartial: whether what was written stays on disk if the files are never published.
    /// - Throws: ``FileError`` if a file cannot be created, or rows cannot be written in one of that name.
    package init(
        path: String, errorsPath: String, columns: TableColumns? = nil, asArray: Bool = false,
        keepPartial: Bool = false
    ) throws(FileError) {
        try RowFileFormat.check(path, columns: columns != nil)
        try RowFileFormat.check(errorsPath: errorsPath)
        let output = try Self.file(path, columns, asArray: asArray, keepPartial)
        let errors = try OutputFile(path: errorsPath, keepPartial: keepPartial)
        self.output = output
        self.errors = errors
    }

    private static func file(
        _ path: String, _ columns: TableColumns?, asArray: Bool, _ keepPartial: Bool
    ) throws(FileError) -> any RowFile {
        if let columns, RowFileFormat(path: path) == .parquet {
            return try ParquetRowFile(path: path, columns: columns, keepPartial: keepPartial)
        }
        return try JSONFile(path: path, asArray: asArray, keepPartial: keepPartial)
    }

    package mutating func write(_ row: OutputRow) throws(FileError) { try output.write(row) }

    /// - Parameter row: JSON on one line, of a row that comes from no input's columns.
    package mutating func write(_ row: [UInt8]) throws(FileError) { try output.write(row) }

    /// - Parameter reason: a sentence that says why the row is not in the output.
    package mutating func write(_ record: DatasetRecord, reason: String) throws(FileError) {
        try errors.write(ErrorRow(record, reason: reason).bytes + [0x0A])
        otherRows += 1
    }

    /// Puts all rows on disk, still under the temporary names. Nothing can be written after that.
    package mutating func seal() throws(FileError) {
        try errors.seal()
        try output.seal()
    }

    /// Gives sealed files their names, the errors first: an output is never there without them. Where all rows are in the
    /// output there is no errors file, and one of an earlier run is removed.
    package mutating func publish() throws(FileError) {
        if otherRows > 0 { try errors.publish() } else { try errors.withdraw() }
        try output.publish()
    }
}
