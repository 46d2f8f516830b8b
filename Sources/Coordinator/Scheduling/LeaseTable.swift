package import Protocol

/// Where each unit of the open steps is, and who holds it: the one place that says so. Pure accounting; whom to give a
/// unit, and when to give one up, is decided elsewhere.
///
/// A unit is in one state at a time, and all that follows from a change of state (its place in the queue, its workers'
/// hands) is done where the state changes.
package struct LeaseTable: Sendable {
    package struct Unit: Sendable {
        package enum State: Hashable, Sendable {
            /// In its step's queue. Next: leased; or settling, where a late result arrives; or gone.
            case queued

            /// Held by these workers; two where the second is speculative. Next: queued or settling; or gone.
            case leased([PeerID])

            /// Its outcome is on its way to the ledger. Next: gone; or queued, where the ledger does not take it.
            case settling
        }

        package fileprivate(set) var summary: UnitSummary
        package let step: WorkStep
        package fileprivate(set) var state = State.queued

        /// The number of the last attempt that was given out.
        package fileprivate(set) var attempts: UInt32
        fileprivate var failed: [FailedAttempt] = []

        /// Whether an attempt failed on the worker of this name.
        package func hasFailed(on worker: String) -> Bool { failed.contains { $0.worker == worker } }
    }

    fileprivate struct FailedAttempt: Hashable, Sendable {
        let worker: String
        let attempt: UInt32
    }

    struct OpenStep: Sendable {
        let step: WorkStep
        var queue = UnitQueue()
    }

    /// The steps that have begun and are not complete, in the order in which their units are given out.
    private(set) var openSteps: [OpenStep] = []

    /// All units that are fetched and not settled.
    private var units: [UnitID: Unit] = [:]

    /// Of those workers that ever held a unit.
    private var hands: [PeerID: Hand] = [:]

    package init() {}

    package subscript(id: UnitID) -> Unit? { units[id] }

    package subscript(peer: PeerID) -> Hand { hands[peer] ?? Hand() }

    /// All units of a step, in no order.
    func units(of step: StepID) -> some Sequence<Unit> { units.values.lazy.filter { $0.step.id == step } }
}

// MARK: - Steps

extension LeaseTable {
    package mutating func open(_ step: WorkStep) {
        precondition(index(of: step.id) == nil, "a step began before it ended")
        openSteps.append(OpenStep(step: step))
        openSteps.sort { $0.step.id < $1.step.id }
    }

    /// Takes units in that the ledger returned, ascending by id; with `isLast`, no other one will come.
    ///
    /// - Returns: whether there is a step for them.
    package mutating func enqueue(_ summaries: [UnitSummary], of step: StepID, isLast: Bool) -> Bool {
        guard let index = index(of: step) else { return false }
        let new = summaries.filter { units[$0.id] == nil }
        for summary in new {
            units[summary.id] = Unit(
                summary: summary, step: openSteps[index].step, attempts: UInt32(clamping: summary.failures))
        }
        openSteps[index].queue.fetched(new.map(\.id), upTo: summaries.last?.id, isLast: isLast)
        return true
    }

    /// Which steps' queues want more units, and after which one.
    package mutating func beginFetches(below limit: Int) -> [(step: StepID, after: UnitID)] {
        openSteps.indices.compactMap { index in
            openSteps[index].queue.beginFetch(below: limit).map { (openSteps[index].step.id, $0) }
        }
    }

    /// The ledger has units that an earlier fetch could not return.
    package mutating func mayFetchAgain(_ step: StepID) {
        if let index = index(of: step) { openSteps[index].queue.mayFetchAgain() }
    }

    /// Notes which units of a step take long.
    mutating func note(slow: [UnitID], of step: StepID) {
        if let index = index(of: step) { openSteps[index].queue.slow = slow }
    }

    /// Closes the steps all of whose units are settled, but those of which `mayClose` says no.
    package mutating func closeComplete(where mayClose: (WorkStep) -> Bool) -> [StepID] {
        let complete = openSteps.filter { $0.queue.isComplete && mayClose($0.step) }.map(\.step.id)
        openSteps.removeAll { complete.contains($0.step.id) }
        return complete
    }

