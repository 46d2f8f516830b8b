package import Protocol

/// A worker's side of a job. A pure state machine: events and the time go in, actions come out.
///
/// Whatever the worker has in its hands — a waiting unit, one in a lane, an embedded one without a direction to be
/// projected on, a result that the coordinator has not acknowledged — stays there through broken connections and
/// restarts of the coordinator, and is listed in every heartbeat.
package struct Session: Sendable {
    package struct Identity: Hashable, Sendable {
        package var worker: String
        package var epoch: UInt64
        package var host: String
        package var processID: UInt32
        package var lanes: Int

        /// What this machine computes fastest in.
        package var preferences: [NumericPreference]

        package init(
            worker: String, epoch: UInt64, host: String, processID: UInt32, lanes: Int,
            preferences: [NumericPreference] = []
        ) {
            self.worker = worker
            self.epoch = epoch
            self.host = host
            self.processID = processID
            self.lanes = lanes
            self.preferences = preferences
        }
    }

    package struct Policy: Hashable, Sendable {
        /// Between two greetings that nobody answers.
        package var helloInterval: Duration = .seconds(1)

        /// After so long without the coordinator's yes the worker greets again.
        package var joiningLimit: Duration = .seconds(5)

        /// Where no result was acknowledged for so long, the oldest is sent again.
        package var resultInterval: Duration = .seconds(10)

        /// After so much silence of the coordinator the operator is told, and again whenever it has doubled, at most
        /// `silenceReportMax` later.
        package var silence: Duration = .seconds(15)
        package var silenceReportMax: Duration = .seconds(3600)

        /// The same for a worker that has not heard of any coordinator yet.
        package var firstSilence: Duration = .seconds(3)

        /// A worker that heard of a coordinator gives up when none said anything for so long; nil: never. Long enough
        /// for a person to start one again.
        package var absenceMax: Duration? = .seconds(1800)

        /// The same for one that never heard of any.
        package var arrivalMax: Duration?

        /// A drain ends after this time, whatever is left.
        package var drainLimit: Duration = .seconds(120)

        package init() {}
    }

    package enum Event: Sendable {
        case start
        case message(CoordinatorMessage)
        case otherVersion(ProtocolVersionMismatch)
        case modelLoaded(LoadedModel)

        /// The model cannot be used: it is missing, damaged, or not what the job needs.
        ///
        /// - Parameter mayPass: another start may end otherwise, as after a full disk.
        case modelFailed(reason: String, mayPass: Bool = false)
        case networkFailed(reason: String)
        case progress(lane: Int, tokens: UInt64)
        case computed(lane: Int, UnitResult)

        /// Rows that were embedded in a lane without a direction.
        case embedded(lane: Int, EmbeddedUnit)
        case failed(lane: Int, reason: String)
        case cancelled(lane: Int)

        /// Stop: finish what is in the lanes, give back what waits. The second time: give everything back.
        case drain(reason: String)
        case tick
    }

    package enum Action: Sendable, Hashable {
        case send(WorkerMessage)
        case loadModel(JobSpecification)
        case compute(lane: Int, Lease, Work, direction: BroadcastDirection?)

        /// Stop the lane's computation soon; then report `cancelled`, unless it ends by itself before.
        case cancel(lane: Int)
        case note(Note)
        case end(Ending)
    }

    /// What is left to do for a unit.
    package enum Work: Hashable, Sendable {
        /// Embed the texts and, where they are rows and there is a direction, project them.
        case embed(UnitPayload)
        case project(EmbeddedUnit)
    }

    package enum Note: Hashable, Sendable {
        case greeting
        case accepted(job: String)
        case coordinatorSilent(seconds: Int)
        case coordinatorBack
        case draining(reason: String, unitsReturned: Int)
    }

    package enum Ending: Hashable, Sendable {
        case jobFinished(summary: String)
        case drained(reason: String)
        case refused(reason: String)

        /// This worker cannot do the job, however often it is started.
        case unusable(reason: String)
        case failed(reason: String)

        /// No coordinator said anything for too long.
        case gaveUp(seconds: Int)
    }

    private enum State: Sendable {
        /// Says hello until the coordinator answers. Next: loading or joining.
        case greeting(lastHello: MonotonicInstant)

        /// The model is on its way into memory. Next: joining or ended.
        case loading

        /// Waits for the coordinator's yes. Next: working, greeting (no answer came) or ended.
        case joining(since: MonotonicInstant)

        /// Computes units. Next: greeting (the coordinator does not know us any more), joining or ended.
        case working

        /// Nothing more is done.
        case ended
    }

    /// A unit in a lane.
    private struct RunningUnit: Sendable {
        var lease: Lease
        var since: MonotonicInstant
        var tokens: UInt64 = 0
        var isRevoked = false
    }

    private struct WaitingUnit: Sendable {
        var lease: Lease
        var work: Work

        var isEmbedded: Bool { if case .project = work { true } else { false } }
        var tokens: UInt64 { if case .project(let unit) = work { unit.tokensTotal } else { 0 } }
    }

    private struct FinishedUnit: Sendable {
        var result: UnitResult

        /// The number of its last sending; nil where it was not sent.
        var sending: UInt64?
    }

    private let identity: Identity
    private let policy: Policy
    private var state = State.ended
    private var job: JobSpecification?

    /// The job that the engine in memory, or on its way there, was made for.
    private var loadedJob: JobSpecification?
    private var model: LoadedModel?
    private var direction: BroadcastDirection?
    private var waiting: [WaitingUnit] = []

    /// Revoked before their assignment came: a network may turn the two round, a welcome between them. Of this job alone.
    /// A coordinator that was started again numbers its attempts anew; where it means another lease by one of these, it
    /// finds that it was not taken.
    private var revokedEarly: [Lease] = []
    private static let revokedEarlyMax = 256

    /// Embedded before there was a direction; it makes them wait for a lane again.
    private var embedded: [WaitingUnit] = []

    /// nil for an idle lane.
    private var lanes: [RunningUnit?]

    /// For the share of the time in which the lanes were busy.
    private var lanesBusy = Duration.zero
    private var workingSince: MonotonicInstant?

    /// Results that the coordinator has not acknowledged, in the order of their completion.
    private var finished: [FinishedUnit] = []
    private var sendings: UInt64 = 0

    /// When a result was sent in want of acknowledgements, or acknowledged, last.
    private var lastResultNews = MonotonicInstant.zero
    private var lastHeartbeat = MonotonicInstant.zero
    private var watch: CoordinatorWatch
    private var drain: (reason: String, deadline: MonotonicInstant)?

    package init(identity: Identity, policy: Policy = Policy()) {
        self.identity = identity
        self.policy = policy
        self.lanes = Array(repeating: nil, count: identity.lanes)
        self.watch = CoordinatorWatch(policy: policy)
    }

    package mutating func handle(_ event: Event, at now: MonotonicInstant) -> [Action] {
        var actions: [Action] = []
        if case .ended = state, case .start = event {
            watch.began(at: now)
            greet(at: now, &actions)
            actions.append(.note(.greeting))
            return actions
        }
        if case .ended = state { return [] }
        switch event {
        case .start: preconditionFailure("started twice")
        case .message(let message): handle(message, at: now, &actions)
        case .otherVersion(let mismatch): end(.unusable(reason: mismatch.description), &actions)
        case .modelLoaded(let model): join(with: model, at: now, &actions)
        case .modelFailed(let reason, let mayPass):
            guard !loadsAnew(&actions) else { break }
            actions.append(.send(.goodbye(reason: reason)))
            end(mayPass ? .failed(reason: reason) : .unusable(reason: reason), &actions)
        case .networkFailed(let reason): end(.failed(reason: reason), &actions)
        case .progress(let lane, let tokens): lanes[lane]?.tokens = tokens
        case .computed(let lane, let result):
            guard free(lane, at: now) != nil else { break }
            if finished.isEmpty { lastResultNews = now }
            finished.append(FinishedUnit(result: result))
            if isWorking { sendResult(at: finished.count - 1, &actions) }
        case .embedded(let lane, let unit):
            guard let lease = free(lane, at: now) else { break }
            keep(WaitingUnit(lease: lease, work: .project(unit)), &actions)
        case .failed(let lane, let reason):
            guard let lease = free(lane, at: now) else { break }
            actions.append(.send(.failure(.init(lease: lease, reason: reason, returned: false))))
        case .cancelled(let lane): _ = free(lane, at: now)
        case .drain(let reason): beginDrain(because: reason, at: now, &actions)
        case .tick: tick(at: now, &actions)
        }
        startUnits(at: now, &actions)
        finishDrain(at: now, &actions)
        return actions
    }

    /// Whether a silence of the coordinator lasts that the operator was told of, or none was heard of yet.
    package var isCutOff: Bool { watch.isCutOff }

    private var isWorking: Bool { if case .working = state { true } else { false } }

    /// The share of the time since the worker was first accepted in which its lanes had a unit, 0 … 1; nil before.
    package func busyShare(at now: MonotonicInstant) -> Double? {
        guard let workingSince, now > workingSince else { return nil }
        let running = lanes.compactMap { $0 }.reduce(lanesBusy) { $0 + (now - $1.since) }
        return running.seconds / ((now - workingSince).seconds * Double(lanes.count))
    }
}

