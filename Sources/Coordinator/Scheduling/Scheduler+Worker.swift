internal import Protocol

extension Scheduler {
    /// What the scheduler knows of a worker.
    struct Worker: Sendable {
        enum State: Hashable, Sendable {
            /// Said hello; loads the model. Next: ready, or refused and gone.
            case loading

            /// Takes units. Next: draining, stalled, or gone.
            case ready

            /// Lost its units for want of progress. Next: ready once its hands are empty or a result comes, or gone.
            case stalled

            /// Takes no more units. Next: gone.
            case draining
        }

        var hello: WorkerMessage.Hello
        var state = State.loading

        /// False while its connection is broken: it keeps what it holds, for it may be back before it counts as lost.
        var isReachable = true
        var credit = 0
        var rowsAheadMax = 0
        var acknowledgedDirection: String?
        private(set) var leases: [UnitID: HeldLease] = [:]

        /// Leases that take up credit: all but those that are embedded.
        private(set) var unitsInWork = 0

        /// Rows of leases that the worker took without having the direction.
        private(set) var rowsAhead = 0

        /// Whether it holds embedded units, of a life of the coordinator before this one, that are not fetched yet.
        var holdsUnfetched = false
        var lastHeard: MonotonicInstant
        var lastProgress: MonotonicInstant
        private(set) var unitsDone: UInt64 = 0
        private(set) var tokensDone: UInt64 = 0
        var readyAt: MonotonicInstant?

        /// Since when another process of this name asks to join.
        var rivalSince: MonotonicInstant?

        /// Since the last result.
        private var failures = 0

        /// Before then it gets no units.
        private(set) var restsUntil = MonotonicInstant.zero

        init(hello: WorkerMessage.Hello, at now: MonotonicInstant) {
            self.hello = hello
            lastHeard = now
            lastProgress = now
        }

        var name: String { hello.worker }
        var sortedLeases: [Lease] { leases.map { Lease(unit: $0.key, attempt: $0.value.attempt) }.sorted() }
    }

    struct HeldLease: Hashable, Sendable {
        var attempt: UInt32
        var since: MonotonicInstant
        var tokens: UInt64 = 0
        var rows: Int

        /// Taken without the direction.
        var isAhead: Bool

        /// The result waits for the direction only.
        var isEmbedded = false
    }
}

extension Scheduler.Worker {
    mutating func take(_ unit: UnitSummary, attempt: UInt32, isAhead: Bool, at now: MonotonicInstant) {
        leases[unit.id] = .init(attempt: attempt, since: now, rows: unit.rows, isAhead: isAhead)
        unitsInWork += 1
        if isAhead { rowsAhead += unit.rows }
    }

    /// Takes a lease away; nil where the worker has none of the unit.
    mutating func giveUp(_ id: UnitID) -> Scheduler.HeldLease? {
        guard let lease = leases.removeValue(forKey: id) else { return nil }
        if !lease.isEmbedded { unitsInWork -= 1 }
        if lease.isAhead { rowsAhead -= lease.rows }
        return lease
    }

    mutating func embedded(_ lease: Lease, at now: MonotonicInstant) {
        guard let held = leases[lease.unit], held.attempt == lease.attempt, held.isAhead, !held.isEmbedded else {
            return
        }
        leases[lease.unit]?.isEmbedded = true
        unitsInWork -= 1
        madeProgress(at: now)
    }

    /// Takes what a heartbeat says of one unit.
    mutating func progressed(_ unit: WorkerMessage.HeldUnit, at now: MonotonicInstant) {
        let id = unit.lease.unit
        guard let lease = leases[id], lease.attempt == unit.lease.attempt else { return }
        if unit.tokens > lease.tokens { madeProgress(at: now) }
        leases[id]?.tokens = unit.tokens
        if unit.isEmbedded { embedded(unit.lease, at: now) }
    }

    mutating func succeeded(_ result: UnitResult, at now: MonotonicInstant) {
        madeProgress(at: now)
        unitsDone += 1
        tokensDone += result.tokensTotal
        failures = 0
    }

    private mutating func madeProgress(at now: MonotonicInstant) {
        lastProgress = now
        if state == .stalled { state = .ready }
    }

    /// From the third failure in a row on, the worker rests: 1 s, 2 s, 4 s … `restMax`. A bad row fails on any worker,
    /// and a bad worker is not to use up the attempts of all rows.
    mutating func failed(at now: MonotonicInstant, restMax: Duration) {
        failures += 1
        guard failures >= 3 else { return }
        restsUntil = now + min(.seconds(1 << min(failures - 3, 20)), restMax)
    }

    mutating func shiftClocks(by gap: Duration) {
        lastHeard = lastHeard + gap
        lastProgress = lastProgress + gap
        rivalSince = rivalSince.map { $0 + gap }
        leases = leases.mapValues { lease in
            var lease = lease
            lease.since = lease.since + gap
            return lease
        }
    }

    /// What must hold at any time; each broken rule as a sentence.
    func brokenInvariants() -> [String] {
        var broken: [String] = []
        if unitsInWork != leases.values.count(where: { !$0.isEmbedded }) { broken.append("units in work miscounted") }
        if rowsAhead != leases.values.reduce(0, { $0 + ($1.isAhead ? $1.rows : 0) }) {
            broken.append("rows ahead miscounted")
        }
        return broken
    }
}
