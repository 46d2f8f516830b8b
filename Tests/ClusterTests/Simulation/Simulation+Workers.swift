import Protocol
import Scheduling
import Transport
import Worker

/// A worker's machine: at most one process, with its session, its lanes and its connection.
struct SimulatedWorker {
    /// A unit in a lane.
    struct Work {
        var lease: Lease
        var work: Session.Work
        var scorer: Scorer?
        var rowsComputed = 0
        var isCancelled = false
    }

    let name: String

    /// nil while no process runs.
    var session: Session?
    var process: UInt64 = 0

    /// What its wall clock says, in processes started.
    var clock: UInt64 = 1000
    var lanes: [Work?]

    /// The job whose model it loads, and what the model that it has computes in.
    var loading: JobSpecification?
    var precision = Precision.automatic
    var connection: PeerID?
    var pausedUntil = MonotonicInstant.zero
    var lanesPausedUntil = MonotonicInstant.zero
    var partitionedUntil = MonotonicInstant.zero
    var hasFinished = false

    private var faultAt = MonotonicInstant.zero
    private var poisonAt = MonotonicInstant.zero

    /// What it last suffered from was poison, not a fault; some faults last.
    var isPoisoned: Bool { poisonAt > max(faultAt, pausedUntil, lanesPausedUntil, partitionedUntil) }

    init(name: String, lanes: Int) {
        self.name = name
        self.lanes = Array(repeating: nil, count: lanes)
    }

    mutating func wasStruck(byPoison: Bool, at now: MonotonicInstant) {
        if byPoison { poisonAt = now } else { faultAt = now }
    }
}

extension Simulation {
    mutating func startWorker(_ index: Int) {
        workers[index].process += 1
        workers[index].clock += 1
        let process = workers[index].process
        let identity = Session.Identity(
            worker: workers[index].name, epoch: workers[index].clock, host: "host", processID: 1, lanes: plan.lanes,
            preferences: [preference(of: index)])
        workers[index].session = Session(identity: identity, policy: .simulated(plan))
        workers[index].lanes = Array(repeating: nil, count: plan.lanes)
        workers[index].loading = nil
        workers[index].pausedUntil = .zero
        workers[index].lanesPausedUntil = .zero
        let peer = coordinator == nil ? nil : newPeer()
        workers[index].connection = peer
        tell(index, .start)
        later(.workerTicks(index, process: process), .milliseconds(500))
    }

    private func preference(of index: Int) -> NumericPreference {
        let isBF16 = plan.prefersBF16[index]
        return NumericPreference(
            backend: .oneDNN, precision: isBF16 ? .bf16 : .f32, attention: isBF16 ? .bf16 : .f32, reason: "measured")
    }

    mutating func killWorker(_ index: Int, byPoison: Bool) {
        guard workers[index].session != nil else { return }
        note("\(workers[index].name) dies")
        workers[index].wasStruck(byPoison: byPoison, at: now)
        endProcess(index)
    }

    /// Somebody starts another one soon.
    private mutating func endProcess(_ index: Int) {
        workers[index].session = nil
        workers[index].process += 1
        workers[index].connection = nil
        later(.workerStarts(index), random.seconds(1...8))
    }

    mutating func tell(_ index: Int, _ event: Session.Event) {
        guard let actions = workers[index].session?.handle(event, at: now) else { return }
        for action in actions { perform(action, on: index) }
    }

    private mutating func perform(_ action: Session.Action, on index: Int) {
        let process = workers[index].process
        switch action {
        case .send(let message): send(message, from: index)
        case .loadModel(let job):
            workers[index].loading = job
            later(.modelLoaded(index, process: process), random.seconds(0.5...4))
        case .compute(let lane, let lease, let work, let scorer):
            if workers[index].lanes[lane] != nil { broken("lane \(lane) of \(workers[index].name) has a unit already") }
            workers[index].lanes[lane] = .init(lease: lease, work: work, scorer: scorer)
            later(.rowComputed(index, process: process, lane: lane), random.seconds(plan.rowSeconds))
        case .cancel(let lane): workers[index].lanes[lane]?.isCancelled = true
        case .note: break
        case .end(.jobFinished):
            if !isFinished { broken("\(workers[index].name) ends before the job does") }
            workers[index].session = nil
            workers[index].process += 1
            workers[index].hasFinished = true
        case .end(.drained), .end(.gaveUp):
            workers[index].wasStruck(byPoison: false, at: now)
            endProcess(index)
        case .end(let ending): broken("\(workers[index].name) ends: \(ending)")
        }
    }

    /// What a lane comes to with a unit whose texts are embedded.
    private func project(_ unit: EmbeddedUnit, _ work: SimulatedWorker.Work, in lane: Int) -> Session.Event {
        if unit.work.needsScorer, work.scorer == nil { return .embedded(lane: lane, unit) }
        do {
            return .computed(lane: lane, try Arithmetic.result(of: unit, work.lease, on: work.scorer))
        } catch {
            return .failed(lane: lane, reason: "\(error)")
        }
    }

    mutating func finishRow(_ index: Int, lane: Int) {
        guard var work = workers[index].lanes[lane] else { return }
        func end(_ event: Session.Event) {
            workers[index].lanes[lane] = nil
            tell(index, event)
        }
        if work.isCancelled { return end(.cancelled(lane: lane)) }
        let payload: UnitPayload
        switch work.work {
        case .project(let unit): return end(project(unit, work, in: lane))
        case .embed(let texts): payload = texts
        }
        let item = payload.items[work.rowsComputed]
        work.rowsComputed += 1
        workers[index].lanes[lane] = work
        switch payload.work == .project ? plan.poison[item.row] : nil {
        case .fails: return end(.failed(lane: lane, reason: "row \(item.row) is poison"))
        case .killsTheProcess: return killWorker(index, byPoison: true)
        case nil: break
        }
        if work.rowsComputed == payload.items.count {
            var readouts = plan.readouts
            if payload.work.needsScorer, plan.choosesReadouts {
                if work.scorer == nil { broken("\(work.lease) is embedded, and nobody knows to what") }
                readouts = work.scorer?.parts.count ?? readouts
            }
            let unit = Arithmetic.embedded(payload, readouts: readouts, in: workers[index].precision)
            return end(project(unit, work, in: lane))
        }
        later(
            .rowComputed(index, process: workers[index].process, lane: lane), random.seconds(plan.rowSeconds))
        tell(index, .progress(lane: lane, tokens: UInt64(work.rowsComputed * LedgerModel.tokensPerRow)))
    }
}

extension Session.Policy {
    /// Shorter times: less to simulate.
    fileprivate static func simulated(_ plan: Plan) -> Self {
        var policy = Self()
        policy.joiningLimit = .seconds(3)
        policy.resultInterval = .seconds(3)
        policy.drainLimit = .seconds(30)
        policy.absenceMax = plan.absenceMax
        policy.arrivalMax = plan.absenceMax
        return policy
    }
}
