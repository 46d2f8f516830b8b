package import Protocol

/// A status report as a page of text: the job, then a line for each worker.
package struct StatusText: Sendable {
    private let report: StatusReport

    package init(report: StatusReport) { self.report = report }

    package var text: String {
        let elapsed = ProgressText.duration(report.secondsElapsed)
        var lines = ["job \(report.job), \(elapsed) since the coordinator started", ProgressText(report: report).plain]
        if !report.precision.isEmpty {
            let reason = report.numericsReason.isEmpty ? "" : ": \(report.numericsReason)"
            lines.append("computing in \(report.precision), attention in \(report.attention)\(reason)")
        }
        if let heldOut = report.heldOut {
            lines.append(
                """
                direction: \(heldOut.share.percent) of \(heldOut.pairs) pairs on its right side when held out \
                (95 % interval: \(heldOut.low.percent) to \(heldOut.high.percent))
                """)
        }
        if let trust = try? TrustFigures(serialized: Array(report.trust.utf8), path: "the status") {
            lines += trust.lines
        }
        lines += report.warnings.map { "warning: \($0)" }
        if report.unitsRetried > 0 { lines.append("units given out again: \(report.unitsRetried)") }
        if report.messagesDropped > 0 { lines.append("messages dropped: \(report.messagesDropped) (see the log)") }
        guard !report.workers.isEmpty else { return (lines + ["no workers"]).joined(separator: "\n") }
        let header = ["WORKER", "HOST", "STATE", "LANES", "HELD", "DONE", "TOKENS/S", "HEARD"]
        return (lines + [""] + TextTable.lines([header] + report.workers.map(Self.cells))).joined(separator: "\n")
    }

    private static func cells(_ worker: StatusReport.Worker) -> [String] {
        [
            worker.worker, worker.host, worker.state, "\(worker.lanes)", "\(worker.unitsHeld)", "\(worker.unitsDone)",
            ProgressText.short(worker.tokensPerSecond), "\(ProgressText.duration(worker.secondsSinceHeard)) ago",
        ]
    }
}
