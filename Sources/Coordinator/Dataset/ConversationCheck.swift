/// What a row's conversation must be besides readable, such as one that a model's chat template takes.
package struct ConversationCheck: Hashable, Sendable {
    /// Checks of one name are the same.
    private let name: String
    private let problem: @Sendable (ResponsePair) -> String?

    /// - Parameters:
    ///   - name: what is checked.
    ///   - problem: what is wrong with a row, without its place; nil: nothing.
    package init(_ name: String, problem: @escaping @Sendable (ResponsePair) -> String?) {
        self.name = name
        self.problem = problem
    }

    package static func == (left: ConversationCheck, right: ConversationCheck) -> Bool { left.name == right.name }
    package func hash(into hasher: inout Hasher) { hasher.combine(name) }

    func check(_ pair: ResponsePair) throws(RowProblem) {
        if let problem = problem(pair) { throw .refused(problem) }
    }
}
