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

/// Rows as JSON Lines.
final class JSONLinesFile: RowFile {
    private var file: OutputFile

    init(path: String, keepPartial: Bool) throws(FileError) {
        file = try OutputFile(path: path, keepPartial: keepPartial)
    }

    var path: String { file.path }

    func write(_ row: OutputRow) throws(FileError) { try write(row.json) }

    func write(_ row: [UInt8]) throws(FileError) { try file.write(row + [0x0A]) }

    func seal() throws(FileError) { try file.seal() }
    func publish() throws(FileError) { try file.publish() }
}
