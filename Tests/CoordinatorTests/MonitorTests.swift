import DatasetFixtures
import Foundation
import JobStore
import JobStoreFixtures
import Protocol
import Testing

@testable import Coordinator

/// What a person reads of a running job.
struct MonitorTests {
    private func report(_ change: (inout StatusReport) -> Void = { _ in }) -> StatusReport {
        var report = StatusReport()
        report.job = "demo"
        report.step = "annotating rows"
        report.rowsDone = 110
        report.rowsTotal = 220
        report.rowsTotalIsFinal = true
        report.rowsPerSecond = 38.14
        report.tokensPerSecond = 12_345
        report.secondsLeft = 185
        report.workers = [worker("a", "ready"), worker("b", "loading")]
        change(&report)
        return report
    }

    private func worker(_ name: String, _ state: String, rate: Double = 0) -> StatusReport.Worker {
        .init(
            worker: name, host: "host", state: state, lanes: 2, unitsHeld: 4, unitsDone: 17, tokensPerSecond: rate,
            secondsSinceHeard: 0.4)
    }

    @Test func aPlainLineHasCountsRatesTheTimeLeftAndWorkers() {
        #expect(
            ProgressText(report: report()).plain
                == "annotating rows: 110/220 (50 %), 38.1 rows/s, 12.3k tokens/s, 3:05 left, 1 worker and 1 not ready")
    }

    @Test func droppedMessagesAreShownWhereThereAreAny() {
        #expect(!StatusText(report: report()).text.contains("dropped"))
        #expect(
            StatusText(report: report { $0.messagesDropped = 12 }).text.contains("messages dropped: 12 (see the log)"))
    }

    @Test func whatDecidesHowFarNumbersCanBeTrustedIsShown() {
        let plain = StatusText(report: report()).text
        #expect(!plain.contains("computing in") && !plain.contains("direction:") && !plain.contains("warning:"))
        let text = StatusText(
            report: report {
                $0.precision = "bf16"
                $0.attention = "f32"
                $0.numericsReason = "measured on a: bf16 is 1.50 times as fast"
                $0.heldOut = .init(pairs: 72, groups: 72, right: 54, low: 0.64, high: 0.836)
                $0.warnings = ["model.gguf: it looks old"]
            }
        ).text
        #expect(text.contains("computing in bf16, attention in f32: measured on a: bf16 is 1.50 times as fast\n"))
        #expect(
            text.contains(
                """
                direction: 75.0 % of 72 anchor pairs on its right side when held out (95 % interval: 64.0 % to 83.6 %)

                """))
        #expect(text.contains("\nwarning: model.gguf: it looks old\n"))
    }

    @Test func whileTheInputIsReadAndSortedThereIsNoShareOfRowsThatAreDone() {
        var progress = JobProgress(job: "demo")
        var ingestion = Ledger.Ingestion()
        progress.began(.test(.rows), ingestion: ingestion, tally: .init())
        func plain() -> String { ProgressText(report: progress.report(workers: [], retries: 0, at: .zero)).plain }
        ingestion.rows = 4096
        progress.ingested(ingestion, of: .rows)
        #expect(plain() == "reading rows: 4096, 0 workers")
        ingestion.phase = .sorting
        progress.ingested(ingestion, of: .rows)
        #expect(plain() == "sorting rows: 4096, 0 workers")
        ingestion.phase = .complete
        progress.ingested(ingestion, of: .rows)
        #expect(plain() == "annotating rows: 0/4096 (0 %), 0 workers")
        progress.began(.test(.anchors), ingestion: .init(), tally: .init())
        progress.ingested(ingestion, of: .rows)
        #expect(plain() == "reading anchors: 0, 0 workers")
    }

    @Test(arguments: [0, 1, 10, 40, 80, 200]) func aLineNeverWrapsTheTerminal(_ width: Int) {
        #expect(ProgressText(report: report()).line(width: width).count <= max(width - 1, 0))
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, 1e300, -5])
    func foreignNumbersAreShownAndNeverTrap(_ number: Double) {
        let strange = report {
            $0.rowsPerSecond = number
            $0.tokensPerSecond = number
            $0.secondsLeft = number
            $0.secondsElapsed = number
            $0.rowsDone = .max
            $0.workers = [worker("a", "ready", rate: number)]
        }
        #expect(StatusText(report: strange).text.contains("annotating rows"))
    }

    @Test(arguments: [(0.2, "0 s"), (59.4, "59 s"), (60, "1:00"), (185, "3:05"), (7385, "2:03:05")])
    func durationsReadAsPeopleWriteThem(_ seconds: Double, _ text: String) {
        #expect(ProgressText.duration(seconds) == text)
    }

    @Test func theStatusPageAlignsItsColumns() {
        let lines = StatusText(report: report()).text.split(separator: "\n")
        let header = lines.firstIndex { $0.hasPrefix("WORKER") }!
        let column = lines[header].distance(
            from: lines[header].startIndex, to: lines[header].range(of: "STATE")!.lowerBound)
        for (line, state) in zip(lines[(header + 1)...], ["ready", "loading"]) {
            #expect(line.dropFirst(column).hasPrefix(state))
        }
    }

    // MARK: Progress

    private func result(rows: Int, tokens: UInt64) throws -> UnitResult {
        UnitResult(
            lease: Lease(unit: UnitID(1), attempt: 1), rows: (0..<UInt64(rows)).map { $0 },
            responseCounts: Array(repeating: 1, count: rows),
            output: .states(Tensor([Float](repeating: 0, count: rows), shape: [rows, 1, 1])), tokensTotal: tokens)
    }

    @Test func ratesAndTheTimeLeftComeFromCommitsOfTheLastHalfMinute() throws {
        var progress = JobProgress(job: "demo")
        var ingestion = Ledger.Ingestion()
        ingestion.rows = 100
        ingestion.phase = .complete
        progress.began(.test(.rows), ingestion: ingestion, tally: .init())
        func at(_ seconds: Double) -> MonotonicInstant { MonotonicInstant(offset: .seconds(seconds)) }
        progress.committed(try result(rows: 10, tokens: 1000), at: at(10))
        #expect(progress.report(workers: [], retries: 0, at: at(10)).rowsPerSecond == 0)
        for second in 11...20 { progress.committed(try result(rows: 2, tokens: 300), at: at(Double(second))) }
        let report = progress.report(workers: [], retries: 5, at: at(20))
        #expect(report.rowsDone == 30 && report.rowsTotal == 100 && report.unitsRetried == 5)
        #expect(abs(report.rowsPerSecond - 2) < 1e-9 && abs(report.tokensPerSecond - 300) < 1e-9)
        #expect(abs((report.secondsLeft ?? 0) - 35) < 1e-9)
        // Half a minute without a commit: no rate, and no guess.
        let later = progress.report(workers: [], retries: 5, at: at(60))
        #expect(later.rowsPerSecond == 0 && later.secondsLeft == nil)
    }

    // MARK: This machine

    @Test func aMachineOfTwoNodesBindsAWorkerToEach() throws {
        let folder = try DatasetFolder()
        for (node, list) in [("node0/cpulist", "0-3\n"), ("node1/cpulist", "4-7\n"), ("node2/cpulist", "\n")] {
            try folder.createFolder(String(node.prefix(5)))
            try folder.write(list, to: node)
        }
        let machine = MachineTopology(nodesAt: folder.url.path, allowed: "1-5")
        #expect(machine.nodes == ["1,2,3", "4,5"] && machine.workerCount == 2)
        #expect(machine.binding(ofWorker: 1, of: 2) == ["/usr/bin/taskset", "-c", "4,5"])
        #expect(MachineTopology(nodesAt: folder.url.path, allowed: "0-2").nodes == ["0,1,2"])
        #expect(machine.binding(ofWorker: 0, of: 3) == [])
    }

    @Test func aMachineThatListsNoNodesIsOne() throws {
        let machine = MachineTopology(nodesAt: try DatasetFolder().url.path)
        #expect(machine.workerCount == 1 && machine.coreCount > 0)
        #expect(machine.binding(ofWorker: 0, of: 1) == [])
    }
}