    private func index(of step: StepID) -> Int? { openSteps.firstIndex { $0.step.id == step } }

    private mutating func withQueue(of unit: Unit, _ body: (inout UnitQueue) -> Void) {
        guard let index = index(of: unit.step.id) else { preconditionFailure("\(unit.step.name) closed too early") }
        body(&openSteps[index].queue)
    }
}

// MARK: - The states of a unit

extension LeaseTable {
    /// Gives a worker the next attempt at a unit: its only one, or a speculative one beside another worker's.
    package mutating func lease(_ id: UnitID, to peer: PeerID, isAhead: Bool, at now: MonotonicInstant) -> Lease {
        units[id]?.attempts += 1
        let lease = Lease(unit: id, attempt: units[id]?.attempts ?? 0)
        give(lease, to: peer, isAhead: isAhead, at: now)
        return lease
    }

    /// Leaves a queued unit with a worker that holds it from an earlier life of the coordinator, or by a lease that it
    /// lost.
    package mutating func adopt(
        _ held: WorkerMessage.HeldUnit, by peer: PeerID, isAhead: Bool, at now: MonotonicInstant
    ) {
        precondition(units[held.lease.unit]?.state == .queued, "\(held.lease) is not to be had")
        units[held.lease.unit]?.attempts.raise(to: held.lease.attempt)
        give(held.lease, to: peer, isAhead: isAhead, at: now)
        if held.isEmbedded { _ = hands[peer]?.embedded(held.lease) }
    }

    private mutating func give(_ lease: Lease, to peer: PeerID, isAhead: Bool, at now: MonotonicInstant) {
        guard let unit = units[lease.unit] else { preconditionFailure("\(lease) is of no unit") }
        switch unit.state {
        case .queued:
            withQueue(of: unit) { $0.remove(lease.unit) }
            units[lease.unit]?.state = .leased([peer])
        case .leased(let holders):
            withQueue(of: unit) { $0.isNotSlow(lease.unit) }
            units[lease.unit]?.state = .leased(holders + [peer])
        case .settling: preconditionFailure("\(lease) is of a unit that is settling")
        }
        hands[peer, default: Hand()].take(unit.summary, attempt: lease.attempt, isAhead: isAhead, at: now)
    }

    /// Takes a lease away. A unit that nobody else holds is the next one in its queue.
    ///
    /// - Returns: the lease; nil where the worker had none of the unit.
    package mutating func release(_ id: UnitID, of peer: PeerID) -> Lease? {
        guard let held = hands[peer]?.giveUp(id) else { return nil }
        guard let unit = units[id], case .leased(let holders) = unit.state else {
            preconditionFailure("\(id) is held and not leased")
        }
        let others = holders.filter { $0 != peer }
        units[id]?.state = others.isEmpty ? .queued : .leased(others)
        if others.isEmpty { withQueue(of: unit) { $0.putBack(id) } }
        return Lease(unit: id, attempt: held.attempt)
    }

    /// Counts a failed attempt, each one once: a worker may come back with it and be lost again.
    ///
    /// - Returns: whether it was not counted before.
    package mutating func countFailure(of lease: Lease, on worker: String) -> Bool {
        let attempt = FailedAttempt(worker: worker, attempt: lease.attempt)
        guard let unit = units[lease.unit], !unit.failed.contains(attempt) else { return false }
        units[lease.unit]?.failed.append(attempt)
        units[lease.unit]?.summary.failures += 1
        return true
    }

    /// The unit's outcome is on its way to the ledger: nobody is to compute it any more.
    ///
    /// - Returns: what was taken from whom.
    package mutating func beginSettling(_ id: UnitID) -> [(peer: PeerID, lease: Lease)] {
        let taken = takeFromAll(id)
        units[id]?.state = .settling
        return taken
    }

    /// The unit's outcome was none: it is the next one in its queue.
    ///
    /// - Returns: whether it was settling.
    package mutating func returnToQueue(_ id: UnitID) -> Bool {
        guard let unit = units[id], unit.state == .settling else { return false }
        units[id]?.state = .queued
        withQueue(of: unit) { $0.putBack(id) }
        return true
    }

