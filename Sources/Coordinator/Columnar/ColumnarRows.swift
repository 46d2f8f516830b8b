package import FileSystem

/// The rows of a columnar file, one after another, in memory that does not grow with the file.
package protocol ColumnarRows: AnyObject {
    var path: String { get }
    var schema: ColumnarSchema { get }

    /// What the file says that it has.
    var rowCount: Int { get }

    /// Rows of each group (Parquet's row groups, Arrow's record batches), in the file's order.
    var groupRowCounts: [Int] { get }

    /// Size of the file on disk, in bytes.
    var fileSize: Int { get }

    /// About how much of the file was read so far, in bytes: what ``fileSize`` is for a progress.
    var fileOffset: Int { get }

    /// A value for each field of the schema; nil behind the last row.
    ///
    /// - Throws: `FileError` where the file cannot be read or is damaged; then again at each call until
    ///   ``start(atGroup:)``.
    func next() throws(FileError) -> [ColumnarValue]?

    /// Goes to the first row of a group; to the end of the file where `group` is the number of groups.
    ///
    /// - Precondition: `group` is in `0...groupRowCounts.count`.
    func start(atGroup group: Int) throws(FileError)
}

/// Opens columnar files by what they begin with.
package enum ColumnarFile {
    package enum Format: String, Hashable, Sendable {
        case parquet
        case arrow
    }

    /// By the magic bytes of the two file formats, and by the first message of Arrow's stream format, which has none;
    /// nil where it is neither.
    package static func format(ofFileThatBeginsWith bytes: [UInt8]) -> Format? {
        if bytes.starts(with: ParquetFooter.magic) || bytes.starts(with: ParquetFooter.encryptedMagic) {
            return .parquet
        }
        if bytes.starts(with: ArrowLayout.magic) || bytes.starts(with: ArrowLayout.continuation) { return .arrow }
        return nil
    }

    /// - Throws: `FileError` where it cannot be read, is neither format, or uses what is not supported.
    package static func open(
        _ path: String, limits: ColumnarLimits = ColumnarLimits()
    ) throws(FileError) -> any ColumnarRows {
        let beginning = try OpenFile(path, .reading).read(atMost: 8)
        switch format(ofFileThatBeginsWith: beginning) {
        case .parquet: return try ParquetReader(path: path, limits: limits)
        case .arrow: return try ArrowReader(path: path, limits: limits)
        case nil:
            throw FileError(path: path, problem: "expected a Parquet file or an Arrow file or stream, found neither")
        }
    }
}
