/// A dataset file that cannot be read at all, or whose columns nobody understands: the job does not start, or stops.
///
/// What is wrong with a single row is a ``RowError``, and never stops anything.
package struct DatasetError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file, as the caller named it.
    package let path: String
    /// What was expected and what was found.
    package let problem: String

    package init(path: String, problem: String) {
        self.path = path
        self.problem = problem
    }

    package var description: String { "\(path): \(problem)" }
}
