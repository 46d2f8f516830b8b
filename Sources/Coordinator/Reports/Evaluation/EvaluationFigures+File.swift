package import Diagnostics
internal import FileSystem

extension EvaluationFigures {
    /// Longer files no evaluation writes.
    private static let bytesMax = 16 << 20

    /// Those in a file.
    ///
    /// - Returns: nil where none is there.
    /// - Throws: `FileError` where it cannot be read, `Problem` where it is another file.
    package init?(ifAt path: String) throws {
        guard FileStatus(path: path) != nil else { return nil }
        let file = try OpenFile(path, .reading)
        try self.init(serialized: try file.readToEnd(limit: Self.bytesMax), path: path)
    }

    /// JSON with names in snake case, in one order.
    package var serialized: [UInt8] { serializedFigures(self) }

    /// - Throws: `Problem` for bytes that are not such a file.
    package init(serialized: [UInt8], path: String) throws(Problem) {
        self = try figures(
            EvaluationFigures.self, serialized: serialized, path: path,
            expected: "the evaluation that `legend-coordinator evaluate` writes beside a job's output",
            name: "the evaluation", version: Self.version,
            remedy: "`legend-coordinator evaluate` writes it anew, and without that file there is none")
    }
}
