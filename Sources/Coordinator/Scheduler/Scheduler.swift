package import Protocol
internal import Transport

/// Decides which worker computes which unit. A pure state machine: events and the time go in, actions come out.
///
/// Terms: a *unit* is a few rows; a *lease* is one worker's right to one attempt at it; a worker's *credit* is the
/// number of leases that it can hold; a unit is *settled* once its outcome is in the ledger. Rules:
/// - a unit is queued, leased, or on its way to being settled, and never two of these;
/// - anchors come first; while their last ones are computed, workers that would be idle embed rows *ahead*, as many as
///   they have room for, and project them when the direction is there;
/// - the first valid result of a unit counts, whoever sends it, whatever became of its lease;
/// - a lost worker's units go back to the queue, as failed attempts, for a unit may be what kills workers;
/// - after `attemptsMax` failures a unit is split until the one bad row stands alone and is quarantined;
/// - a unit is split or given up only for what it did itself: for a failure that its worker reports of it, or the loss
///   of a worker that it had to itself. One that shared a worker that was lost has a worker to itself in its last
///   attempt, which is one more where `attemptsMax` is 1;
/// - an attempt fails once, though the worker may come back with it and be lost again;
/// - a worker that may be dead gets no units: they would fail with it;
/// - a worker on which unit after unit fails rests between them, up to `restMax`;
/// - units that a worker gives back untouched are not failed attempts.
package struct Scheduler: Sendable {
    let policy: Policy
    private(set) var job: JobSpecification

    /// The model that all workers must have; nil until the first worker names one.
    private(set) var model: LoadedModel?

    /// What the job computes in, where it leaves that to a machine; nil until the first worker says hello.
    package internal(set) var numerics: JobNumerics?

    /// While the coordinator finds out which model the job has, nobody is let in who might name another.
    private var awaitsModel = false
    private(set) var direction: BroadcastDirection?
    private var finishedSummary: String?

    private(set) var workers: [PeerID: Worker] = [:]

    /// Peers in the order of their joining: the order of every decision among workers.
    private(set) var joined: [PeerID] = []

    /// All units that are fetched and not settled.
    private(set) var units: [UnitID: Unit] = [:]

    /// The steps that have begun and are not complete, in the order in which their units are given out.
    private(set) var openSteps: [WorkStep] = []
    private(set) var queues: [StepID: UnitQueue] = [:]

    /// Who may have room for units since the last event: these, or anybody.
    private var candidates: [PeerID] = []
    private var isAnybodyCandidate = false

    /// For the mean duration of a unit.
    private var finishedUnits = 0
    private var finishedDuration = Duration.zero

    private var lastEvent: MonotonicInstant?

    package private(set) var retries: UInt64 = 0

    struct Unit: Sendable {
        enum State: Hashable, Sendable {
            /// In `queue`. Next: leased, or settling (a late result arrived).
            case queued

            /// Held by these workers; two where the second is speculative. Next: queued or settling.
            case leased([PeerID])

            /// Its outcome is on its way to the ledger. Next: gone.
            case settling
        }

        var summary: UnitSummary
        let step: WorkStep
        var state = State.queued
        var attempts: UInt32
        var failed: [FailedAttempt] = []
    }

    struct FailedAttempt: Hashable, Sendable {
        var worker: String
        var attempt: UInt32
    }

    package init(
        job: JobSpecification, policy: Policy, model: LoadedModel?, direction: BroadcastDirection?,
        numerics: JobNumerics? = nil
    ) {
        self.job = job
        self.policy = policy
        self.model = model
        self.direction = direction
        self.numerics = numerics
    }

    package mutating func handle(_ event: Event, at now: MonotonicInstant) -> [Action] {
        var actions: [Action] = []
        forgetSuspension(at: now)
        switch event {
        case .message(let message, let peer): handle(message, from: peer, at: now, &actions)
        case .unreachable(let peer): workers[peer]?.isReachable = false
        case .dismissed(let peer, let reason): dismiss(peer, because: reason, &actions)
        case .stepBegan(let step):
            precondition(queues[step.id] == nil, "a step began before it ended")
            queues[step.id] = UnitQueue()
            openSteps.append(step)
            openSteps.sort { $0.id < $1.id }
        case .unitsFetched(let step, let summaries, let isLast): enqueue(summaries, of: step, isLast: isLast)
        case .unitsAvailable(let step): queues[step]?.mayFetchAgain()
        case .settled(let unit): settle(unit, &actions)
        case .replaced(let unit):
            if let step = units[unit]?.step.id { queues[step]?.mayFetchAgain() }
            settle(unit, &actions)
        case .modelAwaited: awaitsModel = true
        case .modelKnown(let digest):
            job.modelDigest = digest
            awaitsModel = false
        case .modelUnknown: awaitsModel = false
        case .directionReady(let direction):
            self.direction = direction
            isAnybodyCandidate = true
            // Rows that were embedded ahead are expected from now on.
            for peer in joined { workers[peer]?.lastProgress = now }
            let told = joined.filter { workers[$0]?.state != .loading }
            actions += told.map { .send(.direction(direction), to: $0) }
        case .jobFinished(let summary):
            finishedSummary = summary
            for peer in joined { actions.append(.send(.jobFinished(summary: summary), to: peer)) }
        case .tick: watch(at: now, &actions)
        }
        refill(&actions)
        assign(at: now, &actions)
        completeSteps(&actions)
        return actions
    }
}

