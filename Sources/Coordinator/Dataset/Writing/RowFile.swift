internal import FileSystem

/// A file that rows go into. It has its name only once it is complete: see `AtomicFile`.
protocol RowFile: AnyObject {
    var path: String { get }

    func write(_ row: OutputRow) throws(FileError)

    /// - Parameter row: JSON on one line, of a row that comes from no input's columns.
    func write(_ row: [UInt8]) throws(FileError)

    /// Puts everything on disk, still under the temporary name. Nothing can be written after that.
    func seal() throws(FileError)

    /// Gives a sealed file its name.
    func publish() throws(FileError)
}

/// Rows as JSON Lines, or as one array, all on one line.
final class JSONFile: RowFile {
    private var file: OutputFile
    private let isArray: Bool
    private var isEmpty = true

    init(path: String, asArray: Bool, keepPartial: Bool) throws(FileError) {
        file = try OutputFile(path: path, keepPartial: keepPartial)
        isArray = asArray
    }

    var path: String { file.path }

    func write(_ row: OutputRow) throws(FileError) { try write(row.json) }

    func write(_ row: [UInt8]) throws(FileError) {
        try file.write(isArray ? opening + row : row + [0x0A])
        isEmpty = false
    }

    func seal() throws(FileError) {
        if isArray { try file.write((isEmpty ? opening : []) + Array("]\n".utf8)) }
        try file.seal()
    }

    func publish() throws(FileError) { try file.publish() }

    /// What comes before an array's next row.
    private var opening: [UInt8] { Array((isEmpty ? "[" : ", ").utf8) }
}
