internal import JobConfiguration

/// What is wrong with a job, collected, so that a person hears of all at once.
struct ProblemList {
    private var sentences: [String] = []

    var isEmpty: Bool { sentences.isEmpty }

    /// Each of them once.
    var error: ConfigurationError { ConfigurationError(problems: sentences.uniqued()) }

    mutating func add(_ sentences: [String]) { self.sentences += sentences }

    /// - Parameter source: what a problem is of that does not say so itself.
    /// - Returns: nil where `body` throws, which is a problem.
    mutating func attempt<Value>(of source: String? = nil, _ body: () throws -> Value) -> Value? {
        do {
            return try body()
        } catch {
            sentences.append((source.map { "\($0): " } ?? "") + "\(error)")
            return nil
        }
    }
}