// MARK: - Messages

extension Scheduler {
    private mutating func handle(
        _ message: WorkerMessage, from peer: PeerID, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        if let finishedSummary, !message.isGoodbye {
            return actions.append(.send(.jobFinished(summary: finishedSummary), to: peer))
        }
        if case .hello(let hello) = message { return welcome(hello, from: peer, at: now, &actions) }
        guard let worker = workers[peer] else {
            if !message.isGoodbye { actions.append(.send(.whoAreYou, to: peer)) }
            return
        }
        workers[peer]?.lastHeard = now
        workers[peer]?.isReachable = true
        noteRoom(of: peer)
        switch message {
        case .hello: break
        case .ready(let model): admit(model, from: peer, at: now, &actions)
        case .heartbeat(let heartbeat): update(heartbeat, from: peer, at: now, &actions)
        // Who has not named its model may compute with another. Once accepted, the worker sends the result again.
        case .result(let result) where worker.state == .loading:
            let reason = "a result of a worker that is not accepted yet"
            actions.append(.note(.invalidResult(result.lease, worker: worker.name, reason: reason)))
        case .result(let result): take(result, from: peer, at: now, &actions)
        case .failure(let failure):
            guard workers[peer]?.leases[failure.lease.unit]?.attempt == failure.lease.attempt else { return }
            workers[peer]?.lastProgress = now
            if !failure.returned { workers[peer]?.failed(at: now, restMax: policy.restMax) }
            release(
                failure.lease.unit, of: peer, failure: failure.returned ? nil : failure.reason, &actions)
        case .embedded(let lease):
            workers[peer]?.embedded(lease, at: now)
            adopt([.init(lease: lease, tokens: 0, isEmbedded: true)], of: peer, at: now, &actions)
        case .directionAcknowledged(let digest): workers[peer]?.acknowledgedDirection = digest
        case .goodbye(let reason): dismiss(peer, because: reason, &actions)
        }
    }

    /// A new worker, a restarted one, or a known one on a new connection.
    private mutating func welcome(
        _ hello: WorkerMessage.Hello, from peer: PeerID, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        // It will ask again. That it was heard keeps it from taking the coordinator for dead.
        if awaitsModel { return actions.append(.send(.heartbeatReply, to: peer)) }
        if let other = workers[peer], other.name != hello.worker {
            lose(peer, because: "\(hello.worker) took its connection", &actions)
        }
        if let known = joined.first(where: { workers[$0]?.name == hello.worker }), let worker = workers[known] {
            if hello.epoch < worker.hello.epoch {
                // The one we know may be the older one, dead since, on a machine whose clock was set back. What it
                // said before its death may come late.
                guard let rivalSince = worker.rivalSince, worker.lastHeard > rivalSince + policy.silence / 2 else {
                    workers[known]?.rivalSince = worker.rivalSince ?? now
                    return
                }
                workers[known]?.rivalSince = nil
                let reason = """
                    another worker named "\(hello.worker)" has joined since: give each worker its own --name
                    """
                actions.append(.note(.refused(worker: hello.worker, reason: reason)))
                return actions.append(.send(.refused(reason: reason), to: peer))
            }
            if hello.epoch == worker.hello.epoch {
                return rejoin(worker, hello, from: known, to: peer, at: now, &actions)
            }
            lose(known, because: "it was restarted", &actions)
        }
        chooseNumerics(by: hello, &actions)
        workers[peer] = Worker(hello: hello, at: now)
        joined.append(peer)
        actions.append(.note(.joined(worker: hello.worker, host: hello.host, lanes: hello.lanes)))
        actions.append(.send(.welcome(jobWithModel), to: peer))
        admitLoaded(hello, from: peer, at: now, &actions)
    }

