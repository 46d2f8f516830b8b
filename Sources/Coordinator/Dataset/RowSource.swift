package import Columnar
package import FileSystem
internal import JSON

/// The rows of one file, as JSON objects or CSV fields, with the problems of those that are neither.
package struct RowSource: ~Copyable, @unchecked Sendable {
    package struct Row {
        /// The name of the file that it is in, of a dataset of several; else nil.
        package var file: String?
        /// 1-based line on which the row begins.
        package var line: Int
        /// 1-based place in the JSON array that the file is; nil for any other file.
        package var element: Int?
        package var original: OriginalRow
        /// Set exactly if `original` is unreadable.
        package var problem: RowProblem?

        /// A row that could be read.
        package init(line: Int, element: Int? = nil, _ original: OriginalRow) {
            self.init(line: line, element: element, original: original, problem: nil)
        }

        /// - Parameter raw: what of it is shown.
        package init(line: Int, element: Int? = nil, unreadable raw: [UInt8], _ problem: RowProblem) {
            self.init(line: line, element: element, original: .unreadable(raw), problem: problem)
        }

        private init(line: Int, element: Int?, original: OriginalRow, problem: RowProblem?) {
            self.line = line
            self.element = element
            self.original = original
            self.problem = problem
        }
    }

    // Unchecked: the reader has exactly one owner, which may move to another thread.
    private let reader: any ContainerReader

    /// - Parameter maxRowBytes: rows with more bytes are unreadable.
    /// - Throws: ``FileError`` if the file cannot be read, is another kind of file, or has no usable CSV header.
    package init(path: String, container: DatasetContainer, maxRowBytes: Int) throws(FileError) {
        let limits = 1...(1 << 30)
        guard limits.contains(maxRowBytes) else {
            throw FileError(
                path: path, problem: "expected a row limit of 1 to \(limits.upperBound) bytes, found \(maxRowBytes)")
        }
        reader = try container.open(path, maxRowBytes: maxRowBytes)
    }

    var fileOffset: Int { reader.fileOffset }
    var fileSize: Int { reader.fileSize }
    var schema: ColumnarSchema? { reader.schema }

    /// The next row, or nil at the end of the file.
    package mutating func next() throws(FileError) -> Row? { try reader.next() }
}

/// Reads the rows of one kind of file, one after another, once.
package protocol ContainerReader: AnyObject {
    /// The file's columns and their types, where such files say them; nil of other ones.
    var schema: ColumnarSchema? { get }
    /// Bytes of the file on disk that were consumed so far.
    var fileOffset: Int { get }
    /// Size of the file on disk, in bytes.
    var fileSize: Int { get }

    /// The next row, or nil at the end of the file.
    func next() throws(FileError) -> RowSource.Row?
}

extension ContainerReader {
    package var schema: ColumnarSchema? { nil }
}

extension RowSource.Row {
    /// Parses what should be one JSON object.
    ///
    /// - Parameter overLongLimit: the limit that the row passes; nil if it is whole.
    init(line: Int, element: Int?, json bytes: [UInt8], overLongLimit: Int?) {
        do throws(RowProblem) {
            if let overLongLimit { throw .overLong(limit: overLongLimit) }
            self.init(line: line, element: element, .object(try JSONObject(line: bytes)))
        } catch {
            self.init(line: line, element: element, unreadable: bytes, error)
        }
    }
}

/// The rows of a file with one JSON object on each line. Blank lines are no rows.
final class JSONLinesReader: ContainerReader {
    private var lines: LineReader

    init(_ source: consuming TextSource, byteLimit: Int) { lines = LineReader(source, byteLimit: byteLimit) }

    var fileOffset: Int { lines.fileOffset }
    var fileSize: Int { lines.fileSize }

    func next() throws(FileError) -> RowSource.Row? {
        while let line = try lines.next() {
            if !line.isOverLong, line.bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            return RowSource.Row(
                line: line.number, element: nil, json: line.bytes,
                overLongLimit: line.isOverLong ? lines.byteLimit : nil)
        }
        return nil
    }
}
