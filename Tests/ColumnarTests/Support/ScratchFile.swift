import Columnar
import FileSystem
import Foundation

/// A file for a test, removed with it.
final class ScratchFile {
    let path: String

    init(_ bytes: [UInt8] = []) throws {
        path = FileManager.default.temporaryDirectory.appending(path: "columnar-\(UUID().uuidString)").path
        try write(bytes)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func write(_ bytes: [UInt8]) throws {
        // Some file systems put a file on disk at once where it was emptied first.
        var file = try OpenFile(path, .making)
        try file.write(bytes, at: 0)
        try file.truncate(to: bytes.count)
        try file.close()
    }
}

/// The bytes of a Parquet file of these rows.
func parquetFile(
    _ schema: ColumnarSchema, _ rows: [[ColumnarValue]], _ options: ParquetWriter.Options = .init()
) throws -> [UInt8] {
    var bytes: [UInt8] = []
    let writer = try ParquetWriter(path: "written.parquet", schema: schema, options: options)
    for row in rows {
        try writer.append(row) { (piece: ArraySlice<UInt8>) throws(FileError) in bytes += piece }
    }
    try writer.finish { (piece: ArraySlice<UInt8>) throws(FileError) in bytes += piece }
    return bytes
}

/// All rows of a file.
func rows(of reader: any ColumnarRows) throws -> [[ColumnarValue]] {
    var rows: [[ColumnarValue]] = []
    while let row = try reader.next() { rows.append(row) }
    return rows
}

/// The schema and all rows of a file of these bytes.
func content(of bytes: [UInt8], limits: ColumnarLimits = .init()) throws -> (ColumnarSchema, [[ColumnarValue]]) {
    let file = try ScratchFile(bytes)
    let reader = try ColumnarFile.open(file.path, limits: limits)
    return (reader.schema, try rows(of: reader))
}
