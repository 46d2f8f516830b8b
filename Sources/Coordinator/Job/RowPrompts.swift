internal import JobStore
internal import Protocol

/// Which of a job's rows have the same prompt, as it is rendered, and which have one that the direction was fitted on.
struct RowPrompts: Sendable {
    /// Of each row, surveyed or not: those of the same number have the same prompt. Where all rows have one, those with the
    /// same responses.
    private(set) var numbers: [UInt64: Int]

    /// Rows whose scores are along a direction that was fitted on pairs of their prompt.
    private(set) var fitted: Set<UInt64> = []

    /// - Parameters:
    ///   - pairs: what the direction was fitted on besides the surveyed rows.
    ///   - isOwn: whether the surveyed rows are among what it was fitted on. Of these the scores are along directions that
    ///     never saw their prompts.
    /// - Throws: a database error.
    init(_ ledger: Ledger, fittedOn pairs: FittedPrompts, isOwn: Bool) throws {
        let texts: [UInt64: PromptDigest]?
        (numbers, texts) = try ledger.rowPrompts(of: [.survey, .rows])
        var surveyed: Set<Int> = []
        if isOwn {
            for row in try ledger.rows(of: .survey) { if let number = numbers[row] { surveyed.insert(number) } }
        }
        guard !pairs.isEmpty || !surveyed.isEmpty else { return }
        var last: (prompt: [UInt8], digest: PromptDigest)?
        try ledger.forEachTextByPrompt(of: [.survey, .rows]) { step, text in
            let digest = last.flatMap { $0.prompt == text.prompt ? $0.digest : nil } ?? PromptDigest(text.prompt)
            last = (text.prompt, digest)
            let isSeen = step == .rows && numbers[text.row].map(surveyed.contains) ?? false
            if isSeen || pairs.contains(digest, text: texts?[text.row]) { fitted.insert(text.row) }
        }
    }
}
