package import FileSystem

/// A file of rows, as JSON Lines, and beside it one of those that are not in it, each in the order in which they come. Both
/// have their names only once all of them are on disk; before that they are `<path>.partial`.
package struct RowFiles: ~Copyable, Sendable {
    private var output: OutputFile
    private var errors: OutputFile

    /// Rows beside the output so far.
    private var otherRows = 0

    /// How the names of such files end.
    package static let endings = [".jsonl", ".json", ".jsonl.gz", ".json.gz"]

    package var path: String { output.path }
    package var errorsPath: String { errors.path }

    /// - Parameters:
    ///   - path: of the rows; compressed with gzip if it ends with `.gz`.
    ///   - errorsPath: of the others; compressed if it ends with `.gz`.
    ///   - keepPartial: whether what was written stays on disk if the files are never published.
    /// - Throws: ``FileError`` if a file cannot be created.
    package init(path: String, errorsPath: String, keepPartial: Bool = false) throws(FileError) {
        let output = try OutputFile(path: path, keepPartial: keepPartial)
        let errors = try OutputFile(path: errorsPath, keepPartial: keepPartial)
        self.output = output
        self.errors = errors
    }

    /// - Parameter row: its JSON, on one line.
    package mutating func write(_ row: [UInt8]) throws(FileError) { try output.write(row + [0x0A]) }

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
