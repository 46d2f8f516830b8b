internal import CommandLineTool
internal import Foundation
package import Logging
package import Protocol
internal import Synchronization

/// Standard error, shared by log lines and the progress line: on a terminal the latter stays at the bottom and is
/// redrawn in place; elsewhere it becomes a plain line now and then.
package final class Console: Sendable {
    private struct State {
        var progressLine = ""
        var lastPlain: (step: String, at: ContinuousClock.Instant)?
    }

    private static let plainInterval = Duration.seconds(10)

    private let isTerminal: Bool
    private let showsProgress: Bool
    private let state = Mutex(State())

    package init(showsProgress: Bool) {
        isTerminal = isatty(STDERR_FILENO) == 1
        self.showsProgress = showsProgress
    }

    package func show(_ report: StatusReport) { show(report, hasWorkers: true) }

    /// Of what the coordinator does without workers.
    package func show(step: String, done: Int, of total: Int) {
        var report = StatusReport()
        report.step = step
        report.rowsDone = UInt64(done)
        report.rowsTotal = UInt64(total)
        report.rowsTotalIsFinal = true
        show(report, hasWorkers: false)
    }

    private func show(_ report: StatusReport, hasWorkers: Bool) {
        guard showsProgress else { return }
        let text = ProgressText(report: report, hasWorkers: hasWorkers)
        state.withLock { state in
            if isTerminal {
                let line = text.line(width: Self.terminalWidth)
                guard line != state.progressLine else { return }
                state.progressLine = line
                StandardError.write("\r\u{1B}[K" + line)
            } else {
                let now = ContinuousClock.now
                if let last = state.lastPlain, last.step == report.step, now - last.at < Self.plainInterval { return }
                state.lastPlain = (report.step, now)
                StandardError.write(text.plain + "\n")
            }
        }
    }

    /// Takes the progress line away.
    package func endProgress() {
        state.withLock { state in
            if !state.progressLine.isEmpty { StandardError.write("\r\u{1B}[K") }
            state.progressLine = ""
        }
    }

    fileprivate func log(_ line: String) {
        state.withLock { state in
            if state.progressLine.isEmpty {
                StandardError.write(line + "\n")
            } else {
                StandardError.write("\r\u{1B}[K" + line + "\n" + state.progressLine)
            }
        }
    }

    private static var terminalWidth: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}

/// Log lines that a person reads: time, level, message, values.
package struct ConsoleLogHandler: LogHandler {
    private let console: Console
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level = .info

    package init(_ console: Console) {
        self.console = console
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let values = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
            .map { "\($0.key)=\(Self.quotedIfNeeded("\($0.value)"))" }
        let level = event.level >= .warning ? "\(event.level): " : ""
        console.log(([Self.time(), level + event.message.description] + values).joined(separator: "  "))
    }

    private static func quotedIfNeeded(_ value: String) -> String {
        value.contains(" ") && !value.hasPrefix("\"") ? "\"\(value)\"" : value
    }

    /// Local time of day.
    private static func time() -> String {
        var now = time_t(Date().timeIntervalSince1970)
        var parts = tm()
        localtime_r(&now, &parts)
        return [parts.tm_hour, parts.tm_min, parts.tm_sec].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
    }
}
