internal import CommandLineTool
internal import Diagnostics
internal import Foundation
internal import JobConfiguration
internal import Logging
internal import Margins
internal import Protocol
internal import Scheduling
internal import Transport

/// Runs a job: feeds a `Scheduler` what arrives from the network, the other threads, the operator and the clock, and
/// carries its actions out.
///
/// Whatever the ledger must know is committed before anything that depends on it is sent: an acknowledged result is on
/// disk.
final class CoordinatorService {
    enum Ending: Sendable {
        case finished(JobResult)
        case stopped(reason: String)
    }

    let definition: JobDefinition
    let ledger: Ledger
    let store: EmbeddingStore?
    let run: String
    let mailbox: Mailbox<CoordinatorEvent>
    private let console: Console
    let logger: Logger
    private let socket: MessageSocket
    let modelServer: ModelServer
    private let startedWorkers: WorkerSupervisor
    private let start = ContinuousClock.now
    var scheduler: Scheduler
    var pipeline: Pipeline
    var progress: JobProgress
    private(set) var model: LoadedModel?
    private(set) var direction: SavedDirection?
    var ingestions: [StepID: Ledger.Ingestion] = [:]
    var notices: JobNotices

    /// Set once the output is written; then the workers are told, and may say goodbye.
    private var finishing: (result: JobResult, deadline: MonotonicInstant)?
    private var ending: Ending?

    /// Messages that were not listened to.
    private var messagesDropped: UInt64 = 0

    /// Since the last tick.
    private var statusRequests = 0

    /// Set once the last worker that was started here is given up.
    private var lastWorkerFailure: WorkerSupervisor.PermanentFailure?

    /// - Parameters:
    ///   - localWorkers: nil for one on each NUMA node.
    ///   - startsHosts: whether workers are started on `cluster.hosts`.
    /// - Throws: `Problem`; `FileError`; `ZeroMQError` where the address cannot be listened on.
    init(
        _ definition: JobDefinition, ledger: Ledger, localWorkers: Int?, startsHosts: Bool,
        mailbox: Mailbox<CoordinatorEvent>,
        console: Console, logger: Logger
    ) throws {
        self.definition = definition
        self.ledger = ledger
        self.mailbox = mailbox
        self.console = console
        self.logger = logger
        let state = try JobState(ledger)
        run = state.run
        store = try definition.store(ofRun: run, ledger: ledger)
        model = state.model
        direction = definition.savedDirection ?? state.direction
        pipeline = .annotation(fitsDirection: definition.savedDirection == nil, hasDirection: state.direction != nil)
        progress = JobProgress(job: definition.configuration.job.name)
        notices = JobNotices(readsControlTokens: definition.readsControlTokens)
        scheduler = Scheduler(
            job: definition.specification(ofRun: state.run), policy: definition.policy, model: model,
            direction: direction?.broadcast, numerics: state.numerics)
        let modelServer = ModelServer(logger: logger)
        var limits = MessageSocket.Limits()
        limits.frameBytesMax = Int64(max(UnitResult.valueBytesMax(layers: 1), KeptEmbeddings.byteCountMax))
        limits.headerBytesMax = Self.headerBytesMax
        socket = try MessageSocket(
            .router(listen: definition.configuration.cluster.listen, access: definition.access?.control),
            limits: limits,
            hasRoom: { mailbox.count < Self.mailboxMax && mailbox.bytes < Self.mailboxBytesMax }
        ) { inbound in
            if case .message(.model(let message), let peer) = inbound, modelServer.take(message, from: peer) { return }
            switch inbound {
            case .unreachable(let peer), .revoked(let peer): modelServer.forget(peer)
            default: break
            }
            mailbox.post(.inbound(inbound), bytes: inbound.byteCount)
        }
        self.modelServer = modelServer
        var cluster = definition.configuration.cluster
        cluster.listen = socket.endpoint
        let endpoint = try cluster.reachableEndpoint(path: "")
        let folder = definition.configuration.job.state
        let keys = definition.access?.local
        let local = try LocalWorkers.launches(
            count: localWorkers, lanes: cluster.lanes, endpoint: endpoint, keys: keys, logFolder: folder)
        let remote = startsHosts ? RemoteWorker.all(cluster, endpoint: endpoint) : []
        startedWorkers = WorkerSupervisor(
            local + remote.map { $0.launch(logFolder: folder, keys: keys) }, logger: logger
        ) {
            mailbox.post(.startedWorkerFailed($0))
        }
    }

