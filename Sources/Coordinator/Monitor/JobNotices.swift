internal import Margins
internal import Protocol

/// What is odd about a job's rows and margins, for whoever would trust them: a sentence each.
struct JobNotices: Sendable {
    /// Whether control tokens that the rows spell are read as such.
    let readsControlTokens: Bool
    private var rows: [Stage: RowNotices] = [:]
    /// Anchors that cannot be read, and all that there are.
    private var unreadAnchors = (count: 0, of: 0)

    init(readsControlTokens: Bool) { self.readsControlTokens = readsControlTokens }

    /// - Returns: the sentences about that stage's rows.
    @discardableResult
    mutating func read(_ ingestion: Ledger.Ingestion, of stage: Stage) -> [String] {
        rows[stage] = ingestion.notices
        // Rows that cannot be read are in the errors file.
        if stage == .anchors, ingestion.isComplete {
            unreadAnchors = (ingestion.records - ingestion.rows, ingestion.records)
        }
        return lines(of: stage)
    }

    /// - Parameter margins: all that there are so far.
    func lines(margins: MarginStatistics) -> [String] {
        var lines = Stage.allCases.flatMap(lines)
        if margins.isMostlyNegative {
            lines.append(
                """
                \(margins.negativeCount) of \(margins.count) margins are below 0: are the two sides swapped, in the \
                anchors (harmless, harmful) or in the rows (chosen, rejected)?
                """)
        }
        return lines
    }

    private func lines(of stage: Stage) -> [String] {
        var lines: [String] = []
        if stage == .anchors, unreadAnchors.count > 0 {
            lines.append("\(unreadAnchors.count) of \(unreadAnchors.of) cannot be read; validate says why")
        }
        lines += rows[stage]?.lines(readsControlTokens: readsControlTokens) ?? []
        return lines.map { "\(stage): \($0)" }
    }
}
