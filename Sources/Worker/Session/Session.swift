package import Protocol

/// A worker's side of a job. A pure state machine: events and the time go in, actions come out.
///
/// Whatever the worker has in its hands — a waiting unit, one in a lane, a result that the coordinator has not
/// acknowledged — stays there through broken connections and restarts of the coordinator, and is listed in every
/// heartbeat.
package struct Session: Sendable {
    package struct Identity: Hashable, Sendable {
        package var worker: String
        package var epoch: UInt64
        package var host: String
        package var processID: UInt32
        package var lanes: Int

        package init(worker: String, epoch: UInt64, host: String, processID: UInt32, lanes: Int) {
            self.worker = worker
            self.epoch = epoch
            self.host = host
            self.processID = processID
            self.lanes = lanes
        }
    }

    package struct Policy: Hashable, Sendable {
        /// Between two greetings that nobody answers.
        package var helloInterval: Duration = .seconds(1)

        /// After so long without the coordinator's yes the worker greets again.
        package var joiningLimit: Duration = .seconds(5)

        /// A result that is not acknowledged after this time is sent again.
        package var resultInterval: Duration = .seconds(10)

        /// After so much silence of the coordinator the operator is told.
        package var silence: Duration = .seconds(15)

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
        case modelFailed(reason: String)
        case networkFailed(reason: String)
        case progress(lane: Int, tokens: UInt64)
        case computed(lane: Int, UnitResult)
        case failed(lane: Int, reason: String)
        case cancelled(lane: Int)

        /// Stop: finish what is in the lanes, give back what waits. The second time: give everything back.
        case drain(reason: String)
        case tick
    }

    package enum Action: Sendable, Hashable {
        case send(WorkerMessage)
        case loadModel(JobSpecification)
        case compute(lane: Int, Lease, UnitPayload, direction: BroadcastDirection?)

        /// Stop the lane's computation soon; then report `cancelled`, unless it ends by itself before.
        case cancel(lane: Int)
        case note(Note)
        case end(Ending)
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

    private enum Lane: Hashable, Sendable {
        case idle
        case busy(Lease, tokens: UInt64, isRevoked: Bool)
    }

    private struct WaitingUnit: Sendable {
        var lease: Lease
        var payload: UnitPayload
    }

    private struct FinishedUnit: Sendable {
        var result: UnitResult
        var sentAt: MonotonicInstant
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
    private var lanes: [Lane]

    /// Results that the coordinator has not acknowledged, in the order of their completion.
    private var finished: [FinishedUnit] = []
    private var lastHeard = MonotonicInstant.zero
    private var lastHeartbeat = MonotonicInstant.zero
    private var isSilenceNoted = false
    private var drain: (reason: String, deadline: MonotonicInstant)?

    package init(identity: Identity, policy: Policy = Policy()) {
        self.identity = identity
        self.policy = policy
        self.lanes = Array(repeating: .idle, count: identity.lanes)
    }

    package mutating func handle(_ event: Event, at now: MonotonicInstant) -> [Action] {
        var actions: [Action] = []
        if case .ended = state, case .start = event {
            lastHeard = now
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
        case .modelFailed(let reason):
            guard !loadsAnew(&actions) else { break }
            actions.append(.send(.goodbye(reason: reason)))
            end(.unusable(reason: reason), &actions)
        case .networkFailed(let reason): end(.failed(reason: reason), &actions)
        case .progress(let lane, let tokens):
            if case .busy(let lease, _, let isRevoked) = lanes[lane] {
                lanes[lane] = .busy(lease, tokens: tokens, isRevoked: isRevoked)
            }
        case .computed(let lane, let result):
            if case .busy(_, _, isRevoked: false) = lanes[lane] {
                finished.append(FinishedUnit(result: result, sentAt: now))
                if isWorking { actions.append(.send(.result(result))) }
            }
            lanes[lane] = .idle
        case .failed(let lane, let reason):
            if case .busy(let lease, _, isRevoked: false) = lanes[lane] {
                actions.append(.send(.failure(.init(lease: lease, reason: reason, returned: false))))
            }
            lanes[lane] = .idle
        case .cancelled(let lane): lanes[lane] = .idle
        case .drain(let reason): beginDrain(because: reason, at: now, &actions)
        case .tick: tick(at: now, &actions)
        }
        startUnits(&actions)
        finishDrain(at: now, &actions)
        return actions
    }

    private var isWorking: Bool { if case .working = state { true } else { false } }
}

// MARK: - Joining

extension Session {
    private mutating func handle(
        _ message: CoordinatorMessage, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        lastHeard = now
        if isSilenceNoted {
            isSilenceNoted = false
            actions.append(.note(.coordinatorBack))
        }
        switch message {
        case .welcome(let job): begin(job, at: now, &actions)
        case .accepted(let direction): beginWork(direction, at: now, &actions)
        case .refused(let reason): end(.refused(reason: reason), &actions)
        case .whoAreYou: greet(at: now, &actions)
        case .assignment(let lease, let payload): take(lease, payload, &actions)
        case .direction(let direction):
            self.direction = direction
            actions.append(.send(.directionAcknowledged(digest: direction.digest)))
        case .resultAcknowledged(let lease): finished.removeAll { $0.result.lease == lease }
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
                        lanes: identity.lanes, model: model, held: held.map(\.lease)))))
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
        actions.append(.note(.accepted(job: job.job)))
        if let direction {
            self.direction = direction
            actions.append(.send(.directionAcknowledged(digest: direction.digest)))
        }
        for index in finished.indices { sendResult(at: index, now, &actions) }
    }

    private mutating func end(_ ending: Ending, _ actions: inout [Action]) {
        state = .ended
        for lane in lanes.indices {
            // A revoked one was cancelled before.
            if case .busy(_, _, isRevoked: false) = lanes[lane] { actions.append(.cancel(lane: lane)) }
        }
        actions.append(.end(ending))
    }
}

