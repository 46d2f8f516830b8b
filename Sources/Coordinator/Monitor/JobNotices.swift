internal import Margins
internal import Protocol

/// What is odd about a job's rows and margins, for whoever would trust them: a sentence each.
struct JobNotices: Hashable, Sendable {
    /// Whether control tokens that the rows spell are read as such.
    let readsControlTokens: Bool
    private var rows: [Stage: RowNotices] = [:]

    init(readsControlTokens: Bool) { self.readsControlTokens = readsControlTokens }

    /// - Returns: the sentences about that stage's rows.
    @discardableResult
    mutating func read(_ ingestion: Ledger.Ingestion, of stage: Stage) -> [String] {
        rows[stage] = ingestion.notices
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
        rows[stage]?.lines(readsControlTokens: readsControlTokens).map { "\(stage): \($0)" } ?? []
    }
}
