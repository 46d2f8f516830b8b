package import Protocol

/// A worker's side of a job. A pure state machine: events and the time go in, actions come out.
///
/// Whatever the worker has in its hands — a waiting unit, one in a lane, an embedded one without a scorer to be
/// projected on, a result that the coordinator has not acknowledged — stays there through broken connections and
/// restarts of the coordinator, and is listed in every heartbeat.
///
/// Its parts: ``Membership`` says how far it has come with taking part, ``HeldUnits`` what it holds, and
/// ``CoordinatorWatch`` how long it was left alone.
package struct Session: Sendable {
    private let identity: Identity
    private let policy: Policy
    private var membership = Membership()
    private var units: HeldUnits
    private var watch: CoordinatorWatch

    /// Acknowledged whenever it comes. Of this job alone.
    private var scorer: Scorer?
    private var drain: (reason: String, deadline: MonotonicInstant)?
    private var lastHeartbeat = MonotonicInstant.zero

    /// When the worker was first accepted.
    private var workingSince: MonotonicInstant?

    package init(identity: Identity, policy: Policy = Policy()) {
        self.identity = identity
        self.policy = policy
        units = HeldUnits(lanes: identity.lanes)
        watch = CoordinatorWatch(policy: policy)
    }

    package mutating func handle(_ event: Event, at now: MonotonicInstant) -> [Action] {
        var actions: [Action] = []
        if membership.hasEnded { return [] }
        if membership.isIdle {
            // A peer may say something before we greet.
            if case .start = event { start(at: now, &actions) }
            return actions
        }
        switch event {
        case .start: preconditionFailure("started twice")
        case .message(let message): handle(message, at: now, &actions)
        case .otherVersion(let mismatch): end(.unusable(reason: mismatch.description), &actions)
        case .malformed(let message): heed(message, at: now, &actions)
        case .modelLoaded(let model): join(with: model, at: now, &actions)
        case .modelFailed(let reason, let mayPass): giveUpModel(because: reason, mayPass: mayPass, &actions)
        case .networkFailed(let reason): end(.failed(reason: reason), &actions)
        case .progress(let lane, let tokens): units.progressed(lane, tokens: tokens)
        case .computed(let lane, let result): finish(result, in: lane, at: now, &actions)
        case .embedded(let lane, let unit): keep(unit, of: lane, at: now, &actions)
        case .failed(let lane, let reason):
            guard let lease = units.free(lane, at: now) else { break }
            actions.append(.send(.failure(.init(lease: lease, reason: reason, returned: false))))
        case .cancelled(let lane): _ = units.free(lane, at: now)
        case .drain(let reason): beginDrain(because: reason, at: now, &actions)
        case .tick: tick(at: now, &actions)
        }
        startUnits(at: now, &actions)
        finishDrain(at: now, &actions)
        return actions
    }

    private mutating func handle(
        _ message: CoordinatorMessage, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        if watch.heard(at: now) { actions.append(.note(.coordinatorBack)) }
        switch message {
        case .welcome(let job): begin(job, at: now, &actions)
        case .accepted: beginWork(at: now, &actions)
        case .refused(let reason): end(.refused(reason: reason), &actions)
        case .whoAreYou: greet(at: now, &actions)
        case .assignment(let lease, let payload): take(lease, payload, &actions)
        case .scorer(let scorer): adopt(scorer, &actions)
        case .resultAcknowledged(let lease):
            let lost = units.results.acknowledge(lease, at: now, mayResend: membership.isWorking)
            if let lost { actions.append(.send(.result(lost))) }
        case .revoked(let lease): actions += units.revoke(lease).map { .cancel(lane: $0) }
        case .heartbeatReply: break
        case .jobFinished(let summary):
            actions.append(.send(.goodbye(reason: "the job is finished")))
            end(.jobFinished(summary: summary), &actions)
        }
    }

    private mutating func heed(
        _ malformed: MalformedMessage, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        // A coordinator says that, though we do not know what.
        if malformed.kind != nil, watch.heard(at: now) { actions.append(.note(.coordinatorBack)) }
        let reason = "\(malformed); \(ProtocolVersion.advice)"
        switch malformed.remedy {
        case .leave:
            actions.append(.send(.goodbye(reason: reason)))
            end(.unusable(reason: reason), &actions)
        case .fail(let lease): refuse(lease, because: reason, &actions)
        case .goOn: actions.append(.note(.malformed(malformed)))
        }
    }

    /// Whether a silence of the coordinator lasts that the operator was told of, or none was heard of yet.
    package var isCutOff: Bool { watch.isCutOff }

    /// The share of the time since the worker was first accepted in which its lanes had a unit, 0 … 1; nil before.
    package func busyShare(at now: MonotonicInstant) -> Double? {
        guard let workingSince, now > workingSince else { return nil }
        return units.timeBusy(at: now).seconds / ((now - workingSince).seconds * Double(units.laneCount))
    }
}

