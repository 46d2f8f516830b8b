internal import Protocol

// What workers hand in and give back.

extension Scheduler {
    mutating func take(
        _ result: UnitResult, from peer: PeerID, _ worker: WorkerState, at now: MonotonicInstant,
        _ actions: inout [Action]
    ) {
        guard worker.isAccepted else {
            // Who has not named its model may compute with another. Once accepted, the worker sends the result again.
            let reason = "a result of a worker that is not accepted yet"
            return actions.append(.note(.invalidResult(result.lease, worker: worker.name, reason: reason)))
        }
        let unit = result.lease.unit
        actions.append(.send(.resultAcknowledged(result.lease), to: peer))
        if let reason = reasonToReject(result) {
            actions.append(.note(.invalidResult(result.lease, worker: worker.name, reason: reason)))
            guard leases[peer].holds(result.lease) else { return }
            workers[peer]?.failed(at: now, restMax: policy.restMax)
            return release(unit, of: peer, failure: reason, &actions)
        }
        workers[peer]?.succeeded(result, at: now)
        if let lease = leases[peer].leases[unit], !lease.isEmbedded {
            computed.units += 1
            computed.duration += now - lease.since
        }
        for (holder, lease) in leases.beginSettling(unit) {
            noteRoom(of: holder)
            if holder != peer || lease != result.lease { actions.append(.send(.revoked(lease), to: holder)) }
        }
        actions.append(.change(.result(result, worker: worker.name)))
    }

    mutating func take(
        _ failure: WorkerMessage.UnitFailure, from peer: PeerID, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        guard leases[peer].holds(failure.lease) else { return }
        workers[peer]?.lastProgress = now
        if !failure.returned { workers[peer]?.failed(at: now, restMax: policy.restMax) }
        release(failure.lease.unit, of: peer, failure: failure.returned ? nil : failure.reason, &actions)
    }

    mutating func embedded(_ lease: Lease, by peer: PeerID, at now: MonotonicInstant) {
        if leases.embedded(lease, of: peer) { workers[peer]?.madeProgress(at: now) }
    }

    /// Takes a lease away; the unit goes back to the queue unless another worker holds it too, or it has failed often
    /// enough.
    ///
    /// - Parameters:
    ///   - failure: why the attempt failed; nil where it was not tried.
    ///   - mayBeAnothers: whether the worker had other units that may have made it fail.
    mutating func release(
        _ id: UnitID, of peer: PeerID, failure: String?, mayBeAnothers: Bool = false, _ actions: inout [Action]
    ) {
        guard let worker = workers[peer], let lease = leases.release(id, of: peer) else { return }
        retries += 1
        ended(lease, on: worker.name, failure: failure, mayBeAnothers: mayBeAnothers, &actions)
    }

    /// An attempt is over, and its unit is in nobody's hands, or in another's.
    mutating func ended(
        _ lease: Lease, on worker: String, failure: String?, mayBeAnothers: Bool = false, _ actions: inout [Action]
    ) {
        let id = lease.unit
        var countedFailure: String?
        if let failure, leases.countFailure(of: lease, on: worker) {
            countedFailure = failure
            actions.append(.change(.failure(lease, worker: worker, reason: failure)))
            actions.append(.note(.attemptFailed(lease, worker: worker, reason: failure)))
        }
        guard let unit = leases[id], unit.state == .queued else { return }
        guard let countedFailure, !mayBeAnothers, unit.summary.failures >= policy.attemptsMax else {
            candidates = .anybody
            return
        }
        _ = leases.beginSettling(id)
        actions.append(
            .change(unit.summary.rows > 1 ? .split(id) : .quarantine(id, of: unit.step.id, reason: countedFailure)))
    }

    mutating func releaseAll(of peer: PeerID, failure: String?, _ actions: inout [Action]) {
        let hand = leases[peer]
        let isShared = hand.unitsInWork > 1
        for lease in hand.sorted.reversed() {
            // Another of its units may be to blame. Next time this one is alone. One that is embedded is past harm.
            let isEmbedded = hand.leases[lease.unit]?.isEmbedded == true
            let isSpared = isEmbedded || isShared && isOnLastAttempt(lease.unit)
            release(lease.unit, of: peer, failure: isSpared ? nil : failure, mayBeAnothers: isShared, &actions)
        }
    }
}
