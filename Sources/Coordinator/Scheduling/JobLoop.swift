package import Protocol

/// How messages reach workers.
package protocol WorkerConnections {
    mutating func send(_ message: CoordinatorMessage, to peer: PeerID) throws
}

/// Runs a job's pipeline and scheduler over a ledger and connections. What happens goes in; the shell around it hears what
/// it must know of.
///
/// Changes to the ledger are committed before anything that depends on them is sent. The service runs this over files
/// and sockets, the simulation over played ones: the order in which things are done is the same.
package struct JobLoop<Ledger: JobLedger, Connections: WorkerConnections> {
    package enum Event: Sendable {
        /// The steps that can begin, begin.
        case started

        /// All units of the step are in the ledger.
        case ingested(StepID)

        /// The shell has done a step of the coordinator's own, and the ledger has what came of it. With the scorer, where
        /// the step made that.
        case localWorkDone(StepID, scorer: Scorer?)
        case scheduler(Scheduler.Event)
    }

    package enum Occurrence: Sendable {
        /// The work of a step of the coordinator's own is the shell's: `localWorkDone` is the answer.
        case began(Pipeline.Step)
        case completed(StepID)

        /// The workers have something to do.
        case foundUnits(StepID)
        case committed(LedgerChange, LedgerOutcome)
        case note(Scheduler.Note)
    }

    package private(set) var scheduler: Scheduler
    package private(set) var pipeline: Pipeline
    private var ledger: Ledger
    private var connections: Connections

    /// The steps all of whose units are in the ledger.
    private var ingested: Set<StepID>

    package init(
        scheduler: Scheduler, pipeline: Pipeline, ledger: Ledger, connections: Connections, ingested: Set<StepID>
    ) {
        self.scheduler = scheduler
        self.pipeline = pipeline
        self.ledger = ledger
        self.connections = connections
        self.ingested = ingested
    }

    /// Takes all that happened since the last time; the changes to the ledger that follow from it at once are one
    /// transaction.
    ///
    /// - Parameter occurrences: what came of it is added here, also where an error is thrown.
    /// - Throws: errors of the ledger and of the connections. The loop cannot go on after one.
    package mutating func take(
        _ events: [Event], at now: MonotonicInstant, _ occurrences: inout [Occurrence]
    ) throws {
        var told: [Scheduler.Event] = []
        for event in events { heed(event, &told, &occurrences) }
        while !told.isEmpty {
            var actions: [Scheduler.Action] = []
            for event in told { scheduler.handle(event, at: now, &actions) }
            told = try carryOut(actions, &occurrences)
        }
    }

    /// - Parameter told: what the scheduler must know of it is added here.
    private mutating func heed(_ event: Event, _ told: inout [Scheduler.Event], _ occurrences: inout [Occurrence]) {
        switch event {
        case .started: told += begin(pipeline.begin(), &occurrences)
        case .ingested(let step):
            ingested.insert(step)
            told.append(.unitsAvailable(step))
        case .localWorkDone(let step, let scorer):
            told += complete(step, &occurrences)
            if let scorer { told.append(.scorerReady(scorer)) }
        case .scheduler(let event): told.append(event)
        }
    }

    /// - Returns: what the scheduler must know of it.
    private mutating func complete(_ step: StepID, _ occurrences: inout [Occurrence]) -> [Scheduler.Event] {
        occurrences.append(.completed(step))
        return begin(pipeline.complete(step), &occurrences)
    }

    private func begin(_ opened: [Pipeline.Step], _ occurrences: inout [Occurrence]) -> [Scheduler.Event] {
        occurrences += opened.map { .began($0) }
        return opened.compactMap(\.workStep).map { .stepBegan($0) }
    }

    /// How many units' texts are in memory at a time.
    private static var payloadsMax: Int { 64 }

    /// Changes to the ledger before all else, then the others in their order, or a worker would get a revocation before
    /// the assignment that it revokes.
    ///
    /// - Returns: what the scheduler must know of it.
    private mutating func carryOut(
        _ actions: [Scheduler.Action], _ occurrences: inout [Occurrence]
    ) throws -> [Scheduler.Event] {
        var told = try commit(actions, &occurrences)
        // Read together, for one look at the ledger is dearer than its rows.
        var assigned = actions.compactMap(\.assignedUnit)[...]
        var payloads: [UnitPayload?] = []
        for action in actions {
            switch action {
            case .change: break
            case .send(let message, let peer): try connections.send(message, to: peer)
            case .assign(let lease, let peer):
                if payloads.isEmpty {
                    payloads = try ledger.payloads(of: Array(assigned.prefix(Self.payloadsMax))).reversed()
                    assigned = assigned.dropFirst(Self.payloadsMax)
                }
                if let payload = payloads.removeLast() {
                    try connections.send(.assignment(lease, payload), to: peer)
                } else {
                    told.append(.settled(lease.unit))
                }
            case .fetchUnits(let step, let after, let limit):
                told.append(try fetchUnits(of: step, after: after, limit: limit, &occurrences))
            case .stepCompleted(let step): told += complete(step, &occurrences)
            case .note(let note): occurrences.append(.note(note))
            }
        }
        return told
    }

    private mutating func commit(
        _ actions: [Scheduler.Action], _ occurrences: inout [Occurrence]
    ) throws -> [Scheduler.Event] {
        let changes = actions.compactMap(\.change)
        guard !changes.isEmpty else { return [] }
        let outcomes = try ledger.apply(changes)
        occurrences += zip(changes, outcomes).map { .committed($0, $1) }
        return zip(changes, outcomes).compactMap { change, outcome in
            switch change {
            case .result(let result, let worker):
                outcome == .rejected ? .rejected(result.lease, worker: worker) : .settled(result.lease.unit)
            case .split(let unit): .replaced(unit)
            case .quarantine(let unit, _, _): .settled(unit)
            case .failure, .model, .numerics: nil
            }
        }
    }

    private mutating func fetchUnits(
        of step: StepID, after: UnitID, limit: Int, _ occurrences: inout [Occurrence]
    ) throws -> Scheduler.Event {
        // None is given out before all are there: a cut that is interrupted takes its units back.
        guard ingested.contains(step) else { return .unitsFetched(step, [], isLast: false) }
        let units = try ledger.openUnits(of: step, after: after, limit: limit)
        if !units.isEmpty { occurrences.append(.foundUnits(step)) }
        return .unitsFetched(step, units, isLast: units.count < limit)
    }
}

extension Scheduler.Action {
    fileprivate var assignedUnit: UnitID? { if case .assign(let lease, _) = self { lease.unit } else { nil } }
    fileprivate var change: LedgerChange? { if case .change(let change) = self { change } else { nil } }
}
