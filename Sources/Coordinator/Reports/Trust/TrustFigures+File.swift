package import Diagnostics
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

extension TrustFigures {
    /// JSON with names in snake case, in one order.
    package var serialized: [UInt8] { serializedFigures(self) }

    /// - Throws: `Problem` for bytes that are not such a file.
    package init(serialized: [UInt8], path: String) throws(Problem) {
        self = try figures(
            TrustFigures.self, serialized: serialized, path: path,
            expected: "the trust figures that a job writes beside its output", name: "the trust figures",
            version: Self.version, remedy: "the job writes them anew, and without that file there are none")
    }
}
