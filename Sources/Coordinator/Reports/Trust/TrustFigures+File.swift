internal import Diagnostics
internal import FileSystem

extension TrustFigures {
    /// Longer files no job writes.
    private static let bytesMax = 64 << 20

    /// Those in a file.
    ///
    /// - Returns: nil where none is there.
    /// - Throws: `FileError` where it cannot be read, `Problem` where it is another file.
    package init?(ifAt path: String) throws {
        guard FileStatus(path: path) != nil else { return nil }
        let file = try OpenFile(path, .reading)
        try self.init(serialized: try file.readToEnd(limit: Self.bytesMax), path: path)
    }
}
