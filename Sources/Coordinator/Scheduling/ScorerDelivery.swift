internal import Protocol

/// How far the job's scorer has come on its way to one worker. It may have tens of megabytes: no second copy is sent while
/// one may be on its way.
///
/// On a connection that holds nothing gets lost that was sent, so that it is sent once for each. The time after which it
/// counts as lost all the same grows with its size and with each copy: it is for what we do not know of.
struct ScorerDelivery: Hashable, Sendable {
    private enum State: Hashable, Sendable {
        /// Not sent, or lost with its connection. Next: sent. An acknowledgement may be that of an earlier life of the job.
        case due

        /// So many copies on this connection, the last one then. Next: one more, acknowledged, or due where the connection
        /// breaks.
        case sent(copies: Int, since: MonotonicInstant)

        /// The worker has it, and keeps it for as long as its process and the job last.
        case acknowledged
    }

    private var state = State.due

    var isAcknowledged: Bool { state == .acknowledged }

    func isDue(byteCount: Int, at now: MonotonicInstant, _ policy: Scheduler.Policy) -> Bool {
        switch state {
        case .due: true
        case .sent(let copies, let since):
            now - since >= Self.limit(byteCount: byteCount, copies: copies, policy)
        case .acknowledged: false
        }
    }

    private static func limit(byteCount: Int, copies: Int, _ policy: Scheduler.Policy) -> Duration {
        let first = allowance(byteCount: byteCount, policy)
        return max(first, min(first * (1 << min(copies - 1, 20)), policy.scorerLostMax))
    }

    /// How long one copy may take.
    static func allowance(byteCount: Int, _ policy: Scheduler.Policy) -> Duration {
        policy.scorerLost + policy.scorerLostPerMiB * (Double(byteCount) / Double(1 << 20))
    }

    mutating func sent(at now: MonotonicInstant) {
        let copies = if case .sent(let copies, _) = state { copies } else { 0 }
        state = .sent(copies: copies + 1, since: now)
    }

    mutating func acknowledged() {
        switch state {
        case .due, .acknowledged: break
        case .sent: state = .acknowledged
        }
    }

    /// The connection is broken, or another one.
    mutating func mayBeLost() {
        switch state {
        case .due, .sent: state = .due
        case .acknowledged: break
        }
    }

    /// Lets a time in which nobody was listened to count for nothing.
    mutating func shiftClocks(by gap: Duration) {
        switch state {
        case .due, .acknowledged: break
        case .sent(let copies, let since): state = .sent(copies: copies, since: since + gap)
        }
    }
}