    private mutating func rejoin(
        _ worker: Worker, _ hello: WorkerMessage.Hello, from old: PeerID, to new: PeerID, at now: MonotonicInstant,
        _ actions: inout [Action]
    ) {
        // Once it has named its model, every greeting does: this one comes late, and was answered.
        if hello.model == nil, worker.state != .loading { return }
        // What was sent to the old connection and never arrived is not in the worker's hands.
        let held = Set(hello.held.map(\.lease))
        for lease in worker.sortedLeases.reversed() where !held.contains(lease) {
            actions.append(.send(.revoked(lease), to: new))
            release(lease.unit, of: old, failure: nil, &actions)
        }
        guard var moved = workers[old] else { return }
        moved.hello = hello
        moved.lastHeard = now
        moved.isReachable = true
        moved.acknowledgedDirection = nil
        for unit in moved.leases.keys { replaceHolder(old, with: new, of: unit) }
        if old != new {
            workers[old] = nil
            joined[joined.firstIndex(of: old)!] = new
        }
        workers[new] = moved
        actions.append(.note(.rejoined(worker: worker.name)))
        actions.append(.send(.welcome(jobWithModel), to: new))
        admitLoaded(hello, from: new, at: now, &actions)
    }

    var jobWithModel: JobSpecification {
        var job = numerics.map(job.computing) ?? job
        if let model { job.modelDigest = model.digest }
        return job
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
    private mutating func admit(
        _ found: LoadedModel, from peer: PeerID, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        guard let worker = workers[peer] else { return }
        if let reason = reasonToRefuse(found) {
            actions.append(.note(.refused(worker: worker.name, reason: reason)))
            actions.append(.send(.refused(reason: reason), to: peer))
            releaseAll(of: peer, failure: nil, &actions)
            return remove(peer)
        }
        if model == nil {
            model = found
            actions.append(.fixModel(found))
        }
        if worker.state != .draining { workers[peer]?.state = .ready }
        workers[peer]?.credit = found.credit
        workers[peer]?.rowsAheadMax = found.rowsAhead
        noteRoom(of: peer)
        workers[peer]?.readyAt = now
        workers[peer]?.lastProgress = now
        actions.append(.note(.ready(worker: worker.name, numericBuild: found.numericBuild)))
        actions.append(.send(.accepted(direction: direction), to: peer))
        adopt(worker.hello.held, of: peer, at: now, &actions)
        // A second `ready` must not bring back what the worker has done with since.
        workers[peer]?.hello.held = []
    }

    /// What a worker holds from an earlier life of the coordinator, or of a lease that it lost, stays with it where nobody
    /// else has it.
    private mutating func adopt(
        _ held: [WorkerMessage.HeldUnit], of peer: PeerID, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        for unit in held where workers[peer]?.leases[unit.lease.unit]?.attempt != unit.lease.attempt {
            let id = unit.lease.unit
            // A restarted coordinator comes to it later.
            if unit.isEmbedded, units[id] == nil, isBeforeFetch(of: id) {
                workers[peer]?.holdsUnfetched = true
                continue
            }
            guard let worker = workers[peer], worker.leases[id] == nil, var known = units[id], known.state == .queued,
                unit.isEmbedded
                    ? worker.rowsAhead + known.summary.rows <= worker.rowsAheadMax
                    : worker.unitsInWork < worker.credit,
                unit.lease.attempt <= known.attempts + Self.attemptsForgotten
            else {
                actions.append(.send(.revoked(unit.lease), to: peer))
                continue
            }
            queues[known.step.id]?.remove(id)
            known.state = .leased([peer])
            known.attempts = max(known.attempts, unit.lease.attempt)
            units[id] = known
            let isAhead = unit.isEmbedded || isAhead(known.step, peer)
            workers[peer]?.take(known.summary, attempt: unit.lease.attempt, isAhead: isAhead, at: now)
            if unit.isEmbedded { workers[peer]?.embedded(unit.lease, at: now) }
        }
    }

    /// Whether the unit may come with a later fetch, of a step whose units can be embedded ahead.
    private func isBeforeFetch(of id: UnitID) -> Bool {
        openSteps.contains { $0.work.needsDirection && queues[$0.id]?.isBeforeFetch(of: id) == true }
    }

    /// How many attempts at a unit may have been given out and not be in the ledger: only failures are.
    private static let attemptsForgotten: UInt32 = 1000

    private mutating func update(
        _ heartbeat: WorkerMessage.Heartbeat, from peer: PeerID, at now: MonotonicInstant,
        _ actions: inout [Action]
    ) {
        guard var worker = workers[peer] else { return }
        guard heartbeat.epoch == worker.hello.epoch else {
            return actions.append(.send(.whoAreYou, to: peer))
        }
        for unit in heartbeat.held { worker.progressed(unit, at: now) }
        if heartbeat.draining, worker.state != .draining {
            worker.state = .draining
            actions.append(.note(.draining(worker: worker.name)))
        }
        if worker.state == .stalled, heartbeat.held.isEmpty { worker.state = .ready }
        worker.holdsUnfetched = false
        workers[peer] = worker
        // It would keep them until the end of the job.
        if worker.state != .loading { adopt(heartbeat.held.filter(\.isEmbedded), of: peer, at: now, &actions) }
        let held = Set(heartbeat.held.map(\.lease))
        for lease in worker.sortedLeases.reversed() where !held.contains(lease) {
            guard let since = worker.leases[lease.unit]?.since, now - since > policy.assignmentLost else { continue }
            actions.append(.send(.revoked(lease), to: peer))
            release(lease.unit, of: peer, failure: nil, &actions)
        }
        if let direction, worker.state != .loading, worker.acknowledgedDirection != direction.digest {
            actions.append(.send(.direction(direction), to: peer))
        }
        actions.append(.send(.heartbeatReply, to: peer))
    }

    private mutating func take(
        _ result: UnitResult, from peer: PeerID, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        guard let worker = workers[peer] else { return }
        let unit = result.lease.unit
        actions.append(.send(.resultAcknowledged(result.lease), to: peer))
        if let reason = reasonToReject(result) {
            actions.append(.note(.invalidResult(result.lease, worker: worker.name, reason: reason)))
            if worker.leases[unit]?.attempt == result.lease.attempt {
                release(unit, of: peer, failure: reason, &actions)
            }
            return
        }
        workers[peer]?.succeeded(result, at: now)
        if let lease = worker.leases[unit], !lease.isEmbedded {
            finishedUnits += 1
            finishedDuration += now - lease.since
        }
        if let known = units[unit] {
            if case .leased(let holders) = known.state {
                for holder in holders {
                    guard let held = workers[holder]?.giveUp(unit) else { continue }
                    let lease = Lease(unit: unit, attempt: held.attempt)
                    noteRoom(of: holder)
                    if holder != peer || lease != result.lease {
                        actions.append(.send(.revoked(lease), to: holder))
                    }
                }
            }
            if known.state == .queued { queues[known.step.id]?.remove(unit) }
            units[unit]?.state = .settling
        }
        actions.append(.commit(result, worker: worker.name))
    }
}

extension WorkerMessage {
    fileprivate var isGoodbye: Bool { if case .goodbye = self { true } else { false } }
}

// MARK: - Leases

extension Scheduler {
    private mutating func enqueue(_ summaries: [UnitSummary], of id: StepID, isLast: Bool) {
        guard let step = openSteps.first(where: { $0.id == id }) else { return }
        isAnybodyCandidate = true
        let new = summaries.filter { units[$0.id] == nil }
        for summary in new {
            units[summary.id] = Unit(summary: summary, step: step, attempts: UInt32(summary.failures))
        }
        queues[id]?.fetched(new.map(\.id), upTo: summaries.last?.id, isLast: isLast)
    }