    /// How long a finished job waits for its workers to say goodbye: what a socket sends as it closes may get lost.
    private static let farewell = Duration.seconds(5)

    private static let tickInterval = Duration.milliseconds(200)

    /// Events that wait before messages stay in the network.
    private static let mailboxMax = 10_000

    /// What those events may take in memory, roughly.
    private static let mailboxBytesMax = 64 << 20

    /// The longest header that a worker sends names all units that it can hold, or a reason for each row of a unit.
    private static let headerBytesMax = 2 << 20

    /// More workers are not listened to until some are gone.
    private static let workersMax = 10_000

    /// Status requests that are answered between two ticks: each answer looks at all workers.
    private static let statusRequestsMax = 20

    var now: MonotonicInstant { MonotonicInstant(offset: ContinuousClock.now - start) }

    /// Returns when the job is finished or was stopped; all that the workers must hear is sent by then.
    func run() async throws -> Ending {
        logger.info("listening", metadata: ["address": "\(socket.endpoint)"])
        let ticker = Task { [mailbox, interval = Self.tickInterval] in
            while !Task.isCancelled {
                try await Task.sleep(for: interval)
                mailbox.post(.tick)
            }
        }
        defer { ticker.cancel() }
        do {
            modelServer.run(sendingBy: socket)
            try offerModel()
            try begin()
            readInput()
            while ending == nil, let events = await mailbox.next() { try handle(events) }
        } catch {
            await close(isFinished: false)
            throw error
        }
        guard let ending else { preconditionFailure("the mailbox ended before the job") }
        if case .finished = ending { await close(isFinished: true) } else { await close(isFinished: false) }
        return ending
    }

    private func close(isFinished: Bool) async {
        console.endProgress()
        modelServer.stop()
        await socket.close()
        await startedWorkers.stop(isFinished: isFinished)
    }
}

// MARK: - Events

extension CoordinatorService {
    /// Takes all events that wait; their changes to the ledger are one transaction.
    private func handle(_ events: [CoordinatorEvent]) throws {
        var actions: [Scheduler.Action] = []
        for event in events { actions += try handle(event) }
        try perform(actions)
        if let finishing, scheduler.workerCount == 0 || now >= finishing.deadline {
            ending = .finished(finishing.result)
        }
    }

    private func handle(_ event: CoordinatorEvent) throws -> [Scheduler.Action] {
        switch event {
        case .inbound(let inbound): return try handle(inbound)
        case .ingested(let step, let ingestion):
            ingestions[step.id] = ingestion
            progress.ingested(ingestion, of: step.id)
            let lines = notices.read(ingestion, of: step)
            if ingestion.isComplete {
                for line in lines { logger.warning("some rows are odd", metadata: ["what": "\(line)"]) }
            }
            if ingestion.isComplete, ingestion.records == 0 {
                logger.warning("there are no rows in the file", metadata: ["of": "\(step.name)"])
            }
            return ingestion.isComplete ? scheduler.handle(.unitsAvailable(step.id), at: now) : []
        case .directionFitted(let step, let fit):
            let saved = fit.saved
            try ledger.set(JobState.directionName, to: saved.serialized())
            report(fit)
            direction = saved
            try saveDirection()
            return try complete(step) + scheduler.handle(.directionReady(saved.broadcast), at: now)
        case .modelRead(let result): return try offer(result)
        case .outputWritten(let step, let summary):
            let text = "\(summary.rows) rows, \(summary.failedRows) of them in the errors file"
            let result = JobResult(
                summary: summary, direction: direction,
                warnings: (model?.namedWarnings ?? []) + notices.lines(margins: summary.margins))
            finishing = (result, now + Self.farewell)
            return try complete(step) + scheduler.handle(.jobFinished(summary: text), at: now)
        case .failed(let error): throw error
        case .startedWorkerFailed(let failure):
            let metadata: Logger.Metadata = [
                "worker": "\(failure.worker)", "reason": "\(failure.reason)", "log": "\(failure.log)",
            ]
            logger.error("a worker cannot run", metadata: metadata)
            if failure.isLastOne { lastWorkerFailure = failure }
            try requireWorkers()
            return []
        case .stop(let reason):
            ending = finishing.map { .finished($0.result) } ?? .stopped(reason: reason)
            return []
        case .tick:
            try ledger.checkPlace()
            try requireWorkers()
            statusRequests = 0
            reloadAllowedKeys()
            console.show(statusReport())
            return scheduler.handle(.tick, at: now)
        }
    }

