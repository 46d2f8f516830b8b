import Foundation
import Protocol
import Testing

@testable import Reports

/// What a person reads of a running job.
@Suite struct StatusTextTests {
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
                direction: 75.0 % of 72 pairs on its right side when held out (95 % interval: 64.0 % to 83.6 %)

                """))
        #expect(text.contains("\nwarning: model.gguf: it looks old\n"))
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
}
