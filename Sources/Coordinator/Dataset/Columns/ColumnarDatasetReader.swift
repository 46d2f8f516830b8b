internal import Columnar
internal import Diagnostics
internal import FileSystem
internal import JSON

/// The rows of a Parquet or Arrow file. A row's line is its number, from 1.
final class ColumnarDatasetReader: ContainerReader {
    private let rows: any ColumnarRows
    private let byteLimit: Int
    private var number = 0

    /// - Parameter format: that the file must have, whatever its name is.
    /// - Throws: ``FileError`` if the file cannot be read, is another kind of file, or has columns that are not supported.
    init(path: String, format: ColumnarFile.Format, byteLimit: Int) throws(FileError) {
        let beginning = try OpenFile(path, .reading).read(atMost: 8)
        guard let found = ColumnarFile.format(ofFileThatBeginsWith: beginning) else {
            let what = FileSignature(of: beginning).map { ", found \($0.words)" } ?? ": is it another kind of file?"
            throw FileError(path: path, problem: "expected \(format.words), by its name\(what)")
        }
        guard found == format else {
            throw FileError(
                path: path,
                problem:
                    "expected \(format.words), found \(found.words): give it a name that ends with .\(found.rawValue)")
        }
        var limits = ColumnarLimits()
        // A row that is longer than it may be is an error of that row: only one that is many times as long, of the file.
        limits.rowBytesMax = max(limits.rowBytesMax, 4 * byteLimit)
        rows = try ColumnarFile.open(path, limits: limits)
        self.byteLimit = byteLimit
    }

    var schema: ColumnarSchema? { rows.schema }
    var fileOffset: Int { rows.fileOffset }
    var fileSize: Int { rows.fileSize }

    func next() throws(FileError) -> RowSource.Row? {
        guard let values = try rows.next() else { return nil }
        number += 1
        do throws(RowProblem) {
            let row = try ColumnarRow(values, rows.schema)
            guard row.object.bytes.count <= byteLimit else {
                var excerpt = row.object.bytes
                excerpt.keepExcerpt(of: LineReader.excerptBytes)
                return RowSource.Row(line: number, unreadable: excerpt, .overLong(limit: byteLimit))
            }
            return RowSource.Row(line: number, .columns(row))
        } catch {
            return RowSource.Row(line: number, unreadable: readable(values), error)
        }
    }

    /// JSON of those columns that can be read.
    private func readable(_ values: [ColumnarValue]) -> [UInt8] {
        var members: [[UInt8]] = []
        for (field, value) in zip(rows.schema.fields, values) {
            guard let json = try? ColumnarSchema([field]).json([value]) else { continue }
            members.append(Array(json.dropFirst().dropLast()))
        }
        return JSONText.object(members)
    }
}

extension ColumnarFile.Format {
    fileprivate var words: String {
        switch self {
        case .parquet: "a Parquet file"
        case .arrow: "an Arrow file"
        }
    }
}
