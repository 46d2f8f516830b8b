internal import Margins
internal import Protocol

/// How far a job is, from what the ledger committed: counts, rates over the last half minute, time left.
struct JobProgress: Sendable {
    enum Phase: Hashable, Sendable {
        case stage(Stage)
        case fitting
        case writing
    }

    private struct Commit: Sendable {
        var at: MonotonicInstant
        var rows: Int
        var tokens: Int
    }

    /// Rates are means over this time.
    private static let window = Duration.seconds(30)

    /// Commits within this time are kept as one, so that memory does not grow with their rate.
    private static let grain = Duration.milliseconds(250)

    let job: String
    private(set) var phase = Phase.stage(.anchors)
    private var rowsDone = 0
    private var rowsFailed = 0
    private var ingestion = Ledger.Ingestion()
    private var recent: [Commit] = []
    private var firstCommit: MonotonicInstant?

    /// Of the rows that were committed since the coordinator started.
    private(set) var margins = MarginStatistics()

    init(job: String) {
        self.job = job
    }

    mutating func began(_ stage: Stage, ingestion: Ledger.Ingestion, tally: Ledger.Tally) {
        phase = .stage(stage)
        rowsDone = tally.rows
        rowsFailed = tally.failedRows
        recent = []
        firstCommit = nil
        ingested(ingestion, of: stage)
    }

    mutating func began(_ phase: Phase) {
        self.phase = phase
    }

    mutating func ingested(_ ingestion: Ledger.Ingestion, of stage: Stage) {
        guard phase == .stage(stage) else { return }
        self.ingestion = ingestion
    }

    mutating func committed(_ result: UnitResult, at now: MonotonicInstant) {
        rowsDone += result.rows.count
        rowsFailed += result.failures.count
        addMargins(of: result)
        firstCommit = firstCommit ?? now
        if let last = recent.last, last.at != firstCommit, now - last.at < Self.grain {
            recent[recent.count - 1].rows += result.rows.count
            recent[recent.count - 1].tokens += Int(result.tokensTotal)
        } else {
            recent.append(Commit(at: now, rows: result.rows.count, tokens: Int(result.tokensTotal)))
        }
    }

    /// Anchors are not projected, and have none.
    private mutating func addMargins(of result: UnitResult) {
        guard !result.directionDigest.isEmpty, let scores = try? result.values.doubles() else { return }
        let failed = Set(result.failures.map(\.item))
        for item in result.rows.indices where !failed.contains(item) && 2 * item + 1 < scores.count {
            margins.add(scores[2 * item] - scores[2 * item + 1])
        }
    }

    mutating func quarantined(in stage: Stage) {
        guard phase == .stage(stage) else { return }
        rowsDone += 1
        rowsFailed += 1
    }

    mutating func report(
        workers: [StatusReport.Worker], retries: UInt64, at now: MonotonicInstant
    ) -> StatusReport {
        recent.removeAll { now - $0.at > Self.window }
        var report = StatusReport()
        report.job = job
        report.stage = stageName
        report.rowsDone = UInt64(rowsDone)
        report.rowsTotal = UInt64(ingestion.rows)
        report.rowsTotalIsFinal = ingestion.isComplete
        report.rowsFailed = UInt64(rowsFailed)
        report.secondsElapsed = now.offset.seconds
        report.unitsRetried = retries
        report.workers = workers
        // The first commit only starts the clock: when the work on it began is not known here.
        let counted = recent.drop { $0.at == firstCommit }
        if let firstCommit, !counted.isEmpty {
            let seconds = min((now - firstCommit).seconds, Self.window.seconds)
            report.rowsPerSecond = Double(counted.reduce(0) { $0 + $1.rows }) / seconds
            report.tokensPerSecond = Double(counted.reduce(0) { $0 + $1.tokens }) / seconds
            if ingestion.isComplete, case .stage = phase {
                report.secondsLeft = Double(ingestion.rows - rowsDone) / report.rowsPerSecond
            }
        }
        return report
    }

    private var stageName: String {
        switch (phase, ingestion.phase) {
        case (.stage(let stage), .reading): "reading \(stage)"
        case (.stage(let stage), .sorting): "sorting \(stage)"
        case (.stage(.anchors), .complete): "embedding anchors"
        case (.stage(.rows), .complete): "annotating rows"
        case (.fitting, _): "fitting the direction"
        case (.writing, _): "writing the output"
        }
    }
}
