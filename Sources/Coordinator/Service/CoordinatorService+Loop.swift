package import JobStore
internal import Logging
internal import Monitoring
package import Protocol
package import Scheduling
internal import Transport

// What the job's loop works on, and what is done about what comes of it.

/// The job's ledger, with the store that goes with it.
package struct StoredLedger: JobLedger {
    private let ledger: Ledger
    private let store: EmbeddingStore?

    package init(ledger: Ledger, store: EmbeddingStore?) {
        self.ledger = ledger
        self.store = store
    }

    package func apply(_ changes: [LedgerChange]) throws -> [LedgerOutcome] {
        try ledger.apply(changes.map(Ledger.Change.init), store: store).map(LedgerOutcome.init)
    }

    package func openUnits(of step: StepID, after: UnitID, limit: Int) throws -> [UnitSummary] {
        try ledger.openUnits(of: step, after: after, limit: limit)
    }

    package func payloads(of units: [UnitID]) throws -> [UnitPayload?] { try ledger.payloads(of: units) }
}

struct SocketConnections: WorkerConnections {
    let socket: MessageSocket

    func send(_ message: CoordinatorMessage, to peer: PeerID) throws {
        try socket.send(.coordinator(message), to: peer, isDroppable: message.isRepeated)
    }
}

extension CoordinatorService {
    /// Lets the loop take what happened, and heeds what comes of it; also where the loop ends with an error.
    func take(_ events: [Loop.Event]) throws {
        var occurrences: [Loop.Occurrence] = []
        do {
            try loop.take(events, at: now, &occurrences)
        } catch {
            // What was committed is known and said; nothing is begun any more.
            for case .committed(let change, let outcome) in occurrences { heed(change, outcome) }
            for case .note(let note) in occurrences { log(note) }
            throw error
        }
        for occurrence in occurrences { try heed(occurrence) }
        // After all that was committed, which the ledger's tally has.
        if occurrences.contains(where: \.changesSteps) { try showCurrentStep() }
    }

    private func heed(_ occurrence: Loop.Occurrence) throws {
        switch occurrence {
        case .began(let step):
            if case .local(let work) = step.work { try begin(work, of: step) }
        case .completed: break
        case .foundUnits: try startedWorkers.start()
        case .committed(let change, let outcome): heed(change, outcome)
        case .note(let note):
            if case .ready(let worker, _) = note { startedWorkers.becameReady(worker) }
            switch note {
            case .invalidResult, .turnedAway: messagesDropped += 1
            default: break
            }
            log(note)
        }
    }

    private func heed(_ change: LedgerChange, _ outcome: LedgerOutcome) {
        switch change {
        case .result(let result, let worker):
            let metadata: Logger.Metadata = ["unit": "\(result.lease)", "worker": "\(worker)"]
            switch outcome {
            case .done: progress.committed(result, at: now)
            case .duplicate(isEqual: true): break
            case .duplicate(isEqual: false):
                logger.warning("a second result of a unit differs from the first, which counts", metadata: metadata)
            case .rejected:
                messagesDropped += 1
                logger.warning("dropped a result that does not belong to its unit", metadata: metadata)
            }
        case .quarantine(let unit, let step, let reason):
            progress.quarantined(in: step)
            logger.warning("a row is given up", metadata: ["unit": "\(unit)", "reason": "\(reason)"])
        case .model(let model):
            self.model = model
            for warning in model.namedWarnings {
                logger.warning("the model's numbers may not be what they seem", metadata: ["reason": "\(warning)"])
            }
        case .split, .failure, .numerics: break
        }
    }
}

extension JobLoop.Occurrence {
    fileprivate var changesSteps: Bool {
        switch self {
        case .began, .completed: true
        case .foundUnits, .committed, .note: false
        }
    }
}

extension CoordinatorMessage {
    /// Whether it comes again soon where it is lost. A scorer does not: it is large, and waits for its turn.
    fileprivate var isRepeated: Bool {
        switch self {
        case .heartbeatReply: true
        case .welcome, .accepted, .refused, .whoAreYou, .assignment, .scorer, .resultAcknowledged, .revoked,
            .jobFinished:
            false
        }
    }
}

extension Ledger.Change {
    fileprivate init(_ change: LedgerChange) {
        self =
            switch change {
            case .result(let result, let worker): .result(result, worker: worker)
            case .split(let unit): .split(unit)
            case .quarantine(let unit, _, let reason): .quarantine(unit, reason: reason)
            case .failure(let lease, let worker, let reason): .failure(lease, worker: worker, reason: reason)
            case .model(let model): .setting(name: JobState.modelName, value: JobState.serialized(model))
            case .numerics(let numerics):
                .setting(name: JobState.numericsName, value: JobState.serialized(numerics))
            }
    }
}

extension LedgerOutcome {
    fileprivate init(_ outcome: Ledger.Outcome) {
        self =
            switch outcome {
            case .done: .done
            case .duplicate(let isEqual): .duplicate(isEqual: isEqual)
            case .rejected: .rejected
            }
    }
}
