internal import Columnar
internal import FileSystem
internal import Foundation

/// The rows of several files, one file after another. A row's line is that in its own file.
final class ShardedReader: ContainerReader {
    private let paths: [String]
    private let container: DatasetContainer
    private let maxRowBytes: Int

    /// The file that is read now.
    private var reader: any ContainerReader
    private var opened = 1
    private var bytesBehind = 0

    let schema: ColumnarSchema?
    let fileSize: Int

    /// - Parameter paths: at least one.
    /// - Throws: ``FileError`` where one cannot be read, or has other columns than the first where these have types.
    init(_ paths: [String], _ container: DatasetContainer, maxRowBytes: Int) throws(FileError) {
        let first = try container.open(paths[0], maxRowBytes: maxRowBytes)
        var bytes = first.fileSize
        // A text is opened when it is its turn.
        for path in paths.dropFirst() {
            guard let schema = first.schema else {
                bytes += Int(FileStatus(path: path)?.byteCount ?? 0)
                continue
            }
            let other = try container.open(path, maxRowBytes: maxRowBytes)
            bytes += other.fileSize
            try Self.check(other.schema, of: path, against: schema, of: paths[0])
        }
        (self.paths, self.container, self.maxRowBytes) = (paths, container, maxRowBytes)
        (reader, schema, fileSize) = (first, first.schema, bytes)
    }

    private static func check(
        _ schema: ColumnarSchema?, of path: String, against first: ColumnarSchema, of firstPath: String
    ) throws(FileError) {
        guard let schema, schema.fields != first.fields else { return }
        let pairs = zip(schema.fields, first.fields).first { $0 != $1 }
        let found = pairs.map { "\($0.0) and not \($0.1)" } ?? "\(schema.fields.count) and not \(first.fields.count)"
        throw FileError(
            path: path,
            problem: "expected the columns of \((firstPath as NSString).lastPathComponent), found \(found)")
    }

    var fileOffset: Int { bytesBehind + reader.fileOffset }

    func next() throws(FileError) -> RowSource.Row? {
        while true {
            if var row = try reader.next() {
                row.file = (paths[opened - 1] as NSString).lastPathComponent
                return row
            }
            guard opened < paths.count else { return nil }
            bytesBehind += reader.fileSize
            reader = try container.open(paths[opened], maxRowBytes: maxRowBytes)
            opened += 1
        }
    }
}
