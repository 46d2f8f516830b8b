import Coordinator
import JobStore
import Protocol
import Scheduling
import Transport

/// The coordinator's process: what is lost when it is killed.
struct SimulatedCoordinator {
    typealias Loop = JobLoop<LedgerModel, Outbox>

    enum Event {
        case loop(Loop.Event)

        /// A step of the coordinator's own is done: the direction is fitted, or the output is written.
        case ended(StepID)
    }

    let life: Int
    var loop: Loop
    var mailbox: [Event] = []
}

extension Simulation {
    private var job: JobSpecification {
        let asks = plan.asksForNumerics
        return JobSpecification(
            job: "job", modelPath: "model.gguf", modelDigest: "", precision: asks ? .automatic : .f32,
            backend: .oneDNN, attention: asks ? .automatic : .f32,
            readouts: Array(Arithmetic.readouts.prefix(plan.readouts)), choosesReadouts: plan.choosesReadouts,
            maxTokens: 0, heartbeatMilliseconds: 1000)
    }

    var policy: Scheduler.Policy {
        var policy = Scheduler.Policy(
            silence: .seconds(6), stall: .seconds(15), attemptsMax: plan.attemptsMax, allowsMixedNumerics: false)
        policy.assignmentLost = .seconds(5)
        policy.scorerLost = .seconds(3)
        policy.speculationAfter = .seconds(4)
        policy.queueMax = 6
        policy.restMax = .seconds(5)
        return policy
    }

    mutating func startCoordinator() {
        coordinatorLives += 1
        let life = coordinatorLives
        let scheduler = Scheduler(
            job: job, policy: policy, model: ledger.model, scorer: ledger.scorer, numerics: ledger.numerics)
        let pipeline = plan.pipeline(hasScorer: ledger.scorer != nil)
        coordinator = SimulatedCoordinator(
            life: life,
            loop: JobLoop(
                scheduler: scheduler, pipeline: pipeline, ledger: ledger, connections: outbox,
                ingested: Set(plan.steps.map(\.id).filter(isIngested))))
        post(.loop(.started), life: life)
        for index in workers.indices { later(.workerConnects(index), random.seconds(0...3)) }
        later(.coordinatorTicks(life: life), .seconds(1))
        later(.ingested(life: life), random.seconds(0...1))
    }

    mutating func crashCoordinator(down: Duration) {
        guard coordinator != nil else { return }
        note("the coordinator dies")
        coordinator = nil
        coordinatorPausedUntil = .zero
        for index in workers.indices {
            workers[index].wasStruck(byPoison: false, at: now)
            workers[index].connection = nil
        }
        later(.coordinatorStarts, down)
    }

    mutating func post(_ event: SimulatedCoordinator.Event, life: Int) {
        guard coordinator?.life == life else { return }
        if coordinator?.mailbox.isEmpty == true { later(.coordinatorWakes(life: life), random.seconds(0...0.1)) }
        coordinator?.mailbox.append(event)
    }

    /// Takes all events that wait; their changes to the ledger are one transaction.
    mutating func wakeCoordinator(life: Int) {
        guard coordinator?.life == life, let events = coordinator?.mailbox else { return }
        coordinator?.mailbox = []
        do {
            try take(events.flatMap(heard))
            isFinished = coordinator?.loop.pipeline.isComplete == true
        } catch LedgerModel.Stop.diskIsFull {
            crashCoordinator(down: random.seconds(1...5))
        } catch LedgerModel.Stop.killed(let down) {
            crashCoordinator(down: down)
        } catch {
            broken("\(error)")
        }
    }

    /// What the loop must know of an event.
    private func heard(_ event: SimulatedCoordinator.Event) throws -> [SimulatedCoordinator.Loop.Event] {
        switch event {
        case .loop(let event): return [event]
        case .ended(.fit):
            // Those that were given up have values of another kind, and none of them.
            let anchors = ledger.results(of: .anchors).filter(\.failures.isEmpty)
            let states = try anchors.flatMap { try $0.output.values.floats() }
            let scorer = try Arithmetic.scorer(
                fittedOn: states, readouts: plan.readouts, directions: plan.directions)
            try ledger.set(scorer: scorer)
            return [.localWorkDone(.fit, scorer: scorer)]
        case .ended(let step):
            return [.localWorkDone(step, scorer: nil), .scheduler(.jobFinished(summary: "done"))]
        }
    }

