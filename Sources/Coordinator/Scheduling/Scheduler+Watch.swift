internal import Protocol

// Who is silent, and who does not come further. Silence and slowness are different things: a heartbeat shows that a worker
// lives, progress that it computes.

extension Scheduler {
    mutating func heed(
        _ heartbeat: WorkerMessage.Heartbeat, from peer: PeerID, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        guard let worker = workers[peer] else { return }
        guard heartbeat.epoch == worker.hello.epoch else {
            return actions.append(.send(.whoAreYou, to: peer))
        }
        for unit in heartbeat.held where leases.progressed(unit, of: peer) { workers[peer]?.madeProgress(at: now) }
        if heartbeat.draining, workers[peer]?.drains() == true {
            actions.append(.note(.draining(worker: worker.name)))
        }
        if heartbeat.held.isEmpty { workers[peer]?.handsAreEmpty() }
        workers[peer]?.holdsUnfetched = false
        // It would keep them until the end of the job.
        if worker.isAccepted { adopt(heartbeat.held.filter(\.isEmbedded), by: peer, at: now, &actions) }
        takeBackWhatWasLost(of: peer, held: Set(heartbeat.held.map(\.lease)), at: now, &actions)
        sendScorerIfDue(to: peer, at: now, &actions)
        actions.append(.send(.heartbeatReply, to: peer))
    }

    /// An assignment that the worker does not list, though it was sent long ago, never arrived.
    private mutating func takeBackWhatWasLost(
        of peer: PeerID, held: Set<Lease>, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        let hand = leases[peer]
        for lease in hand.sorted.reversed() where !held.contains(lease) {
            guard let since = hand.leases[lease.unit]?.since, now - since > policy.assignmentLost else { continue }
            actions.append(.send(.revoked(lease), to: peer))
            release(lease.unit, of: peer, failure: nil, &actions)
        }
    }

    mutating func watch(at now: MonotonicInstant, _ actions: inout [Action]) {
        for peer in workers.peers {
            guard let worker = workers[peer] else { continue }
            if now - worker.lastHeard > policy.silence {
                lose(peer, because: "it was silent for \(Int((now - worker.lastHeard).seconds)) s", &actions)
            } else if let limit = stallLimit(of: peer), now - worker.lastProgress > limit {
                let held = leases[peer].sorted
                actions.append(.note(.stalled(worker: worker.name, unitsReturned: held.count)))
                actions += held.map { .send(.revoked($0), to: peer) }
                releaseAll(of: peer, failure: "no progress for \(Int(limit.seconds)) s", &actions)
                workers[peer]?.stalled()
            }
        }
        candidates = .anybody
        for step in leases.openSteps { leases.note(slow: slowUnits(of: step, at: now), of: step.step.id) }
    }

    /// nil where no progress is expected: the worker has nothing, or there is no scorer yet that it waits for. On its way
    /// that has its own time.
    func stallLimit(of peer: PeerID) -> Duration? {
        let expected = leases[peer].leases.filter { !$0.value.isEmbedded || scorer != nil }
        guard let tokens = expected.keys.map({ leases[$0]?.summary.tokens ?? 0 }).max() else { return nil }
        let limit = policy.stall + policy.stallPerToken * tokens
        guard let scorer, workers[peer]?.scorerDelivery.isAcknowledged == false else { return limit }
        return limit + ScorerDelivery.allowance(byteCount: scorer.byteCount, policy)
    }
}