// MARK: - Joining

extension Session {
    private mutating func handle(
        _ message: CoordinatorMessage, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        if watch.heard(at: now) { actions.append(.note(.coordinatorBack)) }
        switch message {
        case .welcome(let job): begin(job, at: now, &actions)
        case .accepted(let direction): beginWork(direction, at: now, &actions)
        case .refused(let reason): end(.refused(reason: reason), &actions)
        case .whoAreYou: greet(at: now, &actions)
        case .assignment(let lease, let payload): take(lease, payload, &actions)
        case .direction(let direction): adopt(direction, &actions)
        case .resultAcknowledged(let lease): acknowledge(lease, at: now, &actions)
        case .revoked(let lease): drop(lease, &actions)
        case .heartbeatReply: break
        case .jobFinished(let summary):
            actions.append(.send(.goodbye(reason: "the job is finished")))
            end(.jobFinished(summary: summary), &actions)
        }
    }

    private mutating func greet(at now: MonotonicInstant, _ actions: inout [Action]) {
        if case .loading = state {
            // The coordinator's next welcome meets the model in loading.
        } else {
            state = .greeting(lastHello: now)
        }
        actions.append(
            .send(
                .hello(
                    .init(
                        worker: identity.worker, epoch: identity.epoch, host: identity.host,
                        processID: identity.processID, softwareVersion: ProtocolVersion.software,
                        lanes: identity.lanes, model: model, held: held, preferences: identity.preferences))))
    }

