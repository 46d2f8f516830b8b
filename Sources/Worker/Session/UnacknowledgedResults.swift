internal import Protocol

/// Results that the coordinator has not acknowledged, and which of them is sent again.
///
/// Results are acknowledged in the order in which they were sent: one that was sent before an acknowledged one is lost.
struct UnacknowledgedResults: Sendable {
    private struct Entry: Sendable {
        var result: UnitResult

        /// The number of its last sending; 0 where it was not sent.
        var sending: UInt64 = 0
    }

    /// In the order of their completion.
    private var entries: [Entry] = []
    private var sendings: UInt64 = 0

    /// When a result was sent in want of acknowledgements, or acknowledged, last.
    private var lastNews = MonotonicInstant.zero

    var held: [WorkerMessage.HeldUnit] {
        entries.map { .init(lease: $0.result.lease, tokens: $0.result.tokensTotal) }
    }

    mutating func add(_ result: UnitResult, at now: MonotonicInstant) {
        if entries.isEmpty { lastNews = now }
        entries.append(Entry(result: result))
    }

    /// The one that was added last, to be sent.
    mutating func sendNewest() -> UnitResult { send(entries.count - 1) }

    /// All, to be sent to a coordinator that has just said yes.
    mutating func sendAll(at now: MonotonicInstant) -> [UnitResult] {
        lastNews = now
        return entries.indices.map { send($0) }
    }

    /// - Returns: where `mayResend`, one that is lost, to be sent again: no more are on their way then than were before.
    mutating func acknowledge(_ lease: Lease, at now: MonotonicInstant, mayResend: Bool) -> UnitResult? {
        guard let index = entries.firstIndex(where: { $0.result.lease == lease }) else { return nil }
        lastNews = now
        let sending = entries.remove(at: index).sending
        guard mayResend, let oldest, entries[oldest].sending < sending else { return nil }
        return send(oldest)
    }

    /// One at a time, and none while others are acknowledged: on a slow link the first copies are still on their way,
    /// and more of them would only delay them.
    mutating func resendOldest(after interval: Duration, at now: MonotonicInstant) -> UnitResult? {
        guard let oldest, now - lastNews >= interval else { return nil }
        lastNews = now
        return send(oldest)
    }

    mutating func remove(_ lease: Lease) { entries.removeAll { $0.result.lease == lease } }

    /// The one that waits longest for being acknowledged.
    private var oldest: Int? { entries.indices.min { entries[$0].sending < entries[$1].sending } }

    private mutating func send(_ index: Int) -> UnitResult {
        sendings += 1
        entries[index].sending = sendings
        return entries[index].result
    }
}