    private mutating func refill(_ actions: inout [Action]) {
        for step in openSteps.map(\.id) {
            guard let cursor = queues[step]?.beginFetch(below: policy.queueMax / 2) else { continue }
            actions.append(.fetchUnits(step, after: cursor, limit: policy.queueMax))
        }
    }

    private mutating func noteRoom(of peer: PeerID) {
        if !isAnybodyCandidate, !candidates.contains(peer) { candidates.append(peer) }
    }

    private mutating func assign(at now: MonotonicInstant, _ actions: inout [Action]) {
        let some = isAnybodyCandidate ? joined : candidates
        isAnybodyCandidate = false
        candidates = []
        guard queues.values.contains(where: \.hasWork) else { return }
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

    private func hasRoom(_ peer: PeerID, at now: MonotonicInstant) -> Bool {
        guard let worker = workers[peer] else { return false }
        return worker.state == .ready && worker.isReachable && now - worker.lastHeard <= policy.silence / 2
            && now >= worker.restsUntil && worker.unitsInWork < worker.credit
            && !worker.leases.contains { !$0.value.isEmbedded && isOnLastAttempt($0.key) }
    }

    /// Whether the worker would embed the step's units without being able to project them.
    private func isAhead(_ step: WorkStep, _ peer: PeerID) -> Bool {
        step.work.needsDirection
            && (direction == nil || workers[peer]?.acknowledgedDirection != direction?.digest)
    }

    /// Takes the unit that the worker is to compute next out of its queue.
    private mutating func nextUnit(for peer: PeerID, among open: [PeerID]) -> (id: UnitID, isSpeculative: Bool)? {
        for step in openSteps {
            // What the direction waits for, and is to have a worker to itself, waits for one that has nothing else in work.
            if isAhead(step, peer), isForLastAttempt(before: step) { continue }
            if let position = queuePosition(of: step.id, for: peer, among: open),
                let id = queues[step.id]?.waiting[position],
                fits(id, peer)
            {
                queues[step.id]?.remove(id)
                return (id, false)
            }
            if let id = queues[step.id]?.slow.first(where: { speculates(on: $0, peer) }) {
                queues[step.id]?.slow.removeAll { $0 == id }
                return (id, true)
            }
        }
        return nil
    }

    /// Whether a unit of an earlier step waits for its last attempt.
    private func isForLastAttempt(before step: WorkStep) -> Bool {
        openSteps.contains { $0.id < step.id && queues[$0.id]?.waiting.contains(where: isOnLastAttempt) == true }
    }

    /// Whether the worker has room for the vectors of a unit that it would embed ahead.
    private func fits(_ id: UnitID, _ peer: PeerID) -> Bool {
        guard let unit = units[id], let worker = workers[peer], isAhead(unit.step, peer) else { return true }
        return !worker.holdsUnfetched && worker.rowsAhead + unit.summary.rows <= worker.rowsAheadMax
    }

    private func isOnLastAttempt(_ id: UnitID) -> Bool {
        guard let failures = units[id]?.summary.failures else { return false }
        return failures > 0 && failures + 1 >= policy.attemptsMax
    }

    /// The first queued unit that did not fail on this worker before, or failed on all that could take it.
    private func queuePosition(of step: StepID, for peer: PeerID, among open: [PeerID]) -> Int? {
        let isBusy = workers[peer].map { $0.unitsInWork > 0 } ?? false
        return queues[step]?.waiting.firstIndex { id in
            if isBusy, isOnLastAttempt(id) { return false }
            guard let failed = units[id]?.failed, !failed.isEmpty else { return true }
            func hasFailed(on peer: PeerID) -> Bool { failed.contains { $0.worker == workers[peer]?.name } }
            return !hasFailed(on: peer) || open.allSatisfy(hasFailed)
        }
    }

    private mutating func lease(
        _ id: UnitID, to peer: PeerID, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        guard var unit = units[id], let worker = workers[peer] else {
            preconditionFailure("\(id) or \(peer) is unknown")
        }
        var holders: [PeerID] = if case .leased(let peers) = unit.state { peers } else { [] }
        holders.append(peer)
        unit.attempts += 1
        unit.state = .leased(holders)
        units[id] = unit
        // An idle worker's clock starts now.
        if worker.unitsInWork == 0, stallLimit(worker) == nil { workers[peer]?.lastProgress = now }
        let isAhead = isAhead(unit.step, peer)
        workers[peer]?.take(unit.summary, attempt: unit.attempts, isAhead: isAhead, at: now)
        actions.append(.assign(Lease(unit: id, attempt: unit.attempts), to: peer))
    }

    /// Takes a lease away; the unit goes back to the queue unless another worker holds it too.
    ///
    /// - Parameters:
    ///   - failure: why the attempt failed; nil where it was not tried.
    ///   - mayBeAnothers: whether the worker had other units that may have made it fail.
    private mutating func release(
        _ id: UnitID, of peer: PeerID, failure: String?, mayBeAnothers: Bool = false, _ actions: inout [Action]
    ) {
        guard let worker = workers[peer], let lease = workers[peer]?.giveUp(id), var unit = units[id],
            case .leased(var holders) = unit.state
        else { return }
        retries += 1
        holders.removeAll { $0 == peer }
        let attempt = FailedAttempt(worker: worker.name, attempt: lease.attempt)
        let failure = unit.failed.contains(attempt) ? nil : failure
        if let failure {
            let failed = Lease(unit: id, attempt: lease.attempt)
            unit.summary.failures += 1
            unit.failed.append(attempt)
            actions.append(.recordFailure(failed, worker: worker.name, reason: failure))
            actions.append(.note(.attemptFailed(failed, worker: worker.name, reason: failure)))
        }
        if !holders.isEmpty {
            unit.state = .leased(holders)
        } else if let failure, !mayBeAnothers, unit.summary.failures >= policy.attemptsMax {
            unit.state = .settling
            actions.append(unit.summary.rows > 1 ? .split(id) : .quarantine(id, of: unit.step.id, reason: failure))
        } else {
            unit.state = .queued
            queues[unit.step.id]?.putBack(id)
            isAnybodyCandidate = true
        }
        units[id] = unit
    }

    private mutating func releaseAll(of peer: PeerID, failure: String?, _ actions: inout [Action]) {
        let held = workers[peer]?.leases.keys.sorted() ?? []
        let unitsInWork = workers[peer]?.unitsInWork ?? 0
        for unit in held.reversed() {
            // Another of its units may be to blame. Next time this one is alone. One that is embedded is past harm.
            let isEmbedded = workers[peer]?.leases[unit]?.isEmbedded == true
            let isShared = unitsInWork > 1
            let isSpared = isEmbedded || isShared && isOnLastAttempt(unit)
            release(unit, of: peer, failure: isSpared ? nil : failure, mayBeAnothers: isShared, &actions)
        }
    }

    private mutating func replaceHolder(_ old: PeerID, with new: PeerID, of id: UnitID) {
        guard case .leased(let holders) = units[id]?.state else { return }
        units[id]?.state = .leased(holders.map { $0 == old ? new : $0 })
    }

    private mutating func settle(_ id: UnitID, _ actions: inout [Action]) {
        guard let unit = units.removeValue(forKey: id) else { return }
        queues[unit.step.id]?.unitsOpen -= 1
        guard case .leased(let holders) = unit.state else {
            if unit.state == .queued { queues[unit.step.id]?.remove(id) }
            return
        }
        for holder in holders {
            guard let lease = workers[holder]?.giveUp(id) else { continue }
            noteRoom(of: holder)
            actions.append(.send(.revoked(Lease(unit: id, attempt: lease.attempt)), to: holder))
        }
    }

    /// A step that needs the direction is never complete before that is there, however few units it has.
    private mutating func completeSteps(_ actions: inout [Action]) {
        let complete = openSteps.filter { step in
            queues[step.id]?.isComplete == true && (!step.work.needsDirection || direction != nil)
        }.map(\.id)
        for step in complete {
            queues[step] = nil
            actions.append(.stepCompleted(step))
        }
        openSteps.removeAll { complete.contains($0.id) }
    }

    private mutating func remove(_ peer: PeerID) {
        workers[peer] = nil
        joined.removeAll { $0 == peer }
    }

    /// Lets a worker go that did nothing wrong: its units were not tried.
    private mutating func dismiss(_ peer: PeerID, because reason: String, _ actions: inout [Action]) {
        guard let worker = workers[peer] else { return }
        releaseAll(of: peer, failure: nil, &actions)
        remove(peer)
        actions.append(.note(.left(worker: worker.name, reason: reason)))
    }

    private mutating func lose(_ peer: PeerID, because reason: String, _ actions: inout [Action]) {
        guard let worker = workers[peer] else { return }
        actions.append(.note(.lost(worker: worker.name, unitsReturned: worker.leases.count, reason: reason)))
        releaseAll(of: peer, failure: "worker \(worker.name) was lost: \(reason)", &actions)
        remove(peer)
    }
}

// MARK: - Time

extension Scheduler {
    /// Time in which the coordinator did not run does not count: nobody was listened to, so nobody was silent.
    private mutating func forgetSuspension(at now: MonotonicInstant) {
        let gap = now - (lastEvent ?? now)
        lastEvent = now
        guard gap > policy.suspension else { return }
        for peer in joined { workers[peer]?.shiftClocks(by: gap) }
    }