    /// - Throws: `Problem` where all workers that were started here were given up and no other one is there.
    private func requireWorkers() throws {
        guard let lastWorkerFailure, scheduler.workerCount == 0, finishing == nil else { return }
        throw Problem(
            "no worker is left: \(lastWorkerFailure.reason)", isOfConfiguration: lastWorkerFailure.isOfConfiguration)
    }

    private func handle(_ inbound: Inbound) throws -> [Scheduler.Action] {
        switch inbound {
        case .message(.worker(.hello), let peer)
        where scheduler.workerCount >= Self.workersMax && !scheduler.isWorker(peer):
            drop("there are too many workers; one more is not listened to", from: peer)
        case .message(.worker(let message), let peer):
            return scheduler.handle(.message(message, from: peer), at: now)
        case .message(.status(.request), let peer):
            statusRequests += 1
            guard statusRequests <= Self.statusRequestsMax else {
                messagesDropped += 1
                break
            }
            // One that does not read its answers must not make them pile up.
            try socket.send(.status(.report(statusReport())), to: peer, isDroppable: true)
        case .message(.status(.report), let peer), .message(.coordinator, let peer), .message(.model, let peer):
            drop("dropped a message that no worker sends", from: peer)
        case .otherVersion(let mismatch, let peer):
            drop("refused a peer", from: peer, because: "\(mismatch)")
            try socket.send(.coordinator(.refused(reason: mismatch.description)), to: peer, isDroppable: true)
        case .malformed(let error, let peer):
            drop("dropped a malformed message", from: peer, because: "\(error)")
        case .unreachable(let peer): return scheduler.handle(.unreachable(peer), at: now)
        case .revoked(let peer):
            return scheduler.handle(.dismissed(peer, reason: "its key is not allowed any more"), at: now)
        case .turnedAway(let turnedAway): heed(turnedAway)
        case .handshakeFailed: break
        case .broken(let error): throw error
        }
        return []
    }

    private func statusReport() -> StatusReport {
        var report = progress.report(workers: scheduler.workerReports(at: now), retries: scheduler.retries, at: now)
        report.messagesDropped = messagesDropped
        describeNumbers(in: &report)
        return report
    }
}

// MARK: - Who is not let in

extension CoordinatorService {
    private func heed(_ turnedAway: TurnedAway) {
        messagesDropped += UInt64(turnedAway.messages + turnedAway.revoked)
        report(turnedAway)
    }

    private func drop(_ what: Logger.Message, from peer: PeerID, because reason: String? = nil) {
        messagesDropped += 1
        var metadata: Logger.Metadata = ["peer": "\(peer)"]
        metadata["reason"] = reason.map { "\($0)" }
        logger.warning(what, metadata: metadata)
    }

    private func reloadAllowedKeys() {
        guard let allowed = definition.access?.control.allowed else { return }
        do {
            guard let change = try allowed.reload() else { return }
            logger.info(
                "read the allowed keys again",
                metadata: [
                    "added": "\(change.added.joined(separator: " "))",
                    "removed": "\(change.removed.joined(separator: " "))",
                ])
        } catch {
            logger.error("the allowed keys stay as they were", metadata: ["reason": "\(error)"])
        }
    }
}

// MARK: - Actions

extension CoordinatorService: SchedulerShell {
    func perform(_ actions: [Scheduler.Action]) throws {
        var shell = self
        try shell.performInOrder(actions)
    }

