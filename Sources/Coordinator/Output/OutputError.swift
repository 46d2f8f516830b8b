/// The output file cannot be written.
package struct OutputError: Error, Hashable, Sendable, CustomStringConvertible {
    package let path: String
    /// What was being done, and the system's words for why it failed.
    package let problem: String

    package init(path: String, problem: String) {
        self.path = path
        self.problem = problem
    }

    package var description: String { "\(path): \(problem)" }
}