    private mutating func take(_ events: [SimulatedCoordinator.Loop.Event]) throws {
        var occurrences: [SimulatedCoordinator.Loop.Occurrence] = []
        let (knewModel, time) = (ledger.model != nil, now)
        let taken = Result { try coordinator?.loop.take(events, at: time, &occurrences) }
        for rule in coordinator?.loop.scheduler.brokenInvariants() ?? [] { broken(rule) }
        judge(ledger.takeCommitted(), knewModel: knewModel)
        // One that was taken for lost is a new one to the coordinator, though its connection held.
        for case .note(.joined(let name, _, _)) in occurrences {
            if let peer = workers.first(where: { $0.name == name })?.connection { scorerSent[peer] = nil }
        }
        let sent = outbox.takeAll()
        for (message, peer) in sent.messages { send(message, to: peer) }
        let refused = occurrences.compactMap(\.refusedResult)
        for lease in sent.acknowledgedEarly where !refused.contains(lease) {
            broken("the result of \(lease) is acknowledged before it is in the ledger")
        }
        for occurrence in occurrences { heed(occurrence) }
        try taken.get()
    }

    private mutating func judge(_ committed: [(change: LedgerChange, payload: UnitPayload?)], knewModel: Bool) {
        var knowsModel = knewModel
        for (change, payload) in committed {
            switch change {
            case .quarantine(let unit, _, _):
                if let payload { judgeQuarantine(of: unit, payload) }
            case .failure(let lease, let worker, let reason): note("\(worker) fails \(lease): \(reason)")
            case .model:
                if knowsModel { broken("a second model is fixed") }
                knowsModel = true
            case .numerics:
                if knowsModel { broken("numbers are chosen anew while workers compute") }
            case .result, .split: break
            }
        }
    }

    private mutating func heed(_ occurrence: SimulatedCoordinator.Loop.Occurrence) {
        switch occurrence {
        case .began(let step):
            guard step.workStep == nil, let life = coordinator?.life else { return }
            later(.ended(step.id, life: life), random.seconds(0...2))
        case .committed(.result(let result, let worker), let outcome):
            note("\(worker): \(result.lease) is \(outcome)")
            if outcome == .duplicate(isEqual: false) { broken("\(result.lease) differs from the result that counts") }
        case .note(let text): if isTraced { note("\(text)") }
        case .committed, .completed, .foundUnits: break
        }
    }
}

extension SimulatedCoordinator.Loop.Occurrence {
    /// A result that is no good is acknowledged all the same: the worker is to forget it.
    fileprivate var refusedResult: Lease? {
        switch self {
        case .note(.invalidResult(let lease, _, _)): lease
        case .committed(.result(let result, _), .rejected): result.lease
        default: nil
        }
    }
}

// MARK: - The input

extension Simulation {
    private func isIngested(_ step: StepID) -> Bool { ledger.ingested[step] == plan.rowCount(of: step) }

    /// Reads one unit of the anchors, or of the rows when the anchors are read.
    mutating func ingest(life: Int) {
        guard coordinator?.life == life, let step = plan.steps.first(where: { !isIngested($0.id) }) else { return }
        guard !ledger.isFull else { return crashCoordinator(down: random.seconds(1...5)) }
        let first = ledger.ingested[step.id] ?? 0
        let end = min(first + plan.rowsPerUnit, plan.rowCount(of: step.id))
        let rows = (first..<end).map(UInt64.init)
        ledger.ingest(
            rows.map { Arithmetic.item($0, responses: plan.responseCount(ofRow: $0, in: step.id)) }, of: step)
        if isIngested(step.id) { post(.loop(.ingested(step.id)), life: life) }
        later(.ingested(life: life), random.seconds(0...1))
    }
}
