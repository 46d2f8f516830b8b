package import Protocol

/// What one worker holds.
package struct Hand: Sendable {
    package struct HeldLease: Hashable, Sendable {
        package let attempt: UInt32

        /// When the worker was given it.
        package fileprivate(set) var since: MonotonicInstant

        /// Computed, as of the worker's last heartbeat.
        package fileprivate(set) var tokens: UInt64 = 0
        package let texts: Int

        /// Taken without the scorer.
        package let isAhead: Bool

        /// The result waits for the scorer only.
        package fileprivate(set) var isEmbedded = false
    }

    package private(set) var leases: [UnitID: HeldLease] = [:]

    /// Leases that take up credit: all but those that are embedded.
    package private(set) var unitsInWork = 0

    /// Texts of leases that the worker took without having the scorer.
    package private(set) var textsAhead = 0

    package init() {}

    package var isEmpty: Bool { leases.isEmpty }
    package var sorted: [Lease] { leases.map { Lease(unit: $0.key, attempt: $0.value.attempt) }.sorted() }

    package func holds(_ lease: Lease) -> Bool { leases[lease.unit]?.attempt == lease.attempt }

    mutating func take(_ unit: UnitSummary, attempt: UInt32, isAhead: Bool, at now: MonotonicInstant) {
        precondition(leases[unit.id] == nil, "\(unit.id) is taken twice")
        leases[unit.id] = HeldLease(attempt: attempt, since: now, texts: unit.texts, isAhead: isAhead)
        unitsInWork += 1
        if isAhead { textsAhead += unit.texts }
    }

    /// Takes a lease away; nil where there is none of the unit.
    mutating func giveUp(_ id: UnitID) -> HeldLease? {
        guard let lease = leases.removeValue(forKey: id) else { return nil }
        if !lease.isEmbedded { unitsInWork -= 1 }
        if lease.isAhead { textsAhead -= lease.texts }
        return lease
    }

    /// - Returns: whether that is news.
    mutating func embedded(_ lease: Lease) -> Bool {
        guard let held = leases[lease.unit], held.attempt == lease.attempt, held.isAhead, !held.isEmbedded else {
            return false
        }
        leases[lease.unit]?.isEmbedded = true
        unitsInWork -= 1
        return true
    }

    /// Takes what a heartbeat says of one unit.
    ///
    /// - Returns: whether the unit has come further.
    mutating func progressed(_ unit: WorkerMessage.HeldUnit) -> Bool {
        guard let lease = leases[unit.lease.unit], lease.attempt == unit.lease.attempt else { return false }
        leases[unit.lease.unit]?.tokens = unit.tokens
        let isNewlyEmbedded = unit.isEmbedded && embedded(unit.lease)
        return isNewlyEmbedded || unit.tokens > lease.tokens
    }

    mutating func shiftClocks(by gap: Duration) {
        for id in leases.keys { leases[id]!.since = leases[id]!.since + gap }
    }
}