// MARK: - Units

extension Session {
    private mutating func take(_ lease: Lease, _ payload: UnitPayload, _ actions: inout [Action]) {
        if let drain {
            actions.append(.send(.failure(.init(lease: lease, reason: drain.reason, returned: true))))
        } else if payload.stage == .rows, direction == nil {
            let reason = "it came before the direction"
            actions.append(.send(.failure(.init(lease: lease, reason: reason, returned: true))))
        } else if !held.contains(where: { $0.lease == lease }) {
            waiting.append(WaitingUnit(lease: lease, payload: payload))
        }
    }

    private mutating func startUnits(_ actions: inout [Action]) {
        guard model != nil else { return }
        for lane in lanes.indices where lanes[lane] == .idle && !waiting.isEmpty {
            let unit = waiting.removeFirst()
            lanes[lane] = .busy(unit.lease, tokens: 0, isRevoked: false)
            actions.append(.compute(lane: lane, unit.lease, unit.payload, direction: direction))
        }
    }

    private mutating func drop(_ lease: Lease, _ actions: inout [Action]) {
        waiting.removeAll { $0.lease == lease }
        finished.removeAll { $0.result.lease == lease }
        for lane in lanes.indices {
            guard case .busy(lease, let tokens, isRevoked: false) = lanes[lane] else { continue }
            lanes[lane] = .busy(lease, tokens: tokens, isRevoked: true)
            actions.append(.cancel(lane: lane))
        }
    }

    /// What belongs to another job is of no use to this one.
    private mutating func forgetUnits(_ actions: inout [Action]) {
        for lease in held.map(\.lease) { drop(lease, &actions) }
        direction = nil
    }

    private mutating func sendResult(at index: Int, _ now: MonotonicInstant, _ actions: inout [Action]) {
        finished[index].sentAt = now
        actions.append(.send(.result(finished[index].result)))
    }

    private typealias Progress = WorkerMessage.Heartbeat.Progress

    private var held: [Progress] {
        finished.map { Progress(lease: $0.result.lease, tokens: $0.result.tokensTotal) } + inLanes(revoked: false)
            + waiting.map { Progress(lease: $0.lease, tokens: 0) }
    }

    private func inLanes(revoked: Bool) -> [Progress] {
        lanes.compactMap { lane in
            guard case .busy(let lease, let tokens, revoked) = lane else { return nil }
            return Progress(lease: lease, tokens: tokens)
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
        let silence = now - lastHeard
        if silence > policy.silence, !isSilenceNoted {
            isSilenceNoted = true
            actions.append(.note(.coordinatorSilent(seconds: Int(silence.seconds))))
        }
        switch state {
        case .greeting(let lastHello):
            if now - lastHello >= policy.helloInterval { greet(at: now, &actions) }
        case .joining(let since) where now - since >= policy.joiningLimit: greet(at: now, &actions)
        case .loading, .joining: beat(at: now, &actions)
        case .working:
            beat(at: now, &actions)
            for index in finished.indices where now - finished[index].sentAt >= policy.resultInterval {
                sendResult(at: index, now, &actions)
            }
        case .ended: break
        }
    }

    private mutating func beat(at now: MonotonicInstant, _ actions: inout [Action]) {
        guard now - lastHeartbeat >= Duration.milliseconds(job?.heartbeatMilliseconds ?? 1000) else { return }
        lastHeartbeat = now
        actions.append(.send(.heartbeat(heartbeat)))
    }

    private mutating func beginDrain(because reason: String, at now: MonotonicInstant, _ actions: inout [Action]) {
        let isSecond = drain != nil
        drain = (reason, isSecond ? now : now + policy.drainLimit)
        actions.append(.note(.draining(reason: reason, unitsReturned: waiting.count)))
        let returned = waiting.map(\.lease)
        waiting = []
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
            guard case .busy(let lease, let tokens, isRevoked: false) = lanes[lane] else { continue }
            actions.append(.send(.failure(.init(lease: lease, reason: reason, returned: true))))
            lanes[lane] = .busy(lease, tokens: tokens, isRevoked: true)
            actions.append(.cancel(lane: lane))
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
        [modelPath, precision, backend, pooling, "\(maxTokens)", "\(layers)"]
    }
}