    /// The unit is gone.
    ///
    /// - Returns: what was taken from whom.
    package mutating func remove(_ id: UnitID) -> [(peer: PeerID, lease: Lease)] {
        let taken = takeFromAll(id)
        if let unit = units.removeValue(forKey: id) { withQueue(of: unit) { $0.unitsOpen -= 1 } }
        return taken
    }

    /// The unit is in no queue and no hand when this returns.
    private mutating func takeFromAll(_ id: UnitID) -> [(peer: PeerID, lease: Lease)] {
        guard let unit = units[id] else { return [] }
        switch unit.state {
        case .queued:
            withQueue(of: unit) { $0.remove(id) }
            return []
        case .leased(let holders):
            return holders.map { peer in
                guard let held = hands[peer]?.giveUp(id) else { preconditionFailure("\(id) is leased and not held") }
                return (peer, Lease(unit: id, attempt: held.attempt))
            }
        case .settling: return []
        }
    }
}

// MARK: - Workers

extension LeaseTable {
    /// What a worker says of a unit in its hands.
    ///
    /// - Returns: whether the unit has come further.
    package mutating func progressed(_ unit: WorkerMessage.HeldUnit, of peer: PeerID) -> Bool {
        hands[peer]?.progressed(unit) ?? false
    }

    /// - Returns: whether that is news.
    package mutating func embedded(_ lease: Lease, of peer: PeerID) -> Bool { hands[peer]?.embedded(lease) ?? false }

    /// The worker has another connection now.
    package mutating func move(from old: PeerID, to new: PeerID) {
        guard old != new, let hand = hands.removeValue(forKey: old) else { return }
        precondition(self[new].isEmpty, "\(new) is another worker's")
        hands[new] = hand
        for id in hand.leases.keys {
            guard case .leased(let holders) = units[id]?.state else { preconditionFailure("\(id) is not leased") }
            units[id]?.state = .leased(holders.map { $0 == old ? new : $0 })
        }
    }

    /// The worker is gone. Its leases were released before.
    package mutating func forget(_ peer: PeerID) {
        precondition(self[peer].isEmpty, "\(peer) still holds units")
        hands[peer] = nil
    }

    /// Lets a time in which nobody was listened to count for nothing.
    mutating func shiftClocks(by gap: Duration) {
        for peer in hands.keys { hands[peer]!.shiftClocks(by: gap) }
    }
}

extension LeaseTable {
    /// What must hold after every change; each broken rule as a sentence. For tests: what follows from a unit's state is
    /// written where the state is, and nowhere else.
    package func brokenInvariants() -> [String] {
        var broken: [String] = []
        for (step, queue) in openSteps.map({ ($0.step, $0.queue) }) {
            let queued = units.values.filter { $0.step.id == step.id && $0.state == .queued }.map(\.summary.id)
            if queue.waiting.sorted() != queued.sorted() { broken.append("\(step.name): \(queue.waiting) ≠ \(queued)") }
            let count = units.values.count { $0.step.id == step.id }
            if queue.unitsOpen != count { broken.append("\(step.name): \(queue.unitsOpen) open units, not \(count)") }
        }
        var holders: [UnitID: Set<PeerID>] = [:]
        for (peer, hand) in hands {
            for id in hand.leases.keys { holders[id, default: []].insert(peer) }
            let inWork = hand.leases.values.count { !$0.isEmbedded }
            let ahead = hand.leases.values.reduce(0) { $0 + ($1.isAhead ? $1.texts : 0) }
            if (hand.unitsInWork, hand.textsAhead) != (inWork, ahead) { broken.append("\(peer): miscounted") }
        }
        for (id, unit) in units {
            let peers: [PeerID] = if case .leased(let peers) = unit.state { peers } else { [] }
            let held = holders.removeValue(forKey: id) ?? []
            if Set(peers) != held || peers.count != held.count { broken.append("\(id): \(peers) ≠ \(held)") }
        }
        if !holders.isEmpty { broken.append("held and unknown: \(holders.keys.sorted())") }
        return broken
    }
}

extension UInt32 {
    fileprivate mutating func raise(to other: UInt32) { self = Swift.max(self, other) }
}