    private mutating func begin(_ job: JobSpecification, at now: MonotonicInstant, _ actions: inout [Action]) {
        if self.job?.engine != job.engine || self.job?.job != job.job { forgetUnits(&actions) }
        self.job = job
        // What is on its way into memory is looked at when it is there.
        if case .loading = state { return }
        if model != nil, loadedJob?.engine == job.engine {
            // Our hello has named the model; the coordinator says yes or no to it next.
            state = .joining(since: now)
        } else {
            load(job, &actions)
        }
    }

    private mutating func load(_ job: JobSpecification, _ actions: inout [Action]) {
        model = nil
        loadedJob = job
        state = .loading
        actions.append(.loadModel(job))
    }

    /// Loads again where the job became another one while its engine was loaded; true if so.
    private mutating func loadsAnew(_ actions: inout [Action]) -> Bool {
        guard let job, loadedJob?.engine != job.engine else { return false }
        load(job, &actions)
        return true
    }

    private mutating func join(with model: LoadedModel, at now: MonotonicInstant, _ actions: inout [Action]) {
        if loadsAnew(&actions) { return }
        self.model = model
        state = .joining(since: now)
        actions.append(.send(.ready(model)))
    }

    private mutating func beginWork(
        _ direction: BroadcastDirection?, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        guard let job, model != nil else { return }
        state = .working
        workingSince = workingSince ?? now
        actions.append(.note(.accepted(job: job.job)))
        if let direction { adopt(direction, &actions) }
        lastResultNews = now
        for index in finished.indices { sendResult(at: index, &actions) }
    }

