internal import JobConfiguration
internal import Logging
internal import Margins
internal import Monitoring
internal import Protocol
internal import Reports
internal import Scheduling
internal import Transport

// What the operator reads.

extension CoordinatorService {
    /// What a status says of how far the numbers can be trusted.
    func describeNumbers(in report: inout StatusReport) {
        if let numerics = loop.scheduler.numerics {
            report.precision = numerics.precision.rawValue
            report.attention = numerics.attention.rawValue
            report.numericsReason = numerics.reason
        } else if let model {
            report.precision = model.precision.rawValue
            report.attention = model.attention.rawValue
        }
        report.warnings = (model?.namedWarnings ?? []) + notices.lines(margins: progress.margins)
        job.describe(in: &report)
    }

    func log(_ note: Scheduler.Note) {
        switch note {
        case .joined(let worker, let host, let lanes):
            logger.info("a worker joined", metadata: ["worker": "\(worker)", "host": "\(host)", "lanes": "\(lanes)"])
        case .rejoined(let worker): logger.info("a worker is back", metadata: ["worker": "\(worker)"])
        case .ready(let worker, let build):
            logger.info("a worker is ready", metadata: ["worker": "\(worker)", "numerics": "\(build)"])
        case .choseNumerics(let numerics):
            logger.info(
                "chose what the job computes in",
                metadata: [
                    "precision": "\(numerics.precision)", "attention": "\(numerics.attention)",
                    "reason": "\(numerics.reason)",
                ])
        case .refused(let worker, let reason):
            logger.error("refused a worker", metadata: ["worker": "\(worker)", "reason": "\(reason)"])
        case .turnedAway(let worker, let reason):
            logger.warning("turned a worker away", metadata: ["worker": "\(worker)", "reason": "\(reason)"])
        case .draining(let worker): logger.info("a worker is leaving", metadata: ["worker": "\(worker)"])
        case .left(let worker, let reason):
            logger.info("a worker left", metadata: ["worker": "\(worker)", "reason": "\(reason)"])
        case .lost(let worker, let units, let reason):
            logger.warning(
                "lost a worker", metadata: ["worker": "\(worker)", "reason": "\(reason)", "unitsReturned": "\(units)"])
        case .stalled(let worker, let units):
            logger.warning(
                "a worker makes no progress", metadata: ["worker": "\(worker)", "unitsReturned": "\(units)"])
        case .attemptFailed(let lease, let worker, let reason):
            logger.warning(
                "an attempt failed", metadata: ["unit": "\(lease)", "worker": "\(worker)", "reason": "\(reason)"])
        case .speculated(let unit, let worker):
            logger.info("a slow unit is computed twice", metadata: ["unit": "\(unit)", "worker": "\(worker)"])
        case .invalidResult(let lease, let worker, let reason):
            logger.warning(
                "dropped an invalid result",
                metadata: ["unit": "\(lease)", "worker": "\(worker)", "reason": "\(reason)"])
        }
    }

    func report(_ turnedAway: TurnedAway) {
        for refused in turnedAway.keys {
            logger.warning(
                "refused a key that is not allowed",
                metadata: [
                    "key": "\(refused.key?.text ?? "none")", "address": "\(refused.address)",
                    "attempts": "\(refused.attempts)",
                ])
        }
        func warn(_ message: Logger.Message, _ count: Int, _ metadata: Logger.Metadata = [:]) {
            if count > 0 { logger.warning(message, metadata: metadata.merging(["count": "\(count)"]) { $1 }) }
        }
        warn("refused further keys that are not allowed", turnedAway.moreKeys)
        let isKeyed = job.access != nil
        warn(
            isKeyed
                ? "refused connections without a key, or with another coordinator's public key"
                : "refused connections that ask for a key, or are none of legend",
            turnedAway.mismatches)
        if turnedAway.incomplete > 0 {
            logger.debug("connections ended before they were made", metadata: ["count": "\(turnedAway.incomplete)"])
        }
        warn("dropped messages of connections whose key is not allowed any more", turnedAway.revoked)
        warn(
            "dropped messages beyond what a worker has to say", turnedAway.messages,
            ["peer": "\(turnedAway.peer?.description ?? "")"])
    }
}
