package import Protocol

/// A status report as one line of text.
package struct ProgressText: Sendable {
    private let report: StatusReport
    private let hasWorkers: Bool

    /// - Parameter hasWorkers: whether it is work for them.
    package init(report: StatusReport, hasWorkers: Bool = true) {
        (self.report, self.hasWorkers) = (report, hasWorkers)
    }

    /// With a bar, for a terminal that is `width` characters wide.
    package func line(width: Int) -> String {
        // A narrow terminal has room for the numbers only.
        let bar = width < 80 ? "" : share.map { Self.bar($0, width: 20) + " " } ?? ""
        return String("\(report.step) \(bar)\(counts)\(rates)".prefix(max(width - 1, 0)))
    }

    /// Without one, for a log.
    package var plain: String { "\(report.step): \(counts)\(rates)" }

    private var share: Double? {
        guard report.rowsTotalIsFinal, report.rowsTotal > 0 else { return nil }
        return Double(report.rowsDone) / Double(report.rowsTotal)
    }

    private var counts: String {
        guard report.rowsTotalIsFinal else { return "\(report.rowsTotal)" }
        let percentage = share.map { " (\(Int(min($0, 1) * 100)) %)" } ?? ""
        let failed = report.rowsFailed > 0 ? ", \(report.rowsFailed) failed" : ""
        return "\(report.rowsDone)/\(report.rowsTotal)\(percentage)\(failed)"
    }

    private var rates: String {
        var parts: [String] = []
        if report.rowsPerSecond > 0 {
            parts.append("\(Self.short(report.rowsPerSecond)) rows/s")
            parts.append("\(Self.short(report.tokensPerSecond)) tokens/s")
        }
        if let left = report.secondsLeft { parts.append("\(Self.duration(left)) left") }
        if hasWorkers {
            let active = report.workers.count { $0.state == "ready" }
            let others = report.workers.count - active
            parts.append(
                "\(active) \(active == 1 ? "worker" : "workers")\(others > 0 ? " and \(others) not ready" : "")")
        }
        return parts.map { ", \($0)" }.joined()
    }

    /// Three significant digits.
    static func short(_ value: Double) -> String {
        guard value.isFinite else { return "?" }
        return switch value {
        case ..<10: "\(value.rounded(toPlaces: 2))"
        case ..<100: "\(value.rounded(toPlaces: 1))"
        case ..<10_000: "\(Int(value.rounded()))"
        default: "\((value / 1000).rounded(toPlaces: 1))k"
        }
    }

    /// `45 s`, `3:05`, `2:03:05`.
    package static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite else { return "?" }
        let total = Int(min(max(seconds, 0), 1e9).rounded())
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        if total < 60 { return "\(total) s" }
        if total < 3600 { return "\(total / 60):\(two(total % 60))" }
        return "\(total / 3600):\(two(total / 60 % 60)):\(two(total % 60))"
    }

    private static func bar(_ share: Double, width: Int) -> String {
        let full = Int((min(max(share, 0), 1) * Double(width)).rounded())
        return "▕" + String(repeating: "█", count: full) + String(repeating: "░", count: width - full) + "▏"
    }
}
