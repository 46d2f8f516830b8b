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

    /// Why it cannot stand beside what a job measured of its margins; nil where it can.
    ///
    /// - Parameter trust: nil where nothing was measured.
    package func misfit(_ trust: TrustFigures?) -> String? {
        guard let trust else { return nil }
        let differences = [
            ("input", trust.run.inputSha256 ?? run.inputSha256, run.inputSha256),
            ("model", trust.run.modelSha256, run.modelSha256), ("template", trust.run.template, run.template),
            ("layer", "\(trust.run.layer)", "\(run.layer)"), ("token", trust.run.token, run.token),
        ].filter { $0.1 != $0.2 }.map(\.0)
        return differences.isEmpty
            ? nil
            : "the evaluation is of another \(differences.joined(separator: ", ")) than the annotated rows: `legend-coordinator evaluate` makes it anew"
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
        guard arms.allSatisfy({ 0 <= $0.low && $0.low <= $0.accuracy && $0.accuracy <= $0.high && $0.high <= 1 }) else {
            throw Problem("\(path): found the evaluation damaged: an accuracy with its interval that is none")
        }
    }
}
