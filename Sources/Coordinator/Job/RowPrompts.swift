internal import Digest
internal import JobStore
internal import Protocol

/// Names a prompt, as it is rendered, in eight bytes. Line breaks at its end do not count: rows' and anchors' prompts differ
/// in them with `compat: legend`.
struct PromptDigest: Hashable, Sendable {
    private let value: UInt64

    /// - Parameter prompt: UTF-8.
    init(_ prompt: [UInt8]) {
        let end = prompt.lastIndex { $0 != UInt8(ascii: "\n") }.map { $0 + 1 } ?? 0
        value = SHA256Digest(of: Array(prompt[..<end])).bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// Which of a job's rows have the same prompt, as it is rendered, and which have one that the direction was fitted on.
struct RowPrompts: Sendable {
    /// Of each row, surveyed or not: those of the same number have the same prompt. Where all rows have one, each is a
    /// prompt of its own: nothing says that some resemble one another more than others.
    private(set) var numbers: [UInt64: Int] = [:]

    /// Rows whose scores are along a direction that was fitted on pairs of their prompt.
    private(set) var fitted: Set<UInt64> = []

    /// Anchors that a direction was fitted on.
    struct Anchors: Sendable {
        var step: StepID

        /// nil: all of the step.
        var rows: Set<UInt64>?
    }

    /// - Parameters:
    ///   - anchors: those that the direction was fitted on.
    ///   - isOwn: whether the surveyed rows are among what it was fitted on. Of these the scores are along directions that
    ///     never saw their prompts.
    /// - Throws: a database error.
    init(_ ledger: Ledger, anchors: [Anchors], isOwn: Bool) throws {
        var known: Set<PromptDigest> = []
        for anchors in anchors {
            try ledger.forEachTextByPrompt(of: [anchors.step]) { _, text in
                if anchors.rows?.contains(text.row) ?? true { known.insert(PromptDigest(text.prompt)) }
            }
        }
        var prompt: [UInt8]?
        var number = -1
        var (surveyed, rest): ([UInt64], [UInt64]) = ([], [])
        func endPrompt() {
            guard let prompt else { return }
            let isOfAnchors = !known.isEmpty && known.contains(PromptDigest(prompt))
            if isOfAnchors { fitted.formUnion(surveyed) }
            if isOfAnchors || isOwn && !surveyed.isEmpty { fitted.formUnion(rest) }
            (surveyed, rest) = ([], [])
        }
        try ledger.forEachTextByPrompt(of: [.survey, .rows]) { step, text in
            if text.prompt != prompt {
                endPrompt()
                (prompt, number) = (text.prompt, number + 1)
            }
            if step == .survey { surveyed.append(text.row) } else { rest.append(text.row) }
            numbers[text.row] = number
        }
        endPrompt()
        guard number == 0 else { return }
        for (number, row) in numbers.keys.sorted().enumerated() { numbers[row] = number }
        fitted = []
    }
}