// MARK: - Joining

extension Session {
    private mutating func start(at now: MonotonicInstant, _ actions: inout [Action]) {
        watch.began(at: now)
        greet(at: now, &actions)
        actions.append(.note(.greeting))
    }

    private mutating func greet(at now: MonotonicInstant, _ actions: inout [Action]) {
        membership.greeted(at: now)
        actions.append(
            .send(
                .hello(
                    .init(
                        worker: identity.worker, epoch: identity.epoch, host: identity.host,
                        processID: identity.processID, softwareVersion: ProtocolVersion.software,
                        lanes: identity.lanes, model: membership.model, held: units.held,
                        preferences: identity.preferences))))
    }

    private mutating func begin(_ job: JobSpecification, at now: MonotonicInstant, _ actions: inout [Action]) {
        if !job.hasUnits(of: membership.job) {
            actions += units.forgetAll().map { .cancel(lane: $0) }
            scorer = nil
        }
        // A lane has many units of generated texts at the same time.
        let lanes = identity.lanes * (job.generation?.units ?? 1)
        if lanes != units.laneCount { workingSince = nil }
        units.use(lanes: lanes)
        if let job = membership.welcomed(to: job, at: now) { actions.append(.loadModel(job)) }
    }

    private mutating func join(with model: LoadedModel, at now: MonotonicInstant, _ actions: inout [Action]) {
        if let job = membership.loaded(model, at: now) {
            actions.append(.loadModel(job))
        } else {
            actions.append(.send(.ready(model)))
        }
    }

    private mutating func giveUpModel(because reason: String, mayPass: Bool, _ actions: inout [Action]) {
        if let job = membership.loadingFailed() {
            actions.append(.loadModel(job))
        } else {
            actions.append(.send(.goodbye(reason: reason)))
            end(mayPass ? .failed(reason: reason) : .unusable(reason: reason), &actions)
        }
    }

    private mutating func beginWork(at now: MonotonicInstant, _ actions: inout [Action]) {
        guard let job = membership.accepted() else { return }
        workingSince = workingSince ?? now
        actions.append(.note(.accepted(job: job)))
        actions += units.results.sendAll(at: now).map { .send(.result($0)) }
    }

    private mutating func end(_ ending: Ending, _ actions: inout [Action]) {
        membership.end()
        actions += units.giveBackLanes().map { .cancel(lane: $0.lane) }
        actions.append(.end(ending))
    }
}

// MARK: - Units

extension Session {
    private mutating func take(_ lease: Lease, _ payload: UnitPayload, _ actions: inout [Action]) {
        if units.forgetRevocation(of: lease) { return }
        if let drain {
            actions.append(.send(.failure(.init(lease: lease, reason: drain.reason, returned: true))))
        } else {
            units.take(lease, payload)
        }
    }

    /// Says that an assignment cannot be read.
    private mutating func refuse(_ lease: Lease, because reason: String, _ actions: inout [Action]) {
        if units.forgetRevocation(of: lease) { return }
        actions.append(
            .send(.failure(.init(lease: lease, reason: drain?.reason ?? reason, returned: drain != nil))))
    }

