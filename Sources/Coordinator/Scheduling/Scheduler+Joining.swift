internal import Protocol

// Workers come, come back, and go.

extension Scheduler {
    /// A new worker, a restarted one, or a known one on a new connection.
    mutating func welcome(
        _ hello: WorkerMessage.Hello, from peer: PeerID, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        // It will ask again. That it was heard keeps it from taking the coordinator for dead.
        if awaitsModel { return actions.append(.send(.heartbeatReply, to: peer)) }
        if let other = workers[peer], other.name != hello.worker {
            lose(peer, because: "\(hello.worker) took its connection", &actions)
        }
        if let known = workers.peer(named: hello.worker), let worker = workers[known] {
            if hello.epoch < worker.hello.epoch {
                return meetRival(hello, of: worker, on: known, from: peer, at: now, &actions)
            }
            if hello.epoch == worker.hello.epoch {
                return rejoin(worker, hello, from: known, to: peer, at: now, &actions)
            }
            lose(known, because: "it was restarted", &actions)
        }
        guard workers.count < policy.workersMax else {
            let reason = "there are \(workers.count) workers; one more is not listened to"
            return actions.append(.note(.turnedAway(worker: hello.worker, reason: reason)))
        }
        chooseNumerics(by: hello, &actions)
        workers.add(WorkerState(hello: hello, at: now), as: peer)
        actions.append(.note(.joined(worker: hello.worker, host: hello.host, lanes: hello.lanes)))
        actions.append(.send(.welcome(jobWithModel), to: peer))
        admitLoaded(hello, from: peer, at: now, &actions)
    }

    /// Somebody has the name of a worker that seems to be younger. The one we know may be the older one, dead since, on a
    /// machine whose clock was set back; what it said before its death may come late. Who is heard for long enough beside
    /// the other is alive.
    private mutating func meetRival(
        _ hello: WorkerMessage.Hello, of worker: WorkerState, on known: PeerID, from peer: PeerID,
        at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        guard let rivalSince = worker.rivalSince, worker.lastHeard > rivalSince + policy.silence / 2 else {
            workers[known]?.rivalSince = worker.rivalSince ?? now
            return
        }
        workers[known]?.rivalSince = nil
        let reason = """
            another worker named "\(hello.worker)" has joined since: give each worker its own --name
            """
        actions.append(.note(.refused(worker: hello.worker, reason: reason)))
        actions.append(.send(.refused(reason: reason), to: peer))
    }

    private mutating func rejoin(
        _ worker: WorkerState, _ hello: WorkerMessage.Hello, from old: PeerID, to new: PeerID,
        at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        // Once it has named its model, every greeting does: this one comes late, and was answered.
        if hello.model == nil, worker.isAccepted { return }
        // What was sent to the old connection and never arrived is not in the worker's hands.
        let held = Set(hello.held.map(\.lease))
        for lease in leases[old].sorted.reversed() where !held.contains(lease) {
            actions.append(.send(.revoked(lease), to: new))
            release(lease.unit, of: old, failure: nil, &actions)
        }
        workers.move(from: old, to: new)
        leases.move(from: old, to: new)
        workers[new]?.greetedAgain(hello, onNewConnection: old != new, at: now)
        actions.append(.note(.rejoined(worker: worker.name)))
        actions.append(.send(.welcome(jobWithModel), to: new))
        admitLoaded(hello, from: new, at: now, &actions)
    }

    /// One whose model was loaded for a job that computed in other numbers hears of that with its welcome, and loads it
    /// again; what it holds is of that job.
    private mutating func admitLoaded(
        _ hello: WorkerMessage.Hello, from peer: PeerID, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        guard let model = hello.model else { return }
        guard computesAsTheJob(model) else {
            workers[peer]?.hello.held = []
            return
        }
        admit(model, from: peer, at: now, &actions)
    }

    /// Lets a worker take part if it computes with what the others compute with.
    mutating func admit(
        _ found: LoadedModel, from peer: PeerID, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        guard let worker = workers[peer] else { return }
        if let reason = reasonToRefuse(found) { return refuse(peer, because: reason, &actions) }
        if model == nil {
            model = found
            actions.append(.change(.model(found)))
        }
        workers[peer]?.accepted(found, at: now)
        noteRoom(of: peer)
        actions.append(.note(.ready(worker: worker.name, numericBuild: found.numericBuild)))
        actions.append(.send(.accepted, to: peer))
        sendScorerIfDue(to: peer, at: now, &actions)
        adopt(worker.hello.held, by: peer, at: now, &actions)
        // A second `ready` must not bring back what the worker has done with since.
        workers[peer]?.hello.held = []
    }

    /// What a worker holds from an earlier life of the coordinator, or of a lease that it lost, stays with it where nobody
    /// else has it.
    mutating func adopt(
        _ held: [WorkerMessage.HeldUnit], by peer: PeerID, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        for unit in held where !leases[peer].holds(unit.lease) {
            let id = unit.lease.unit
            // A restarted coordinator comes to it later.
            if unit.isEmbedded, leases[id] == nil, isBeforeFetch(of: id) {
                workers[peer]?.holdsUnfetched = true
                continue
            }
            guard let worker = workers[peer], let known = leases[id], known.state == .queued,
                unit.isEmbedded
                    ? hasRoomAhead(for: known.summary, worker, on: peer) : leases[peer].unitsInWork < worker.credit,
                unit.lease.attempt <= known.attempts + Self.attemptsForgotten
            else {
                actions.append(.send(.revoked(unit.lease), to: peer))
                continue
            }
            leases.adopt(unit, by: peer, isAhead: unit.isEmbedded || isAhead(known.step, peer), at: now)
            if unit.isEmbedded { workers[peer]?.madeProgress(at: now) }
        }
    }

    /// Whether the unit may come with a later fetch, of a step whose units can be embedded ahead.
    private func isBeforeFetch(of id: UnitID) -> Bool {
        leases.openSteps.contains { $0.step.work.needsScorer && $0.queue.isBeforeFetch(of: id) }
    }

    /// How many attempts at a unit may have been given out and not be in the ledger: only failures are.
    private static let attemptsForgotten: UInt32 = 1000

    /// Sends a worker away that cannot take part: its units were not tried.
    mutating func refuse(_ peer: PeerID, because reason: String, _ actions: inout [Action]) {
        guard let worker = workers[peer] else { return }
        actions.append(.note(.refused(worker: worker.name, reason: reason)))
        actions.append(.send(.refused(reason: reason), to: peer))
        releaseAll(of: peer, failure: nil, &actions)
        remove(peer)
    }

    /// Lets a worker go that did nothing wrong: its units were not tried.
    mutating func dismiss(_ peer: PeerID, because reason: String, _ actions: inout [Action]) {
        guard let worker = workers[peer] else { return }
        releaseAll(of: peer, failure: nil, &actions)
        remove(peer)
        actions.append(.note(.left(worker: worker.name, reason: reason)))
    }

    mutating func lose(_ peer: PeerID, because reason: String, _ actions: inout [Action]) {
        guard let worker = workers[peer] else { return }
        let unitsReturned = leases[peer].leases.count
        actions.append(.note(.lost(worker: worker.name, unitsReturned: unitsReturned, reason: reason)))
        releaseAll(of: peer, failure: "worker \(worker.name) was lost: \(reason)", &actions)
        remove(peer)
    }

    private mutating func remove(_ peer: PeerID) {
        workers.remove(peer)
        leases.forget(peer)
    }
}
