package import Protocol

/// Decides which worker computes which unit. A pure state machine: events and the time go in, actions come out.
///
/// Terms: a *unit* is a few rows; a *lease* is one worker's right to one attempt at it; a worker's *credit* is the
/// number of leases that it can hold; a unit is *settled* once its outcome is in the ledger. Rules:
/// - a unit is queued, leased, or on its way to being settled, and never two of these (``LeaseTable``);
/// - steps are served in their order; while the last units of those before the scorer are computed, workers that would
///   be idle embed rows *ahead*, as many as they have room for, and project them when the scorer is there;
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
///
/// Its files: who is let in (`+Joining`, `+Admission`, `+Numerics`), what workers hand in (`+Results`), what of it cannot be
/// read (`+Malformed`), who gets what (`+Assignment`), and who is silent or slow (`+Watch`).
package struct Scheduler: Sendable {
    let policy: Policy
    package internal(set) var job: JobSpecification

    /// The model that all workers must have; nil until the first worker names one.
    var model: LoadedModel?

    /// What the job computes in, where it leaves that to a machine; nil until the first worker says hello.
    package internal(set) var numerics: JobNumerics?

    /// While the coordinator finds out which model the job has, nobody is let in who might name another.
    var awaitsModel = false
    var scorer: Scorer?
    private var finishedSummary: String?

    var workers = Roster()
    var leases = LeaseTable()

    /// Who may have room for units since the last event.
    var candidates = Candidates.these([])

    /// Of the units that were computed, for the mean.
    var computed = (units: 0, duration: Duration.zero)

    private var lastEvent: MonotonicInstant?

    /// Leases that were taken away.
    package internal(set) var retries: UInt64 = 0

    package init(
        job: JobSpecification, policy: Policy, model: LoadedModel?, scorer: Scorer?,
        numerics: JobNumerics? = nil
    ) {
        self.job = job
        self.policy = policy
        self.model = model
        self.scorer = scorer
        self.numerics = numerics
    }

    /// - Parameter actions: what follows from it is added here, in order.
    package mutating func handle(_ event: Event, at now: MonotonicInstant, _ actions: inout [Action]) {
        forgetSuspension(before: now)
        switch event {
        case .message(let message, let peer): handle(message, from: peer, at: now, &actions)
        case .malformed(let message, let peer):
            if let finishedSummary {
                actions.append(.send(.jobFinished(summary: finishedSummary), to: peer))
            } else {
                heed(message, from: peer, at: now, &actions)
            }
        case .unreachable(let peer): workers[peer]?.lostConnection()
        case .dismissed(let peer, let reason): dismiss(peer, because: reason, &actions)
        case .stepBegan(let step): leases.open(step)
        case .unitsFetched(let step, let summaries, let isLast):
            if leases.enqueue(summaries, of: step, isLast: isLast) { candidates = .anybody }
        case .unitsAvailable(let step): leases.mayFetchAgain(step)
        case .settled(let unit): settle(unit, &actions)
        case .rejected(let lease, let worker):
            if leases.returnToQueue(lease.unit) {
                ended(lease, on: worker, failure: "a result that does not belong to its unit", &actions)
            }
        case .replaced(let unit):
            if let step = leases[unit]?.step.id { leases.mayFetchAgain(step) }
            settle(unit, &actions)
        case .modelAwaited: awaitsModel = true
        case .modelKnown(let digest):
            job.modelDigest = digest
            awaitsModel = false
        case .modelUnknown: awaitsModel = false
        case .scorerReady(let scorer): broadcast(scorer, at: now, &actions)
        case .jobFinished(let summary):
            finishedSummary = summary
            for peer in workers.peers { actions.append(.send(.jobFinished(summary: summary), to: peer)) }
        case .tick: watch(at: now, &actions)
        }
        for fetch in leases.beginFetches(below: policy.queueMax / 2) {
            actions.append(.fetchUnits(fetch.step, after: fetch.after, limit: policy.queueMax))
        }
        assign(at: now, &actions)
        // A step that needs the scorer is never complete before that is there, however few units it has.
        let hasScorer = scorer != nil
        let complete = leases.closeComplete { !$0.work.needsScorer || hasScorer }
        actions += complete.map { .stepCompleted($0) }
    }

    /// Time in which the coordinator did not run does not count: nobody was listened to, so nobody was silent.
    private mutating func forgetSuspension(before now: MonotonicInstant) {
        let gap = now - (lastEvent ?? now)
        lastEvent = now
        guard gap > policy.suspension else { return }
        for peer in workers.peers { workers[peer]?.shiftClocks(by: gap) }
        leases.shiftClocks(by: gap)
    }

    private mutating func broadcast(
        _ scorer: Scorer, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        self.scorer = scorer
        candidates = .anybody
        for peer in workers.peers {
            // Rows that were embedded ahead are expected once it is there.
            workers[peer]?.lastProgress = now
            workers[peer]?.scorerDelivery = ScorerDelivery()
            sendScorerIfDue(to: peer, at: now, &actions)
        }
    }

    /// Sends a worker the scorer that it needs, unless a copy is on its way.
    mutating func sendScorerIfDue(to peer: PeerID, at now: MonotonicInstant, _ actions: inout [Action]) {
        guard let scorer, let worker = workers[peer], worker.isAccepted,
            worker.scorerDelivery.isDue(byteCount: scorer.byteCount, at: now, policy)
        else { return }
        workers[peer]?.scorerDelivery.sent(at: now)
        actions.append(.send(.scorer(scorer), to: peer))
    }

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
        workers[peer]?.heard(at: now)
        noteRoom(of: peer)
        switch message {
        case .hello: break
        case .ready(let model): admit(model, from: peer, at: now, &actions)
        case .heartbeat(let heartbeat): heed(heartbeat, from: peer, at: now, &actions)
        case .result(let result): take(result, from: peer, worker, at: now, &actions)
        case .failure(let failure): take(failure, from: peer, at: now, &actions)
        case .embedded(let lease):
            embedded(lease, by: peer, at: now)
            adopt([.init(lease: lease, tokens: 0, isEmbedded: true)], by: peer, at: now, &actions)
        case .scorerAcknowledged(let digest):
            // Rows that were embedded ahead are expected from now on.
            if digest == scorer?.digest { workers[peer]?.acknowledgedScorer(at: now) }
        case .goodbye(let reason): dismiss(peer, because: reason, &actions)
        }
    }

    private mutating func settle(_ id: UnitID, _ actions: inout [Action]) {
        for (peer, lease) in leases.remove(id) {
            noteRoom(of: peer)
            actions.append(.send(.revoked(lease), to: peer))
        }
    }
}

extension WorkerMessage {
    fileprivate var isGoodbye: Bool { if case .goodbye = self { true } else { false } }
}