    private mutating func startUnits(at now: MonotonicInstant, _ actions: inout [Action]) {
        guard membership.model != nil, !membership.hasEnded else { return }
        // Without the scorer nobody knows what such a unit is to be embedded to.
        let waitsForScorer = scorer == nil && membership.job?.choosesReadouts == true
        actions += units.start(at: now, where: { !waitsForScorer || !$0.needsScorer }).map { lane, unit in
            .compute(lane: lane, unit.lease, unit.work, scorer: scorer)
        }
    }

    private mutating func finish(
        _ result: UnitResult, in lane: Int, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        guard units.free(lane, at: now) != nil else { return }
        units.results.add(result, at: now)
        if membership.isWorking { actions.append(.send(.result(units.results.sendNewest()))) }
    }

    /// The scorer may have come while the unit was embedded; a worker that leaves waits for none.
    private mutating func keep(
        _ unit: EmbeddedUnit, of lane: Int, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        guard let lease = units.free(lane, at: now) else { return }
        if scorer != nil {
            units.projectNext(unit, lease)
        } else if let drain {
            actions.append(.send(.failure(.init(lease: lease, reason: drain.reason, returned: true))))
        } else {
            units.keep(unit, lease)
            if membership.isWorking { actions.append(.send(.embedded(lease))) }
        }
    }

    private mutating func adopt(_ scorer: Scorer, _ actions: inout [Action]) {
        self.scorer = scorer
        actions.append(.send(.scorerAcknowledged(digest: scorer.digest)))
        units.projectKept()
    }
}

// MARK: - Time and stopping

extension Session {
    private mutating func tick(at now: MonotonicInstant, _ actions: inout [Action]) {
        for verdict in watch.tick(at: now) {
            switch verdict {
            case .silent(let seconds): actions.append(.note(.coordinatorSilent(seconds: seconds)))
            case .absent(let seconds): return end(.gaveUp(seconds: seconds), &actions)
            }
        }
        switch membership.duty(at: now, policy) {
        case .nothing: break
        case .greet: greet(at: now, &actions)
        case .beat: beat(at: now, &actions)
        case .beatAndRepeat:
            beat(at: now, &actions)
            let oldest = units.results.resendOldest(after: policy.resultInterval, at: now)
            if let oldest { actions.append(.send(.result(oldest))) }
        }
    }

    private mutating func beat(at now: MonotonicInstant, _ actions: inout [Action]) {
        let interval = Duration.milliseconds(membership.job?.heartbeatMilliseconds ?? 1000)
        if now - lastHeartbeat >= interval { sendHeartbeat(at: now, &actions) }
    }

    private mutating func sendHeartbeat(at now: MonotonicInstant, _ actions: inout [Action]) {
        lastHeartbeat = now
        actions.append(
            .send(.heartbeat(.init(epoch: identity.epoch, held: units.heldOrRevoked, draining: drain != nil))))
    }

    private mutating func beginDrain(because reason: String, at now: MonotonicInstant, _ actions: inout [Action]) {
        let isSecond = drain != nil
        drain = (reason, drain == nil ? now + policy.drainLimit : now)
        let returned = units.giveBackWaiting()
        actions.append(.note(.draining(reason: reason, unitsReturned: returned.count)))
        // First, so that what is given back does not come back.
        sendHeartbeat(at: now, &actions)
        for lease in returned {
            actions.append(.send(.failure(.init(lease: lease, reason: reason, returned: true))))
        }
        if isSecond { returnLanes(because: reason, &actions) }
    }

    private mutating func returnLanes(because reason: String, _ actions: inout [Action]) {
        for (lane, lease) in units.giveBackLanes() {
            actions.append(.send(.failure(.init(lease: lease, reason: reason, returned: true))))
            actions.append(.cancel(lane: lane))
        }
    }

    private mutating func finishDrain(at now: MonotonicInstant, _ actions: inout [Action]) {
        guard let drain, !membership.hasEnded else { return }
        guard units.isEmpty || now >= drain.deadline else { return }
        returnLanes(because: drain.reason, &actions)
        actions.append(.send(.goodbye(reason: drain.reason)))
        end(.drained(reason: drain.reason), &actions)
    }
}
