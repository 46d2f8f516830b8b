/// Writes annotated rows as JSON Lines, in the order in which they come.
///
/// Every row keeps its original columns and gets `margin`, `score_chosen` and `score_rejected`, or `error`. The file
/// has its name only after ``finish()``; before that it is `<path>.partial`.
package struct AnnotatedWriter: ~Copyable, Sendable {
    private let replaceExisting: Bool
    private var file: OutputFile

    /// - Parameters:
    ///   - path: compressed with gzip if it ends with `.gz`.
    ///   - replaceExisting: whether columns of the original that have the name of an added one are dropped. If not,
    ///     they are renamed to `original_<name>`; see ``OutputColumn/conflicting(with:)``.
    ///   - keepPartial: whether `<path>.partial` stays if the writer is never finished.
    /// - Throws: ``OutputError`` if the file cannot be created.
    package init(path: String, replaceExisting: Bool = false, keepPartial: Bool = false) throws(OutputError) {
        self.replaceExisting = replaceExisting
        file = try OutputFile(path: path, keepPartial: keepPartial)
    }

    /// - Throws: ``OutputError`` if the disk is full or fails.
    package mutating func write(_ record: DatasetRecord, _ outcome: RowOutcome) throws(OutputError) {
        let row = OutputRow(record.original, outcome, replaceExisting: replaceExisting)
        try file.write(row.bytes + [0x0A])
    }

    /// Puts all rows on disk and gives the file its name. Nothing can be written after that.
    ///
    /// - Throws: ``OutputError``; the file then keeps its temporary name, or is removed if `keepPartial` is false.
    package mutating func finish() throws(OutputError) {
        try file.finish()
    }
}