    /// What was embedded before there was a direction is projected before all else.
    private mutating func adopt(_ direction: BroadcastDirection, _ actions: inout [Action]) {
        self.direction = direction
        actions.append(.send(.directionAcknowledged(digest: direction.digest)))
        waiting = embedded + waiting
        embedded = []
    }

    private mutating func end(_ ending: Ending, _ actions: inout [Action]) {
        state = .ended
        for lane in lanes.indices {
            // A revoked one was cancelled before.
            if lanes[lane]?.isRevoked == false { actions.append(.cancel(lane: lane)) }
        }
        actions.append(.end(ending))
    }
}

// MARK: - Units

extension Session {
    private mutating func take(_ lease: Lease, _ payload: UnitPayload, _ actions: inout [Action]) {
        if let position = revokedEarly.firstIndex(of: lease) {
            revokedEarly.remove(at: position)
            return
        }
        if let drain {
            actions.append(.send(.failure(.init(lease: lease, reason: drain.reason, returned: true))))
        } else if !held.contains(where: { $0.lease == lease }) {
            waiting.append(WaitingUnit(lease: lease, work: .embed(payload)))
        }
    }

    private mutating func startUnits(at now: MonotonicInstant, _ actions: inout [Action]) {
        guard model != nil else { return }
        for lane in lanes.indices where lanes[lane] == nil && !waiting.isEmpty {
            let unit = waiting.removeFirst()
            lanes[lane] = RunningUnit(lease: unit.lease, since: now, tokens: unit.tokens)
            actions.append(.compute(lane: lane, unit.lease, unit.work, direction: direction))
        }
    }

    /// - Returns: the lease that the lane had, unless it was revoked.
    private mutating func free(_ lane: Int, at now: MonotonicInstant) -> Lease? {
        guard let unit = lanes[lane].take() else { return nil }
        lanesBusy += now - unit.since
        return unit.isRevoked ? nil : unit.lease
    }

    /// The direction may have come while the unit was embedded; a worker that leaves waits for none.
    private mutating func keep(_ unit: WaitingUnit, _ actions: inout [Action]) {
        if direction != nil {
            waiting.insert(unit, at: 0)
        } else if let drain {
            actions.append(.send(.failure(.init(lease: unit.lease, reason: drain.reason, returned: true))))
        } else {
            embedded.append(unit)
            if isWorking { actions.append(.send(.embedded(unit.lease))) }
        }
    }

    private mutating func drop(_ lease: Lease, _ actions: inout [Action]) {
        let isHeld = (held + inLanes(revoked: true)).contains { $0.lease == lease }
        if !isHeld, !revokedEarly.contains(lease) {
            revokedEarly = revokedEarly.suffix(Self.revokedEarlyMax - 1) + [lease]
        }
        waiting.removeAll { $0.lease == lease }
        embedded.removeAll { $0.lease == lease }
        finished.removeAll { $0.result.lease == lease }
        for lane in lanes.indices where lanes[lane]?.lease == lease { revoke(lane, &actions) }
    }

    private mutating func revoke(_ lane: Int, _ actions: inout [Action]) {
        guard lanes[lane]?.isRevoked == false else { return }
        lanes[lane]?.isRevoked = true
        actions.append(.cancel(lane: lane))
    }

    /// What belongs to another job is of no use to this one.
    private mutating func forgetUnits(_ actions: inout [Action]) {
        for lease in held.map(\.lease) { drop(lease, &actions) }
        revokedEarly = []
        direction = nil
    }

    private mutating func sendResult(at index: Int, _ actions: inout [Action]) {
        sendings += 1
        finished[index].sending = sendings
        actions.append(.send(.result(finished[index].result)))
    }

    /// Results are acknowledged in the order in which they were sent: one that was sent before this one is lost. One of
    /// these is sent again, so that no more are on their way than were before.
    private mutating func acknowledge(_ lease: Lease, at now: MonotonicInstant, _ actions: inout [Action]) {
        guard let index = finished.firstIndex(where: { $0.result.lease == lease }) else { return }
        lastResultNews = now
        let sending = finished.remove(at: index).sending ?? 0
        if isWorking, let oldest = oldestResult, finished[oldest].sending ?? 0 < sending {
            sendResult(at: oldest, &actions)
        }
    }

