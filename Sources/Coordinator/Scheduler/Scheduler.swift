package import Protocol
internal import Transport

/// Decides which worker computes which unit. A pure state machine: events and the time go in, actions come out.
///
/// Terms: a *unit* is a few rows; a *lease* is one worker's right to one attempt at it; a worker's *credit* is the
/// number of leases that it can hold; a unit is *settled* once its outcome is in the ledger. Rules:
/// - a unit is queued, leased, or on its way to being settled, and never two of these;
/// - the first valid result of a unit counts, whoever sends it, whatever became of its lease;
/// - a lost worker's units go back to the queue, as failed attempts, for a unit may be what kills workers;
/// - after `attemptsMax` failures a unit is split until the one bad row stands alone and is quarantined;
/// - a unit's last attempt has the worker to itself, or does not count: it is not given up for what another unit did to
///   the worker;
/// - an attempt fails once, though the worker may come back with it and be lost again;
/// - a worker that may be dead gets no units: they would fail with it;
/// - units that a worker gives back untouched are not failed attempts.
package struct Scheduler: Sendable {
    let policy: Policy
    let job: JobSpecification

    /// The model that all workers must have; nil until the first worker names one.
    private(set) var model: LoadedModel?
    private var direction: BroadcastDirection?
    private var stage: Stage?
    private var finishedSummary: String?

    private(set) var workers: [PeerID: Worker] = [:]

    /// Peers in the order of their joining: the order of every decision among workers.
    private var joined: [PeerID] = []

    /// All units that are fetched and not settled.
    private var units: [UnitID: Unit] = [:]
    private var queue: [UnitID] = []
    private var fetchCursor = UnitID(0)
    private var isFetching = false
    private var isLastFetched = false

    /// For the mean duration of a unit.
    private var finishedUnits = 0
    private var finishedDuration = Duration.zero

    package private(set) var retries: UInt64 = 0

    struct Worker: Sendable {
        enum State: Hashable, Sendable {
            /// Said hello; loads the model. Next: ready, or refused and gone.
            case loading

            /// Takes units. Next: draining, stalled, or gone.
            case ready

            /// Lost its units for want of progress. Next: ready once its hands are empty or a result comes, or gone.
            case stalled

            /// Takes no more units. Next: gone.
            case draining
        }

        var hello: WorkerMessage.Hello
        var state = State.loading

        /// False while its connection is broken: it keeps what it holds, for it may be back before it counts as lost.
        var isReachable = true
        var credit = 0
        var acknowledgedDirection: String?
        var leases: [UnitID: HeldLease] = [:]
        var lastHeard: MonotonicInstant
        var lastProgress: MonotonicInstant
        var unitsDone: UInt64 = 0
        var tokensDone: UInt64 = 0
        var readyAt: MonotonicInstant?

        var name: String { hello.worker }
        var sortedLeases: [Lease] { leases.map { Lease(unit: $0.key, attempt: $0.value.attempt) }.sorted() }
    }

    struct HeldLease: Hashable, Sendable {
        var attempt: UInt32
        var since: MonotonicInstant
        var tokens: UInt64 = 0
    }

    private struct Unit: Sendable {
        enum State: Hashable, Sendable {
            /// In `queue`. Next: leased, or settling (a late result arrived).
            case queued

            /// Held by these workers; two where the second is speculative. Next: queued or settling.
            case leased([PeerID])

            /// Its outcome is on its way to the ledger. Next: gone.
            case settling
        }

        var summary: UnitSummary
        var state = State.queued
        var attempts: UInt32
        var failed: [FailedAttempt] = []
    }

    private struct FailedAttempt: Hashable, Sendable {
        var worker: String
        var attempt: UInt32
    }

    package init(job: JobSpecification, policy: Policy, model: LoadedModel?, direction: BroadcastDirection?) {
        self.job = job
        self.policy = policy
        self.model = model
        self.direction = direction
    }

    package mutating func handle(_ event: Event, at now: MonotonicInstant) -> [Action] {
        var actions: [Action] = []
        switch event {
        case .message(let message, let peer): handle(message, from: peer, at: now, &actions)
        case .unreachable(let peer): workers[peer]?.isReachable = false
        case .stageBegan(let stage):
            precondition(units.isEmpty, "a stage began before the last one ended")
            self.stage = stage
            fetchCursor = UnitID(0)
            isFetching = false
            isLastFetched = false
        case .unitsFetched(let summaries, let isLast): enqueue(summaries, isLast: isLast)
        case .unitsAvailable: isFetching = false; isLastFetched = false
        case .settled(let unit): settle(unit, &actions)
        case .replaced(let unit):
            isFetching = false
            isLastFetched = false
            settle(unit, &actions)
        case .directionReady(let direction):
            self.direction = direction
            let told = joined.filter { workers[$0]?.state != .loading }
            actions += told.map { .send(.direction(direction), to: $0) }
        case .jobFinished(let summary):
            finishedSummary = summary
            for peer in joined { actions.append(.send(.jobFinished(summary: summary), to: peer)) }
        case .tick: watch(at: now, &actions)
        }
        refill(&actions)
        assign(at: now, &actions)
        completeStage(&actions)
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
        switch message {
        case .hello: break
        case .ready(let model): admit(model, from: peer, at: now, &actions)
        case .heartbeat(let heartbeat): update(heartbeat, from: peer, at: now, &actions)
        case .result(let result): take(result, from: peer, at: now, &actions)
        case .failure(let failure):
            guard workers[peer]?.leases[failure.lease.unit]?.attempt == failure.lease.attempt else { return }
            workers[peer]?.lastProgress = now
            release(
                failure.lease.unit, of: peer, failure: failure.returned ? nil : failure.reason, &actions)
        case .directionAcknowledged(let digest): workers[peer]?.acknowledgedDirection = digest
        case .goodbye(let reason):
            releaseAll(of: peer, failure: nil, &actions)
            remove(peer)
            actions.append(.note(.left(worker: worker.name, reason: reason)))
        }
    }

    /// A new worker, a restarted one, or a known one on a new connection.
    private mutating func welcome(
        _ hello: WorkerMessage.Hello, from peer: PeerID, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        if let other = workers[peer], other.name != hello.worker {
            lose(peer, because: "\(hello.worker) took its connection", &actions)
        }
        if let known = joined.first(where: { workers[$0]?.name == hello.worker }), let worker = workers[known] {
            if hello.epoch < worker.hello.epoch {
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
        workers[peer] = Worker(hello: hello, lastHeard: now, lastProgress: now)
        joined.append(peer)
        actions.append(.note(.joined(worker: hello.worker, host: hello.host, lanes: hello.lanes)))
        actions.append(.send(.welcome(jobWithModel), to: peer))
        if let model = hello.model { admit(model, from: peer, at: now, &actions) }
    }

    private mutating func rejoin(
        _ worker: Worker, _ hello: WorkerMessage.Hello, from old: PeerID, to new: PeerID, at now: MonotonicInstant,
        _ actions: inout [Action]
    ) {
        // Once it has named its model, every greeting does: this one comes late, and was answered.
        if hello.model == nil, worker.state != .loading { return }
        // What was sent to the old connection and never arrived is not in the worker's hands.
        for lease in worker.sortedLeases.reversed() where !hello.held.contains(lease) {
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
        if let model = hello.model { admit(model, from: new, at: now, &actions) }
    }

    private var jobWithModel: JobSpecification {
        var job = job
        if let model { job.modelDigest = model.digest }
        return job
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
        workers[peer]?.readyAt = now
        workers[peer]?.lastProgress = now
        actions.append(.note(.ready(worker: worker.name, numericBuild: found.numericBuild)))
        actions.append(.send(.accepted(direction: direction), to: peer))
        adopt(worker.hello.held, of: peer, at: now, &actions)
        // A second `ready` must not bring back what the worker has done with since.
        workers[peer]?.hello.held = []
    }

    /// What a worker holds from an earlier life of the coordinator stays with it where nobody else has it.
    private mutating func adopt(
        _ held: [Lease], of peer: PeerID, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        for lease in held where workers[peer]?.leases[lease.unit]?.attempt != lease.attempt {
            guard let worker = workers[peer], worker.leases.count < worker.credit, worker.leases[lease.unit] == nil,
                var unit = units[lease.unit], unit.state == .queued
            else {
                actions.append(.send(.revoked(lease), to: peer))
                continue
            }
            queue.removeAll { $0 == lease.unit }
            unit.state = .leased([peer])
            unit.attempts = max(unit.attempts, lease.attempt)
            units[lease.unit] = unit
            workers[peer]?.leases[lease.unit] = HeldLease(attempt: lease.attempt, since: now)
        }
    }

    private func reasonToRefuse(_ found: LoadedModel) -> String? {
        if !job.modelDigest.isEmpty, found.digest != job.modelDigest {
            return "its model \(found.name) has SHA-256 \(found.digest); the job asks for \(job.modelDigest)"
        }
        guard let model else { return nil }
        if found.digest != model.digest {
            return """
                its model \(found.name) (SHA-256 \(found.digest)) is not this job's, \(model.name) \
                (SHA-256 \(model.digest)): give the worker that file with --model
                """
        }
        if found.precision != model.precision {
            return """
                it computes in \(found.precision), this job in \(model.precision): set model.precision to one that \
                all workers' processors have, for example f32
                """
        }
        if !policy.allowsMixedNumerics, found.numericBuild != model.numericBuild {
            return """
                its numeric build is "\(found.numericBuild)", this job's is "\(model.numericBuild)", and results would \
                differ in their last digits: use the same libraries and kind of processor, or set \
                cluster.mixed_numerics: true
                """
        }
        return nil
    }

    private mutating func update(
        _ heartbeat: WorkerMessage.Heartbeat, from peer: PeerID, at now: MonotonicInstant,
        _ actions: inout [Action]
    ) {
        guard var worker = workers[peer] else { return }
        guard heartbeat.epoch == worker.hello.epoch else {
            return actions.append(.send(.whoAreYou, to: peer))
        }
        for progress in heartbeat.held {
            let unit = progress.lease.unit
            guard let lease = worker.leases[unit], lease.attempt == progress.lease.attempt else { continue }
            if progress.tokens > lease.tokens {
                worker.lastProgress = now
                if worker.state == .stalled { worker.state = .ready }
            }
            worker.leases[unit]?.tokens = progress.tokens
        }
        if heartbeat.draining, worker.state != .draining {
            worker.state = .draining
            actions.append(.note(.draining(worker: worker.name)))
        }
        if worker.state == .stalled, heartbeat.held.isEmpty { worker.state = .ready }
        workers[peer] = worker
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
        workers[peer]?.lastProgress = now
        workers[peer]?.unitsDone += 1
        workers[peer]?.tokensDone += result.tokensTotal
        if worker.state == .stalled { workers[peer]?.state = .ready }
        if let lease = worker.leases[unit] {
            finishedUnits += 1
            finishedDuration += now - lease.since
        }
        if let known = units[unit] {
            if case .leased(let holders) = known.state {
                for holder in holders {
                    guard let held = workers[holder]?.leases.removeValue(forKey: unit) else { continue }
                    let lease = Lease(unit: unit, attempt: held.attempt)
                    if holder != peer || lease != result.lease {
                        actions.append(.send(.revoked(lease), to: holder))
                    }
                }
            }
            if known.state == .queued { queue.removeAll { $0 == unit } }
            units[unit]?.state = .settling
        }
        actions.append(.commit(result, worker: worker.name))
    }

    /// Why a result cannot be what its unit asked for; nil where it can.
    private func reasonToReject(_ result: UnitResult) -> String? {
        guard let model else { return "a result before any model was agreed on" }
        let unit = units[result.lease.unit]
        // Of a unit that is not in our hands, the ledger knows the stage and how many rows it has.
        let stage = unit == nil ? Stage(resultOf: result.values.elementType) : self.stage
        let elementType: Tensor.ElementType
        var shape = [unit?.summary.rows ?? result.rows.count, 2, job.layers.count]
        switch stage {
        case nil: return nil
        case .anchors:
            elementType = .f32
            shape.append(model.hiddenSize)
        case .rows:
            elementType = .f64
            if result.directionDigest != direction?.digest {
                return "a result on direction \(result.directionDigest); the job's is \(direction?.digest ?? "unknown")"
            }
        }
        let values = result.values
        guard values.elementType == elementType, values.shape == shape else {
            return "values of \(values.elementType) \(values.shape); the unit needs \(elementType) \(shape)"
        }
        guard values.isFinite else { return "values that are not finite" }
        return nil
    }
}

extension WorkerMessage {
    fileprivate var isGoodbye: Bool { if case .goodbye = self { true } else { false } }
}

// MARK: - Leases

extension Scheduler {
    private mutating func enqueue(_ summaries: [UnitSummary], isLast: Bool) {
        isFetching = false
        isLastFetched = isLast
        for summary in summaries {
            fetchCursor = max(fetchCursor, summary.id)
            guard units[summary.id] == nil else { continue }
            units[summary.id] = Unit(summary: summary, attempts: UInt32(summary.failures))
            queue.append(summary.id)
        }
        // An empty answer that is not the last one: wait for `unitsAvailable`.
        if summaries.isEmpty, !isLast { isFetching = true }
    }

    private mutating func refill(_ actions: inout [Action]) {
        guard let stage, !isFetching, !isLastFetched, queue.count <= policy.queueMax / 2 else { return }
        isFetching = true
        actions.append(.fetchUnits(stage, after: fetchCursor, limit: policy.queueMax))
    }

    private mutating func assign(at now: MonotonicInstant, _ actions: inout [Action]) {
        guard stage != nil, !queue.isEmpty else { return }
        // One unit a worker and round, so that a short queue is spread over all.
        var open = joined.filter { canTakeUnits($0, at: now) }
        while !queue.isEmpty, !open.isEmpty {
            let round = open
            open.removeAll { peer in
                guard let position = queuePosition(for: peer, among: round) else { return true }
                lease(queue.remove(at: position), to: peer, at: now, &actions)
                return !canTakeUnits(peer, at: now)
            }
        }
    }

    private func canTakeUnits(_ peer: PeerID, at now: MonotonicInstant) -> Bool {
        guard let worker = workers[peer], worker.state == .ready, worker.isReachable,
            now - worker.lastHeard <= policy.silence / 2,
            worker.leases.count < worker.credit, !worker.leases.keys.contains(where: isOnLastAttempt)
        else { return false }
        return stage != .rows || (direction != nil && worker.acknowledgedDirection == direction?.digest)
    }

    private func isOnLastAttempt(_ id: UnitID) -> Bool {
        guard let failures = units[id]?.summary.failures else { return false }
        return failures > 0 && failures + 1 >= policy.attemptsMax
    }

    /// The first queued unit that did not fail on this worker before, or failed on all that could take it.
    private func queuePosition(for peer: PeerID, among open: [PeerID]) -> Int? {
        let isBusy = workers[peer]?.leases.isEmpty == false
        return queue.firstIndex { id in
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
        if worker.leases.isEmpty { workers[peer]?.lastProgress = now }
        workers[peer]?.leases[id] = HeldLease(attempt: unit.attempts, since: now)
        actions.append(.assign(Lease(unit: id, attempt: unit.attempts), to: peer))
    }

    /// Takes a lease away; the unit goes back to the queue unless another worker holds it too.
    ///
    /// - Parameter failure: why the attempt failed; nil where it was not tried.
    private mutating func release(
        _ id: UnitID, of peer: PeerID, failure: String?, _ actions: inout [Action]
    ) {
        guard let worker = workers[peer], let lease = workers[peer]?.leases.removeValue(forKey: id),
            var unit = units[id], case .leased(var holders) = unit.state
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
        } else if let failure, unit.summary.failures >= policy.attemptsMax {
            unit.state = .settling
            actions.append(unit.summary.rows > 1 ? .split(id) : .quarantine(id, reason: failure))
        } else {
            unit.state = .queued
            queue.insert(id, at: 0)
        }
        units[id] = unit
    }

    private mutating func releaseAll(of peer: PeerID, failure: String?, _ actions: inout [Action]) {
        let held = workers[peer]?.leases.keys.sorted() ?? []
        for unit in held.reversed() {
            // Another of its units may be to blame. Next time this one is alone.
            let isSpared = held.count > 1 && isOnLastAttempt(unit)
            release(unit, of: peer, failure: isSpared ? nil : failure, &actions)
        }
    }

    private mutating func replaceHolder(_ old: PeerID, with new: PeerID, of id: UnitID) {
        guard case .leased(let holders) = units[id]?.state else { return }
        units[id]?.state = .leased(holders.map { $0 == old ? new : $0 })
    }

    private mutating func settle(_ id: UnitID, _ actions: inout [Action]) {
        guard let unit = units.removeValue(forKey: id) else { return }
        guard case .leased(let holders) = unit.state else {
            if unit.state == .queued { queue.removeAll { $0 == id } }
            return
        }
        for holder in holders {
            guard let lease = workers[holder]?.leases.removeValue(forKey: id) else { continue }
            actions.append(.send(.revoked(Lease(unit: id, attempt: lease.attempt)), to: holder))
        }
    }

    private mutating func completeStage(_ actions: inout [Action]) {
        guard let stage, isLastFetched, units.isEmpty else { return }
        self.stage = nil
        actions.append(.stageCompleted(stage))
    }

    private mutating func remove(_ peer: PeerID) {
        workers[peer] = nil
        joined.removeAll { $0 == peer }
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
    private mutating func watch(at now: MonotonicInstant, _ actions: inout [Action]) {
        for peer in joined {
            guard let worker = workers[peer] else { continue }
            if now - worker.lastHeard > policy.silence {
                lose(peer, because: "it was silent for \(Int((now - worker.lastHeard).seconds)) s", &actions)
            } else if !worker.leases.isEmpty, now - worker.lastProgress > stallLimit(worker) {
                actions.append(.note(.stalled(worker: worker.name, unitsReturned: worker.leases.count)))
                actions += worker.sortedLeases.map { .send(.revoked($0), to: peer) }
                releaseAll(of: peer, failure: "no progress for \(Int(stallLimit(worker).seconds)) s", &actions)
                if worker.state == .ready { workers[peer]?.state = .stalled }
            }
        }
        speculate(at: now, &actions)
    }

    private func stallLimit(_ worker: Worker) -> Duration {
        let tokens = worker.leases.keys.map { units[$0]?.summary.tokens ?? 0 }.max() ?? 0
        return policy.stall + policy.stallPerToken * tokens
    }

    /// At the end of a stage, gives the longest running units to idle workers as well.
    private mutating func speculate(at now: MonotonicInstant, _ actions: inout [Action]) {
        guard stage != nil, isLastFetched, queue.isEmpty, finishedUnits > 0 else { return }
        let threshold = max(policy.speculationAfter, finishedDuration / finishedUnits * 2)
        let slow = units.values.compactMap { unit -> (since: MonotonicInstant, id: UnitID, holder: PeerID)? in
            guard case .leased(let holders) = unit.state, holders.count == 1,
                let lease = workers[holders[0]]?.leases[unit.summary.id], now - lease.since > threshold
            else { return nil }
            return (lease.since, unit.summary.id, holders[0])
        }
        var idle = joined.filter { canTakeUnits($0, at: now) && workers[$0]?.leases.isEmpty == true }
        for unit in slow.sorted(by: { ($0.since, $0.id) < ($1.since, $1.id) }) {
            guard let position = idle.firstIndex(where: { $0 != unit.holder }) else { return }
            let peer = idle.remove(at: position)
            lease(unit.id, to: peer, at: now, &actions)
            actions.append(.note(.speculated(unit.id, worker: workers[peer]?.name ?? "")))
        }
    }
}

// MARK: - Looking in

extension Scheduler {
    /// The workers in the order of their joining.
    package func workerReports(at now: MonotonicInstant) -> [StatusReport.Worker] {
        joined.compactMap { peer in
            guard let worker = workers[peer] else { return nil }
            let active = worker.readyAt.map { (now - $0).seconds } ?? 0
            return StatusReport.Worker(
                worker: worker.name, host: worker.hello.host, state: "\(worker.state)", lanes: worker.hello.lanes,
                unitsHeld: worker.leases.count, unitsDone: worker.unitsDone,
                tokensPerSecond: active > 0 ? Double(worker.tokensDone) / active : 0,
                secondsSinceHeard: (now - worker.lastHeard).seconds)
        }
    }

    /// What must hold after every event; each broken rule as a sentence.
    package func brokenInvariants() -> [String] {
        var broken: [String] = []
        if Set(queue).count != queue.count { broken.append("a unit is queued twice") }
        if Set(joined) != Set(workers.keys) || joined.count != workers.count { broken.append("joined ≠ workers") }
        for id in queue where units[id]?.state != .queued { broken.append("\(id) is in the queue but not queued") }
        for (id, unit) in units {
            switch unit.state {
            case .queued: if !queue.contains(id) { broken.append("\(id) is queued but not in the queue") }
            case .leased(let holders):
                if holders.isEmpty || Set(holders).count != holders.count {
                    broken.append("\(id) has holders \(holders)")
                }
                for holder in holders where workers[holder]?.leases[id] == nil {
                    broken.append("\(id) is leased to \(holder), who does not hold it")
                }
            case .settling: break
            }
        }
        for (peer, worker) in workers {
            if worker.leases.count > worker.credit { broken.append("\(peer) holds more than its credit") }
            for id in worker.leases.keys {
                guard case .leased(let holders) = units[id]?.state, holders.contains(peer) else {
                    broken.append("\(peer) holds \(id), which is not leased to it")
                    continue
                }
            }
        }
        return broken
    }
}
