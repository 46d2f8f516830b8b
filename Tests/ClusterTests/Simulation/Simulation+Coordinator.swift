import Coordinator
import Protocol
import Scheduling
import Transport

/// The coordinator's process: what is lost when it is killed.
struct SimulatedCoordinator {
    enum Event {
        case event(Scheduler.Event)

        /// Units of the step's input were added to the ledger.
        case ingested(StepID)

        /// A step of the coordinator's own is done: the direction is fitted, or the output is written.
        case ended(StepID)
    }

    let life: Int
    var scheduler: Scheduler
    var pipeline: Pipeline
    var mailbox: [Event] = []
}

extension Simulation {
    private var job: JobSpecification {
        let asks = plan.asksForNumerics
        return JobSpecification(
            job: "job", modelPath: "model.gguf", modelDigest: "", precision: asks ? .automatic : .f32,
            backend: .oneDNN, attention: asks ? .automatic : .f32, layers: [-1], pooling: .lastToken, maxTokens: 0,
            heartbeatMilliseconds: 1000)
    }

    private var policy: Scheduler.Policy {
        var policy = Scheduler.Policy(
            silence: .seconds(6), stall: .seconds(15), attemptsMax: plan.attemptsMax, allowsMixedNumerics: false)
        policy.assignmentLost = .seconds(5)
        policy.speculationAfter = .seconds(4)
        policy.queueMax = 6
        policy.restMax = .seconds(5)
        return policy
    }

    mutating func startCoordinator() {
        coordinatorLives += 1
        let life = coordinatorLives
        coordinator = SimulatedCoordinator(
            life: life,
            scheduler: Scheduler(
                job: job, policy: policy, model: ledger.model, direction: ledger.direction, numerics: ledger.numerics),
            pipeline: .annotation(fitsDirection: true, hasDirection: ledger.direction != nil))
        unsentAssignments = []
        earlierRevocations = [:]
        carryOut(begin(coordinator?.pipeline.begin() ?? []))
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
        carryOut(events.flatMap { handle($0) })
    }

    private mutating func handle(_ event: SimulatedCoordinator.Event) -> [Scheduler.Action] {
        switch event {
        case .event(let event): return tell(event)
        case .ingested(let step): return tell(.unitsAvailable(step))
        case .ended(.fit):
            let embeddings = ledger.results(of: .anchors).flatMap { (try? $0.output.values.floats()) ?? [] }
            let direction = Arithmetic.direction(fittedOn: embeddings)
            guard now >= diskFullUntil else {
                crashCoordinator(down: random.seconds(1...5))
                return []
            }
            ledger.direction = direction
            return complete(.fit) + tell(.directionReady(direction))
        case .ended(let step):
            let actions = complete(step)
            isFinished = coordinator?.pipeline.isComplete == true
            return actions + (isFinished ? tell(.jobFinished(summary: "done")) : [])
        }
    }

    private mutating func complete(_ step: StepID) -> [Scheduler.Action] {
        begin(coordinator?.pipeline.complete(step) ?? [])
    }

    private mutating func begin(_ opened: [Pipeline.Step]) -> [Scheduler.Action] {
        opened.flatMap { step -> [Scheduler.Action] in
            if let workStep = step.workStep { return tell(.stepBegan(workStep)) }
            if let life = coordinator?.life { later(.ended(step.id, life: life), random.seconds(0...2)) }
            return []
        }
    }

    private mutating func tell(_ event: Scheduler.Event) -> [Scheduler.Action] {
        guard let actions = coordinator?.scheduler.handle(event, at: now) else { return [] }
        for action in actions {
            switch action {
            case .assign(let lease, _): unsentAssignments.insert(lease)
            case .send(.revoked(let lease), _) where !unsentAssignments.contains(lease):
                earlierRevocations[lease, default: 0] += 1
            default: break
            }
        }
        for rule in coordinator?.scheduler.brokenInvariants() ?? [] { broken("after \(event): \(rule)") }
        return actions
    }

    /// Carries actions out in the order in which the coordinator does.
    private mutating func carryOut(_ actions: [Scheduler.Action]) {
        do {
            try performInOrder(actions)
        } catch let crash as CoordinatorCrash {
            crashCoordinator(down: crash.down)
        } catch {
            broken("\(error)")
        }
    }

    /// It is sent after the assignment that it revokes.
    private mutating func judgeRevocation(of lease: Lease) {
        if let count = earlierRevocations[lease], count > 0 {
            earlierRevocations[lease] = count - 1
        } else if unsentAssignments.contains(lease) {
            broken("\(lease) is revoked before it is assigned")
        }
    }

