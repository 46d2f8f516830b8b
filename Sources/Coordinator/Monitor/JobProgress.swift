internal import JobStore
internal import Margins
internal import Protocol
internal import Scheduling

/// How far a job is, from what the ledger committed: counts, rates over the last half minute, time left.
struct JobProgress: Sendable {
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

    /// What a person is shown; nil before the first one.
    private(set) var step: Pipeline.Step?
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

    /// - Parameters:
    ///   - ingestion: of a step of the workers.
    ///   - tally: of a step of the workers.
    mutating func began(_ step: Pipeline.Step, ingestion: Ledger.Ingestion, tally: Ledger.Tally) {
        self.step = step
        guard step.workStep != nil else { return }
        rowsDone = tally.rows
        rowsFailed = tally.failedRows
        recent = []
        firstCommit = nil
        ingested(ingestion, of: step.id)
    }

    mutating func ingested(_ ingestion: Ledger.Ingestion, of step: StepID) {
        guard self.step?.id == step else { return }
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
        guard result.output.work == .project, let scores = try? result.output.values.doubles(),
            result.responseCounts.allSatisfy({ $0 == 2 }), scores.count == result.textCount
        else { return }
        let failed = Set(result.failures.map(\.item))
        for item in result.rows.indices where !failed.contains(item) {
            margins.add(scores[2 * item] - scores[2 * item + 1])
        }
    }

    mutating func quarantined(in step: StepID) {
        guard self.step?.id == step else { return }
        rowsDone += 1
        rowsFailed += 1
    }

    mutating func report(
        workers: [StatusReport.Worker], retries: UInt64, at now: MonotonicInstant
    ) -> StatusReport {
        recent.removeAll { now - $0.at > Self.window }
        var report = StatusReport()
        report.job = job
        report.step = stepText
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
            if ingestion.isComplete, step?.workStep != nil {
                report.secondsLeft = Double(ingestion.rows - rowsDone) / report.rowsPerSecond
            }
        }
        return report
    }

    private var stepText: String {
        guard let step else { return "" }
        return switch (step.work, ingestion.phase) {
        case (.units, .reading): "reading \(step.name)"
        case (.units, .sorting): "sorting \(step.name)"
        case (.units(let work, _), .complete):
            switch work {
            case .embed: "embedding \(step.name)"
            case .project: "annotating \(step.name)"
            default: "computing \(step.name)"
            }
        case (.local(.fitDirection), _): "fitting the \(step.name)"
        case (.local(.writeOutput), _): "writing the \(step.name)"
        }
    }
}