    func handle(_ event: Scheduler.Event) -> [Scheduler.Action] { scheduler.handle(event, at: now) }

    /// Applies the actions' changes to the ledger in one transaction; returns what the scheduler must know of them.
    func commit(_ actions: [Scheduler.Action]) throws -> [Scheduler.Event] {
        let changes = actions.compactMap(\.ledgerChange)
        guard !changes.isEmpty else { return [] }
        for case .quarantine(_, let step, _) in actions { progress.quarantined(in: step) }
        return zip(changes, try ledger.apply(changes, store: store)).compactMap { change, outcome in
            switch (change, outcome) {
            case (.result(let result, let worker), .rejected):
                messagesDropped += 1
                let metadata: Logger.Metadata = ["unit": "\(result.lease)", "worker": "\(worker)"]
                logger.warning("dropped a result that does not belong to its unit", metadata: metadata)
                return nil
            case (.result(let result, let worker), .duplicate(let isEqual)):
                if !isEqual {
                    let metadata: Logger.Metadata = ["unit": "\(result.lease)", "worker": "\(worker)"]
                    logger.warning("a second result of a unit differs from the first, which counts", metadata: metadata)
                }
                return .settled(result.lease.unit)
            case (.result(let result, _), .done):
                progress.committed(result, at: now)
                return .settled(result.lease.unit)
            case (.quarantine(let unit, let reason), _):
                logger.warning("a row is given up", metadata: ["unit": "\(unit)", "reason": "\(reason)"])
                return .settled(unit)
            case (.split(let unit), _): return .replaced(unit)
            case (.failure, _), (.setting, _): return nil
            }
        }
    }

    func carryOut(_ action: Scheduler.Action) throws -> Scheduler.Event? {
        switch action {
        case .send(let message, let peer):
            try socket.send(.coordinator(message), to: peer, isDroppable: message.isRepeated)
        case .fetchUnits(let step, let after, let limit):
            // None is given out before all are there: a cut that is interrupted takes its units back.
            guard ingestions[step]?.isComplete == true else { return .unitsFetched(step, [], isLast: false) }
            let units = try ledger.openUnits(of: step, after: after, limit: limit)
            if !units.isEmpty { try startedWorkers.start() }
            return .unitsFetched(step, units, isLast: units.count < limit)
        case .fixModel(let model):
            self.model = model
            for warning in model.namedWarnings {
                logger.warning("the model's numbers may not be what they seem", metadata: ["reason": "\(warning)"])
            }
        case .stepCompleted(let step): try perform(complete(step))
        case .note(let note):
            if case .ready(let worker, _) = note { startedWorkers.becameReady(worker) }
            if case .invalidResult = note { messagesDropped += 1 }
            log(note)
        case .commit, .split, .quarantine, .recordFailure, .fixNumerics, .assign: break
        }
        return nil
    }

    func payloads(of units: [UnitID]) throws -> [UnitPayload?] { try ledger.payloads(of: units) }

    func assign(_ lease: Lease, _ payload: UnitPayload, to peer: PeerID) throws {
        try socket.send(.coordinator(.assignment(lease, payload)), to: peer)
    }
}

extension CoordinatorMessage {
    /// Whether it comes again where it is lost.
    fileprivate var isRepeated: Bool {
        switch self {
        case .heartbeatReply, .direction: true
        default: false
        }
    }
}

extension Scheduler.Action {
    /// The change that the ledger must make before messages are sent; nil for all other actions.
    fileprivate var ledgerChange: Ledger.Change? {
        switch self {
        case .commit(let result, let worker): .result(result, worker: worker)
        case .split(let unit): .split(unit)
        case .quarantine(let unit, _, let reason): .quarantine(unit, reason: reason)
        case .recordFailure(let lease, let worker, let reason): .failure(lease, worker: worker, reason: reason)
        case .fixModel(let model): .setting(name: JobState.modelName, value: JobState.serialized(model))
        case .fixNumerics(let numerics):
            .setting(name: JobState.numericsName, value: JobState.serialized(numerics))
        case .send, .assign, .fetchUnits, .stepCompleted, .note: nil
        }
    }
}
