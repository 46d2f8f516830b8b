internal import JobStore
internal import Protocol

/// Which of a job's rows have the same prompt, as it is rendered, and which have one that the direction was fitted on.
struct RowPrompts: Sendable {
    /// Of each row, surveyed or not: those of the same number have the same prompt. Where all rows have one, each is a
    /// prompt of its own: nothing says that some resemble one another more than others.
    private(set) var numbers: [UInt64: Int] = [:]

    /// Rows whose scores are along a direction that was fitted on pairs of their prompt.
    private(set) var fitted: Set<UInt64> = []

    /// - Parameters:
    ///   - anchors: the steps of those that the direction was fitted on.
    ///   - isOwn: whether the surveyed rows are among what it was fitted on. Of these the scores are along directions that
    ///     never saw their prompts.
    /// - Throws: a database error.
    init(_ ledger: Ledger, anchors: [StepID], isOwn: Bool) throws {
        var prompt: [UInt8]?
        var number = -1
        var (surveyed, rest): ([UInt64], [UInt64]) = ([], [])
        var isOfAnchors = false
        func endPrompt() {
            if isOfAnchors { fitted.formUnion(surveyed) }
            if isOfAnchors || isOwn && !surveyed.isEmpty { fitted.formUnion(rest) }
            (surveyed, rest, isOfAnchors) = ([], [], false)
        }
        try ledger.forEachTextByPrompt(of: anchors + [.survey, .rows]) { step, text in
            if text.prompt != prompt {
                endPrompt()
                (prompt, number) = (text.prompt, number + 1)
            }
            switch step {
            case .survey: surveyed.append(text.row)
            case .rows: rest.append(text.row)
            default: return isOfAnchors = true
            }
            numbers[text.row] = number
        }
        endPrompt()
        guard Set(numbers.values).count == 1 else { return }
        for (number, row) in numbers.keys.sorted().enumerated() { numbers[row] = number }
        fitted = []
    }
}