    private mutating func watch(at now: MonotonicInstant, _ actions: inout [Action]) {
        for peer in joined {
            guard let worker = workers[peer] else { continue }
            if now - worker.lastHeard > policy.silence {
                lose(peer, because: "it was silent for \(Int((now - worker.lastHeard).seconds)) s", &actions)
            } else if let limit = stallLimit(worker), now - worker.lastProgress > limit {
                actions.append(.note(.stalled(worker: worker.name, unitsReturned: worker.leases.count)))
                actions += worker.sortedLeases.map { .send(.revoked($0), to: peer) }
                releaseAll(of: peer, failure: "no progress for \(Int(limit.seconds)) s", &actions)
                if worker.state == .ready { workers[peer]?.state = .stalled }
            }
        }
        isAnybodyCandidate = true
        for step in openSteps.map(\.id) {
            let slow = slowUnits(of: step, at: now)
            queues[step]?.slow = slow
        }
    }

    /// nil where no progress is expected: the worker has nothing, or waits for the direction.
    private func stallLimit(_ worker: Worker) -> Duration? {
        let expected = worker.leases.filter { !$0.value.isEmbedded || direction != nil }
        guard let tokens = expected.keys.map({ units[$0]?.summary.tokens ?? 0 }).max() else { return nil }
        return policy.stall + policy.stallPerToken * tokens
    }

