internal import JobStore
internal import Protocol

/// Which of a job's rows have the same prompt, as it is rendered, and which have one that the direction was fitted on.
struct RowPrompts: Sendable {
    /// Of each row, surveyed or not: those of the same number have the same prompt, and of a prompt that most rows have, the
    /// same responses, too.
    private(set) var numbers: [UInt64: Int]

    /// Rows whose scores are along a direction that was fitted on pairs of their prompt.
    private(set) var fitted: Set<UInt64> = []

    /// - Parameters:
    ///   - common: the prompt that most rows have.
    ///   - pairs: what the direction was fitted on besides the surveyed rows.
    ///   - isOwn: whether the surveyed rows are among what it was fitted on. Of these the scores are along directions that
    ///     never saw their prompts.
    /// - Throws: a database error, or `Problem` for a text that is damaged.
    init(_ ledger: Ledger, common: PromptDigest?, fittedOn pairs: FittedPrompts, isOwn: Bool) throws {
        let texts: [UInt64: PromptDigest]
        (numbers, texts) = try ledger.rowPrompts(of: [.survey, .rows], common: common)
        var surveyed: Set<Int> = []
        if isOwn {
            for row in try ledger.rows(of: .survey) { if let number = numbers[row] { surveyed.insert(number) } }
        }
        guard !pairs.isEmpty || !surveyed.isEmpty else { return }
        try ledger.forEachPrompt(of: [.survey, .rows]) { step, row, prompt in
            let isSeen = step == .rows && numbers[row].map(surveyed.contains) ?? false
            if isSeen || pairs.contains(prompt, text: texts[row]) { fitted.insert(row) }
        }
    }
}
