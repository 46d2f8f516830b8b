package import Margins
package import Protocol

/// How far a job is, from what the ledger committed: counts, rates over the last half minute, time left.
package struct JobProgress: Sendable {
    /// A step as a person is told of it.
    package struct Step: Hashable, Sendable {
        package enum Work: Hashable, Sendable {
            case units(WorkKind)

            /// The coordinator's own; with what it does, as in `fitting the`.
            case local(doing: String)
        }

        package let id: StepID
        package let name: String
        package let work: Work

        package init(id: StepID, name: String, work: Work) {
            self.id = id
            self.name = name
            self.work = work
        }
    }

    /// How far the reading of a step's file has come.
    package struct Input: Hashable, Sendable {
        package enum Phase: Hashable, Sendable {
            case reading, sorting, complete
        }

        package var phase: Phase
        package var rows: Int

        package init(phase: Phase = .reading, rows: Int = 0) {
            self.phase = phase
            self.rows = rows
        }
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

    private let job: String

    /// What a person is shown; nil before the first one.
    package private(set) var step: Step?
    private var rowsDone = 0
    private var rowsFailed = 0
    private var input = Input()
    private var recent: [Commit] = []
    private var firstCommit: MonotonicInstant?

    /// Of the rows that were committed since the coordinator started.
    package private(set) var margins = MarginStatistics()

    /// Whether a row's margin is told by its results alone: not where its category decides which of several directions it is
    /// along.
    package var countsMargins = true

    package init(job: String) {
        self.job = job
    }

    /// - Parameters:
    ///   - rowsDone: of a step of the workers, failed ones included.
    ///   - rowsFailed: of a step of the workers.
    package mutating func began(_ step: Step, input: Input, rowsDone: Int, rowsFailed: Int) {
        self.step = step
        guard case .units = step.work else { return }
        self.rowsDone = rowsDone
        self.rowsFailed = rowsFailed
        recent = []
        firstCommit = nil
        self.input = input
    }

    package mutating func read(_ input: Input, of step: StepID) {
        guard self.step?.id == step else { return }
        self.input = input
    }

    package mutating func committed(_ result: UnitResult, at now: MonotonicInstant) {
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
        guard countsMargins, result.output.work == .project, let scores = try? result.output.values.doubles(),
            result.responseCounts.allSatisfy({ $0 == 2 }), result.textCount > 0
        else { return }
        // A text's score is the first of its numbers; its standard error may follow.
        let perText = scores.count / result.textCount
        let failed = Set(result.failures.map(\.item))
        for item in result.rows.indices where !failed.contains(item) {
            margins.add(scores[2 * item * perText] - scores[(2 * item + 1) * perText])
        }
    }

    package mutating func quarantined(in step: StepID) {
        guard self.step?.id == step else { return }
        rowsDone += 1
        rowsFailed += 1
    }

    package mutating func report(
        workers: [StatusReport.Worker], retries: UInt64, at now: MonotonicInstant
    ) -> StatusReport {
        recent.removeAll { now - $0.at > Self.window }
        var report = StatusReport()
        report.job = job
        report.step = stepText
        report.rowsDone = UInt64(rowsDone)
        report.rowsTotal = UInt64(input.rows)
        report.rowsTotalIsFinal = input.phase == .complete
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
            if input.phase == .complete, case .units = step?.work {
                report.secondsLeft = Double(input.rows - rowsDone) / report.rowsPerSecond
            }
        }
        return report
    }

    private var stepText: String {
        guard let step else { return "" }
        return switch (step.work, input.phase) {
        case (.units, .reading): "reading \(step.name)"
        case (.units, .sorting): "sorting \(step.name)"
        case (.units(let work), .complete):
            switch work {
            case .embed: "embedding \(step.name)"
            case _ where work.generation != nil: "generating \(step.name)"
            case .project: "annotating \(step.name)"
            default: "computing \(step.name)"
            }
        case (.local(let doing), _): "\(doing) \(step.name)"
        }
    }
}
