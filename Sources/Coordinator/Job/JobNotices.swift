internal import Dataset
internal import JobStore
internal import Margins
internal import Protocol

/// What is odd about a job's rows and margins, for whoever would trust them: a sentence each.
struct JobNotices: Sendable {
    /// Whether control tokens that the rows spell are read as such.
    let readsControlTokens: Bool

    /// Of each step that reads a file, in the order of the steps.
    private var files: [(step: WorkStep, notices: RowNotices, unread: Int, records: Int)] = []

    init(readsControlTokens: Bool) { self.readsControlTokens = readsControlTokens }

    /// - Returns: the sentences about that step's rows.
    /// - Throws: `Problem` where the ledger's notes of them are damaged.
    @discardableResult
    mutating func read(_ ingestion: Ledger.Ingestion, of step: WorkStep) throws -> [String] {
        let notices = try ingestion.notices()
        files.removeAll { $0.step.id == step.id }
        let unread = ingestion.isComplete ? ingestion.records - ingestion.rows : 0
        files.append((step, notices, unread, ingestion.records))
        files.sort { $0.step.id < $1.step.id }
        return lines(of: step.id)
    }

    /// - Parameter margins: all that there are so far.
    func lines(margins: MarginStatistics) -> [String] {
        var lines = files.map(\.step.id).flatMap(lines)
        if margins.isMostlyNegative {
            lines.append(
                """
                \(margins.negativeCount) of \(margins.count) margins are below 0: are the two sides swapped, in the \
                anchors (harmless, harmful) or in the rows (chosen, rejected)?
                """)
        }
        return lines
    }

    private func lines(of step: StepID) -> [String] {
        guard let file = files.first(where: { $0.step.id == step }) else { return [] }
        var lines: [String] = []
        // Of rows that are annotated, those that cannot be read are in the errors file.
        if file.step.work == .embed, file.unread > 0 {
            lines.append("\(file.unread) of \(file.records) cannot be read; validate says why")
        }
        lines += file.notices.lines(readsControlTokens: readsControlTokens)
        return lines.map { "\(file.step.name): \($0)" }
    }
}
