import Margins
import Monitoring
import Protocol
import Testing

@Suite struct JobProgressTests {
    private static let rows = JobProgress.Step(id: StepID(3), name: "rows", work: .units(.project))

    private func at(_ seconds: Double) -> MonotonicInstant { MonotonicInstant(offset: .seconds(seconds)) }

    private func result(rows: Int, tokens: UInt64) -> UnitResult {
        UnitResult(
            lease: Lease(unit: UnitID(1), attempt: 1), rows: (0..<UInt64(rows)).map { $0 },
            responseCounts: Array(repeating: 1, count: rows),
            output: .states(Tensor([Float](repeating: 0, count: rows), shape: [rows, 1, 1])), tokensTotal: tokens)
    }

    @Test func whileTheInputIsReadAndSortedItIsNotKnownHowManyRowsThereAre() {
        var progress = JobProgress(job: "demo")
        progress.began(Self.rows, input: .init(), rowsDone: 0, rowsFailed: 0)
        func report() -> StatusReport { progress.report(workers: [], retries: 0, at: .zero) }
        progress.read(.init(phase: .reading, rows: 4096), of: StepID(3))
        #expect(report().step == "reading rows" && report().rowsTotal == 4096 && !report().rowsTotalIsFinal)
        progress.read(.init(phase: .sorting, rows: 4096), of: StepID(3))
        #expect(report().step == "sorting rows" && !report().rowsTotalIsFinal)
        progress.read(.init(phase: .complete, rows: 4096), of: StepID(3))
        #expect(report().step == "annotating rows" && report().rowsTotalIsFinal)
        progress.began(
            .init(id: StepID(1), name: "anchors", work: .units(.embed)), input: .init(), rowsDone: 0, rowsFailed: 0)
        // Of the step that is shown, and of no other.
        progress.read(.init(phase: .complete, rows: 4096), of: StepID(3))
        #expect(report().step == "reading anchors" && report().rowsTotal == 0)
        progress.read(.init(phase: .complete, rows: 7), of: StepID(1))
        #expect(report().step == "embedding anchors" && report().rowsTotal == 7)
        progress.began(
            .init(id: StepID(2), name: "direction", work: .local(doing: "fitting the")), input: .init(), rowsDone: 0,
            rowsFailed: 0)
        #expect(report().step == "fitting the direction")
    }

    @Test func aStepThatIsGoneOnWithBeginsWithWhatIsDone() {
        var progress = JobProgress(job: "demo")
        progress.began(Self.rows, input: .init(phase: .complete, rows: 10), rowsDone: 6, rowsFailed: 1)
        progress.quarantined(in: StepID(3))
        progress.quarantined(in: StepID(1))
        let report = progress.report(workers: [], retries: 0, at: .zero)
        #expect(report.rowsDone == 7 && report.rowsFailed == 2)
    }

    @Test func ratesAndTheTimeLeftComeFromCommitsOfTheLastHalfMinute() {
        var progress = JobProgress(job: "demo")
        progress.began(Self.rows, input: .init(phase: .complete, rows: 100), rowsDone: 0, rowsFailed: 0)
        progress.committed(result(rows: 10, tokens: 1000), at: at(10))
        let first = progress.report(workers: [], retries: 0, at: at(10))
        #expect(first.rowsPerSecond == 0)
        for second in 11...20 { progress.committed(result(rows: 2, tokens: 300), at: at(Double(second))) }
        let report = progress.report(workers: [], retries: 5, at: at(20))
        #expect(report.rowsDone == 30 && report.rowsTotal == 100 && report.unitsRetried == 5)
        #expect(abs(report.rowsPerSecond - 2) < 1e-9 && abs(report.tokensPerSecond - 300) < 1e-9)
        #expect(abs((report.secondsLeft ?? 0) - 35) < 1e-9)
        // Half a minute without a commit: no rate, and no guess.
        let later = progress.report(workers: [], retries: 5, at: at(60))
        #expect(later.rowsPerSecond == 0 && later.secondsLeft == nil)
    }

    @Test func marginsAreThoseOfTheRowsAlone() {
        var progress = JobProgress(job: "x")
        progress.began(Self.rows, input: .init(), rowsDone: 0, rowsFailed: 0)
        var result = UnitResult(
            lease: Lease(unit: UnitID(1), attempt: 1), rows: [0, 1, 2], responseCounts: [2, 2, 2],
            output: .scores(Tensor([1, 2, 5, 1, 0, 0] as [Double], shape: [6, 1]), scorer: "d"),
            failures: [.init(item: 2, reason: "too long")])
        progress.committed(result, at: at(0))
        #expect(progress.margins.count == 2 && progress.margins.negativeCount == 1)
        result.output = .states(Tensor([1, 2, 5, 1, 0, 0] as [Float], shape: [6, 1, 1]))
        progress.committed(result, at: at(0))
        #expect(progress.margins.count == 2)
    }

    @Test func standardErrorsAreNoScores() {
        var progress = JobProgress(job: "x")
        progress.began(Self.rows, input: .init(), rowsDone: 0, rowsFailed: 0)
        let result = UnitResult(
            lease: Lease(unit: UnitID(1), attempt: 1), rows: [0, 1], responseCounts: [2, 2],
            output: .scores(Tensor([1, 9, 2, 0.5, 5, 9, 1, 0.5] as [Double], shape: [4, 2]), scorer: "d"))
        progress.committed(result, at: at(0))
        #expect(progress.margins.count == 2 && progress.margins.negativeCount == 1)
        #expect(progress.margins.minimum == -1 && progress.margins.maximum == 4)
    }
}