    /// The one that waits longest for being acknowledged.
    private var oldestResult: Int? {
        finished.indices.min { finished[$0].sending ?? 0 < finished[$1].sending ?? 0 }
    }

    private var held: [WorkerMessage.HeldUnit] {
        finished.map { .init(lease: $0.result.lease, tokens: $0.result.tokensTotal) } + inLanes(revoked: false)
            + (waiting + embedded).map { .init(lease: $0.lease, tokens: $0.tokens, isEmbedded: $0.isEmbedded) }
    }

    private func inLanes(revoked: Bool) -> [WorkerMessage.HeldUnit] {
        lanes.compactMap { unit in
            unit.flatMap { $0.isRevoked == revoked ? .init(lease: $0.lease, tokens: $0.tokens) : nil }
        }
    }

    /// A revoked unit is listed until its lane is free of it.
    private var heartbeat: WorkerMessage.Heartbeat {
        .init(epoch: identity.epoch, held: held + inLanes(revoked: true), draining: drain != nil)
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
        switch state {
        case .greeting(let lastHello):
            if now - lastHello >= policy.helloInterval { greet(at: now, &actions) }
        case .joining(let since) where now - since >= policy.joiningLimit: greet(at: now, &actions)
        case .loading, .joining: beat(at: now, &actions)
        case .working:
            beat(at: now, &actions)
            repeatResult(at: now, &actions)
        case .ended: break
        }
    }

    /// One at a time, and none while others are acknowledged: on a slow link the first copies are still on their way,
    /// and more of them would only delay them.
    private mutating func repeatResult(at now: MonotonicInstant, _ actions: inout [Action]) {
        guard let oldest = oldestResult, now - lastResultNews >= policy.resultInterval else { return }
        lastResultNews = now
        sendResult(at: oldest, &actions)
    }

    private mutating func beat(at now: MonotonicInstant, _ actions: inout [Action]) {
        guard now - lastHeartbeat >= Duration.milliseconds(job?.heartbeatMilliseconds ?? 1000) else { return }
        lastHeartbeat = now
        actions.append(.send(.heartbeat(heartbeat)))
    }

    private mutating func beginDrain(because reason: String, at now: MonotonicInstant, _ actions: inout [Action]) {
        let isSecond = drain != nil
        drain = (reason, isSecond ? now : now + policy.drainLimit)
        let returned = (waiting.filter { !$0.isEmbedded } + embedded).map(\.lease)
        waiting.removeAll { !$0.isEmbedded }
        embedded = []
        actions.append(.note(.draining(reason: reason, unitsReturned: returned.count)))
        // First, so that what is given back does not come back.
        lastHeartbeat = now
        actions.append(.send(.heartbeat(heartbeat)))
        for lease in returned {
            actions.append(.send(.failure(.init(lease: lease, reason: reason, returned: true))))
        }
        if isSecond { returnLanes(because: reason, &actions) }
    }

    private mutating func returnLanes(because reason: String, _ actions: inout [Action]) {
        for lane in lanes.indices {
            guard let unit = lanes[lane], !unit.isRevoked else { continue }
            actions.append(.send(.failure(.init(lease: unit.lease, reason: reason, returned: true))))
            revoke(lane, &actions)
        }
    }

    private mutating func finishDrain(at now: MonotonicInstant, _ actions: inout [Action]) {
        guard let drain else { return }
        if case .ended = state { return }
        guard held.isEmpty || now >= drain.deadline else { return }
        returnLanes(because: drain.reason, &actions)
        actions.append(.send(.goodbye(reason: drain.reason)))
        end(.drained(reason: drain.reason), &actions)
    }
}

extension JobSpecification {
    /// All that an engine in memory is made from. Whether its model is the right one, the coordinator decides.
    fileprivate var engine: [String] {
        [
            modelPath, precision, backend, attention, pooling, "\(maxTokens)", "\(layers)", "\(keptLayers)",
            "\(keptPoolings)",
        ]
    }
}