    private mutating func commit(_ action: Scheduler.Action) -> Scheduler.Event? {
        switch action {
        case .commit(let result, let worker):
            let outcome = ledger.commit(result)
            note("\(worker): \(result.lease) is \(outcome)")
            if outcome == .duplicate(isEqual: false) { broken("\(result.lease) differs from the result that counts") }
            return outcome == .rejected ? nil : .settled(result.lease.unit)
        case .split(let unit):
            ledger.split(unit)
            return .replaced(unit)
        case .quarantine(let unit, _, let reason):
            judgeQuarantine(of: unit)
            ledger.quarantine(unit, reason: reason)
            return .settled(unit)
        case .recordFailure(let lease, let worker, let reason):
            note("\(worker) fails \(lease): \(reason)")
            ledger.recordFailure(lease, worker: worker, reason: reason)
        case .fixModel(let model):
            if ledger.model != nil { broken("a second model is fixed") }
            ledger.model = model
        case .fixNumerics(let numerics):
            if ledger.model != nil { broken("numbers are chosen anew while workers compute") }
            ledger.numerics = numerics
        case .send, .assign, .fetchUnits, .stepCompleted, .note: break
        }
        return nil
    }

    mutating func carryOut(_ action: Scheduler.Action) -> Scheduler.Event? {
        switch action {
        case .send(let message, let peer):
            if case .revoked(let lease) = message { judgeRevocation(of: lease) }
            send(message, to: peer)
        case .fetchUnits(let step, let after, let limit):
            let units = ledger.openUnits(of: step, after: after, limit: limit)
            return .unitsFetched(step, units, isLast: isIngested(step) && units.count < limit)
        case .stepCompleted(let step): carryOut(complete(step))
        case .note(let text): if isTraced { note("\(text)") }
        case .commit, .split, .quarantine, .recordFailure, .fixModel, .fixNumerics, .assign: break
        }
        return nil
    }
}

/// The coordinator ends, and somebody starts it again.
private struct CoordinatorCrash: Error {
    let down: Duration
}

extension Simulation: SchedulerShell {
    mutating func handle(_ event: Scheduler.Event) -> [Scheduler.Action] { tell(event) }

    mutating func commit(_ actions: [Scheduler.Action]) throws -> [Scheduler.Event] {
        if now < diskFullUntil, actions.contains(where: \.changesTheLedger) {
            throw CoordinatorCrash(down: random.seconds(1...5))
        }
        let events = actions.compactMap { commit($0) }
        if !events.isEmpty, let down = crashesAfterNextCommit {
            crashesAfterNextCommit = nil
            throw CoordinatorCrash(down: down)
        }
        return events
    }

    mutating func payloads(of units: [UnitID]) -> [UnitPayload?] {
        // What is settled is not assigned.
        unsentAssignments = unsentAssignments.filter { ledger.payload(of: $0.unit) != nil }
        return units.map(ledger.payload)
    }

    mutating func assign(_ lease: Lease, _ payload: UnitPayload, to peer: PeerID) {
        unsentAssignments.remove(lease)
        send(.assignment(lease, payload), to: peer)
    }
}

extension Scheduler.Action {
    fileprivate var changesTheLedger: Bool {
        switch self {
        case .commit, .split, .quarantine, .recordFailure, .fixModel, .fixNumerics: true
        case .send, .assign, .fetchUnits, .stepCompleted, .note: false
        }
    }
}

// MARK: - The input

extension Simulation {
    private func rows(of step: StepID) -> Int { step == .anchors ? plan.anchors : plan.rows }

    private func isIngested(_ step: StepID) -> Bool { ledger.ingested[step] == rows(of: step) }

    /// Reads one unit of the anchors, or of the rows when the anchors are read.
    mutating func ingest(life: Int) {
        guard coordinator?.life == life, let step = WorkStep.all.first(where: { !isIngested($0.id) }) else { return }
        guard now >= diskFullUntil else { return crashCoordinator(down: random.seconds(1...5)) }
        let first = ledger.ingested[step.id] ?? 0
        let end = min(first + plan.rowsPerUnit, rows(of: step.id))
        ledger.ingest((first..<end).map(UInt64.init), of: step)
        post(.ingested(step.id), life: life)
        later(.ingested(life: life), random.seconds(0...1))
    }
}