    /// At the end of a step: the units that take longer than most, the longest running first, for second copies.
    private func slowUnits(of step: StepID, at now: MonotonicInstant) -> [UnitID] {
        guard let queue = queues[step], queue.isLastFetched, queue.waiting.isEmpty, finishedUnits > 0 else {
            return []
        }
        let threshold = max(policy.speculationAfter, finishedDuration / finishedUnits * 2)
        let slow = units.values.compactMap { unit -> (since: MonotonicInstant, id: UnitID)? in
            guard unit.step.id == step, let lease = onlyLease(of: unit), now - lease.since > threshold else {
                return nil
            }
            return (lease.since, unit.summary.id)
        }
        return slow.sorted { ($0.since, $0.id) < ($1.since, $1.id) }.map(\.id)
    }

    /// The lease of a unit that one worker computes.
    private func onlyLease(of unit: Unit) -> HeldLease? {
        guard case .leased(let holders) = unit.state, holders.count == 1,
            let lease = workers[holders[0]]?.leases[unit.summary.id], !lease.isEmbedded
        else { return nil }
        return lease
    }

    /// Whether the worker may compute a slow unit too. All wait for the last of those that the direction is fitted on;
    /// any other one is worth an idle worker.
    private func speculates(on id: UnitID, _ peer: PeerID) -> Bool {
        guard let unit = units[id], onlyLease(of: unit) != nil, let worker = workers[peer], worker.leases[id] == nil,
            fits(id, peer)
        else { return false }
        return worker.unitsInWork == 0 || !unit.step.work.needsDirection && !isOnLastAttempt(id)
    }
}
