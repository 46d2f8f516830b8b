package import Columnar
package import FileSystem

/// Writes annotated rows as JSON Lines or Parquet, and those that cannot be annotated, or are dropped, into a file of their own, both
/// in the order in which they come.
///
/// A bad row is often bad because a column of it has another type than in all others. Among the good ones it would keep
/// the whole file from being loaded as a table; so would a column that only some rows have. The files have their names
/// only after ``finish(rows:)``; before that they are `<path>.partial`.
package struct AnnotatedWriter: ~Copyable, Sendable {
    private let existing: ExistingColumns
    private let exchange: ResponseExchange?
    private var files: RowFiles

    /// Rows in the output so far.
    package private(set) var annotatedRows = 0
    /// Rows in the errors file so far that cannot be annotated.
    package private(set) var failedRows = 0
    /// Rows in the errors file so far that are not wanted in the output.
    package private(set) var droppedRows = 0
    /// Rows in the errors file so far that have nothing to compare.
    package private(set) var unpairedRows = 0

    /// - Parameters:
    ///   - path: of the annotated rows; Parquet if it ends with `.parquet`, compressed if it ends with `.gz` or `.zst`.
    ///   - errorsPath: of the others; compressed likewise.
    ///   - schema: of the input; nil where its columns have no types.
    ///   - existing: what becomes of columns of the original that have the name of an added one.
    ///   - exchange: how responses change places; nil where no annotation says that they do.
    ///   - keepPartial: whether the `.partial` files stay if the writer is never finished.
    /// - Throws: ``FileError`` if a file cannot be created.
    package init(
        path: String, errorsPath: String, schema: ColumnarSchema? = nil, existing: ExistingColumns,
        exchange: ResponseExchange? = nil,
        keepPartial: Bool = false
    ) throws(FileError) {
        let usual = (existing.ranking == nil ? [] : PairColumn.usual) + Annotation.usual
        files = try RowFiles(
            path: path, errorsPath: errorsPath,
            columns: schema.map { TableColumns($0, name: existing.outputName(of:), usual: usual) },
            keepPartial: keepPartial)
        self.existing = existing
        self.exchange = exchange
    }

    /// - Returns: What the row came out with: an error in place of an annotation where it has columns that are refused.
    /// - Throws: ``FileError`` if the disk is full or fails.
    @discardableResult
    package mutating func write(_ record: DatasetRecord, _ outcome: RowOutcome) throws(FileError) -> RowOutcome {
        let outcome =
            switch outcome {
            case .annotated, .dropped: existing.problem(with: record).map { .failed(reason: $0) } ?? outcome
            case .failed, .unpaired: outcome
            }
        switch outcome {
        case .annotated(let annotation):
            try files.write(OutputRow(record, annotation, existing: existing, exchange: exchange))
            annotatedRows += 1
        case .failed(let reason):
            try files.write(record, reason: reason)
            failedRows += 1
        case .dropped(let reason):
            try files.write(record, reason: reason)
            droppedRows += 1
        case .unpaired(let reason):
            try files.write(record, reason: reason)
            unpairedRows += 1
        }
        return outcome
    }

    /// Puts all rows on disk and gives the files their names, the errors first: an output is never there without them.
    /// Where all rows are in the output there is no errors file, and one of an earlier run is removed. Nothing can be
    /// written after that.
    ///
    /// - Parameter rows: how many there must be in both files together.
    /// - Throws: ``FileError``; the files then keep their temporary names, or are removed if `keepPartial` is false.
    package mutating func finish(rows: Int) throws(FileError) {
        let otherRows = failedRows + droppedRows + unpairedRows
        guard annotatedRows + otherRows == rows else {
            throw FileError(
                path: files.path,
                problem: """
                    expected \(rows) rows in it and in \(files.errorsPath), found \(annotatedRows) and \(otherRows)
                    """)
        }
        try files.seal()
        try files.publish()
    }
}
