internal import Protocol

// Who gets which unit next.

extension Scheduler {
    /// Whose room for units may have changed since the last event.
    enum Candidates: Sendable {
        case these([PeerID])
        case anybody
    }

    mutating func noteRoom(of peer: PeerID) {
        guard case .these(let peers) = candidates, !peers.contains(peer) else { return }
        candidates = .these(peers + [peer])
    }

    mutating func assign(at now: MonotonicInstant, _ actions: inout [Action]) {
        let some =
            switch candidates {
            case .these(let peers): peers
            case .anybody: workers.peers
            }
        candidates = .these([])
        guard leases.openSteps.contains(where: \.queue.hasWork) else { return }
        // One unit a worker and round, so that a short queue is spread over all.
        var open = some.filter { hasRoom($0, at: now) }
        while !open.isEmpty {
            let round = open
            open.removeAll { peer in
                guard let next = nextUnit(for: peer, among: round) else { return true }
                lease(next.id, to: peer, at: now, &actions)
                if next.isSpeculative {
                    actions.append(.note(.speculated(next.id, worker: workers[peer]?.name ?? "")))
                }
                return !hasRoom(peer, at: now)
            }
        }
    }

    private mutating func lease(_ id: UnitID, to peer: PeerID, at now: MonotonicInstant, _ actions: inout [Action]) {
        guard let unit = leases[id] else { preconditionFailure("\(id) is unknown") }
        // An idle worker's clock starts now.
        if leases[peer].unitsInWork == 0, stallLimit(of: peer) == nil { workers[peer]?.lastProgress = now }
        actions.append(.assign(leases.lease(id, to: peer, isAhead: isAhead(unit.step, peer), at: now), to: peer))
    }

    private func hasRoom(_ peer: PeerID, at now: MonotonicInstant) -> Bool {
        guard let worker = workers[peer] else { return false }
        let hand = leases[peer]
        return worker.state == .ready && worker.isReachable && now - worker.lastHeard <= policy.silence / 2
            && now >= worker.restsUntil && hand.unitsInWork < worker.credit
            && !hand.leases.contains { !$0.value.isEmbedded && isOnLastAttempt($0.key) }
    }

    private func nextUnit(for peer: PeerID, among open: [PeerID]) -> (id: UnitID, isSpeculative: Bool)? {
        for (index, candidate) in leases.openSteps.enumerated() {
            // What the scorer waits for, and is to have a worker to itself, waits for one that has nothing else in work.
            if isAhead(candidate.step, peer),
                leases.openSteps[..<index].contains(where: { $0.queue.waiting.contains(where: isOnLastAttempt) })
            {
                continue
            }
            let queue = candidate.queue
            if let id = queue.waiting.first(where: { suits($0, peer, among: open) }), fits(id, peer) {
                return (id, false)
            }
            if let id = queue.slow.first(where: { speculates(on: $0, peer) }) { return (id, true) }
        }
        return nil
    }

    /// Whether a queued unit is one for this worker: it did not fail on it before, or failed on all that could take it.
    private func suits(_ id: UnitID, _ peer: PeerID, among open: [PeerID]) -> Bool {
        guard let unit = leases[id] else { return false }
        if leases[peer].unitsInWork > 0, isOnLastAttempt(id) { return false }
        func hasFailed(on peer: PeerID) -> Bool { workers[peer].map { unit.hasFailed(on: $0.name) } ?? false }
        return !hasFailed(on: peer) || open.allSatisfy(hasFailed)
    }

    /// Whether the worker would embed the step's units without being able to project them.
    func isAhead(_ step: WorkStep, _ peer: PeerID) -> Bool {
        step.work.needsScorer
            && (scorer == nil || workers[peer]?.scorerDelivery.isAcknowledged != true)
    }

    /// Whether the worker has room for the vectors of a unit that it would embed ahead.
    private func fits(_ id: UnitID, _ peer: PeerID) -> Bool {
        guard let unit = leases[id], let worker = workers[peer], isAhead(unit.step, peer) else { return true }
        return !worker.holdsUnfetched && hasRoomAhead(for: unit.summary, worker, on: peer)
    }

    func hasRoomAhead(for unit: UnitSummary, _ worker: WorkerState, on peer: PeerID) -> Bool {
        let hand = leases[peer]
        return hand.textsAhead + unit.texts <= worker.textsAheadMax && hand.leases.count < policy.unitsAheadMax
    }

    func isOnLastAttempt(_ id: UnitID) -> Bool {
        guard let failures = leases[id]?.summary.failures else { return false }
        return failures > 0 && failures + 1 >= policy.attemptsMax
    }

    // MARK: Second copies

    /// At the end of a step: the units that take longer than most, the longest running first, for second copies.
    func slowUnits(of step: LeaseTable.OpenStep, at now: MonotonicInstant) -> [UnitID] {
        guard step.queue.isLastFetched, step.queue.waiting.isEmpty, computed.units > 0 else { return [] }
        let threshold = max(policy.speculationAfter, computed.duration / computed.units * 2)
        let slow = leases.units(of: step.step.id).compactMap { unit -> (since: MonotonicInstant, id: UnitID)? in
            guard let lease = onlyLease(of: unit), now - lease.since > threshold else { return nil }
            return (lease.since, unit.summary.id)
        }
        return slow.sorted { ($0.since, $0.id) < ($1.since, $1.id) }.map(\.id)
    }

    /// The lease of a unit that one worker computes.
    private func onlyLease(of unit: LeaseTable.Unit) -> Hand.HeldLease? {
        guard case .leased(let holders) = unit.state, holders.count == 1,
            let lease = leases[holders[0]].leases[unit.summary.id], !lease.isEmbedded
        else { return nil }
        return lease
    }

    /// Whether the worker may compute a slow unit too. All wait for the last of those that the scorer is fitted on;
    /// any other one is worth an idle worker.
    private func speculates(on id: UnitID, _ peer: PeerID) -> Bool {
        guard let unit = leases[id], onlyLease(of: unit) != nil, leases[peer].leases[id] == nil, fits(id, peer)
        else { return false }
        return leases[peer].unitsInWork == 0 || !unit.step.work.needsScorer && !isOnLastAttempt(id)
    }
}
