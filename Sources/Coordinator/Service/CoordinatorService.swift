internal import CommandLineTool
internal import Diagnostics
internal import Foundation
internal import JobConfiguration
internal import JobStore
internal import Logging
internal import Margins
internal import Monitoring
internal import Protocol
internal import Reports
internal import Scheduling
internal import Transport

/// Runs a job: feeds its loop what arrives from the network, the other threads, the operator and the clock, and heeds
/// what comes of it.
final class CoordinatorService {
    typealias Loop = JobLoop<StoredLedger, SocketConnections>

    enum Ending: Sendable {
        case finished(FinishedJob)
        case stopped(reason: String)
    }

    let job: any ClusterJob
    let ledger: Ledger
    let mailbox: Mailbox<CoordinatorEvent>
    private let console: Console
    let logger: Logger
    private let socket: MessageSocket
    let modelServer: ModelServer
    let startedWorkers: WorkerSupervisor
    private let start = ContinuousClock.now
    var loop: Loop
    var progress: JobProgress
    var model: LoadedModel?
    var ingestions: [StepID: Ledger.Ingestion] = [:]
    var notices: JobNotices

    /// Set once the output is written; then the workers are told, and may say goodbye.
    private var finishing: (result: FinishedJob, deadline: MonotonicInstant)?
    private var ending: Ending?

    /// Messages that were not listened to.
    var messagesDropped: UInt64 = 0

    /// Since the last tick.
    private var statusRequests = 0

    /// Set once the last worker that was started here is given up.
    private var lastWorkerFailure: WorkerSupervisor.PermanentFailure?

    /// - Parameters:
    ///   - localWorkers: nil for one on each NUMA node.
    ///   - startsHosts: whether workers are started on `cluster.hosts`.
    /// - Throws: `Problem`; `FileError`; `ZeroMQError` where the address cannot be listened on.
    init(
        _ job: any ClusterJob, ledger: Ledger, localWorkers: Int?, startsHosts: Bool,
        mailbox: Mailbox<CoordinatorEvent>, console: Console, logger: Logger
    ) throws {
        self.job = job
        self.ledger = ledger
        self.mailbox = mailbox
        self.console = console
        self.logger = logger
        let state = try JobState(ledger)
        model = state.model
        progress = JobProgress(job: job.name)
        progress.countsMargins = job.countsMargins
        notices = JobNotices(readsControlTokens: job.readsControlTokens)
        for step in job.workSteps { ingestions[step.id] = try ledger.ingestion(of: step.id) }
        let modelServer = ModelServer(logger: logger)
        var limits = MessageSocket.Limits()
        limits.frameBytesMax = Int64(max(UnitResult.valueBytesMax, KeptEmbeddings.byteCountMax))
        limits.headerBytesMax = Self.headerBytesMax
        socket = try MessageSocket(
            .router(listen: job.cluster.listen, access: job.access?.control),
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
        loop = Loop(
            scheduler: Scheduler(
                job: job.specification, policy: job.policy, model: model, scorer: job.scorer,
                numerics: state.numerics),
            pipeline: job.pipeline, ledger: StoredLedger(ledger: ledger, store: job.store),
            connections: SocketConnections(socket: socket),
            ingested: Set(ingestions.filter(\.value.isComplete).keys))
        var cluster = job.cluster
        cluster.listen = socket.endpoint
        let endpoint = cluster.reachableEndpoint ?? cluster.listen
        let (folder, keys) = (job.state, job.access?.local)
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
        var heard: [Loop.Event] = []
        for event in events { heard += try heed(event) }
        try take(heard)
        try requireWorkers()
        if let finishing, loop.scheduler.workerCount == 0 || now >= finishing.deadline {
            ending = .finished(finishing.result)
        }
    }

    /// - Returns: what the loop must know of it.
    private func heed(_ event: CoordinatorEvent) throws -> [Loop.Event] {
        switch event {
        case .inbound(let inbound): return try heed(inbound).map { [.scheduler($0)] } ?? []
        case .ingested(let step, let ingestion):
            ingestions[step.id] = ingestion
            progress.read(.init(ingestion), of: step.id)
            let lines = try notices.read(ingestion, of: step)
            if ingestion.isComplete {
                for line in lines { logger.warning("some rows are odd", metadata: ["what": "\(line)"]) }
            }
            // The survey is of the rows, of which the other step speaks.
            if ingestion.isComplete, ingestion.records == 0, step != .survey {
                logger.warning("there are no rows in the file", metadata: ["of": "\(step.name)"])
            }
            return ingestion.isComplete ? [.ingested(step.id)] : []
        case .localWorkDone(let step, let outcome):
            let consequence = try job.take(outcome, model: model, notices: notices, logger)
            progress.countsMargins = job.countsMargins
            switch consequence {
            case .scorer(let scorer): return [.localWorkDone(step, scorer: scorer)]
            case .finished(let result):
                finishing = (result, now + Self.farewell)
                return [.localWorkDone(step, scorer: nil), .scheduler(.jobFinished(summary: result.summary))]
            }
        case .modelRead(let result): return [.scheduler(try offer(result))]
        case .failed(let error): throw error
        case .startedWorkerFailed(let failure):
            let metadata: Logger.Metadata = [
                "worker": "\(failure.worker)", "reason": "\(failure.reason)", "log": "\(failure.log)",
            ]
            logger.error("a worker cannot run", metadata: metadata)
            if failure.isLastOne { lastWorkerFailure = failure }
            return []
        case .stop(let reason):
            ending = finishing.map { .finished($0.result) } ?? .stopped(reason: reason)
            return []
        case .tick:
            try ledger.checkPlace()
            statusRequests = 0
            reloadAllowedKeys()
            console.show(statusReport())
            return [.scheduler(.tick)]
        }
    }

    /// - Throws: `Problem` where all workers that were started here were given up and no other one is there.
    private func requireWorkers() throws {
        guard let lastWorkerFailure, loop.scheduler.workerCount == 0, finishing == nil else { return }
        throw Problem(
            "no worker is left: \(lastWorkerFailure.reason)", isOfConfiguration: lastWorkerFailure.isOfConfiguration)
    }

    /// - Returns: what the scheduler must know of it.
    private func heed(_ inbound: Inbound) throws -> Scheduler.Event? {
        switch inbound {
        case .message(.worker(let message), let peer):
            return .message(message, from: peer)
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
        case .malformed(let message, let peer):
            drop("dropped a malformed message", from: peer, because: "\(message)")
            return .malformed(message, from: peer)
        case .unreachable(let peer): return .unreachable(peer)
        case .revoked(let peer):
            return .dismissed(peer, reason: "its key is not allowed any more")
        case .turnedAway(let turnedAway): heed(turnedAway)
        case .handshakeFailed: break
        case .broken(let error): throw error
        }
        return nil
    }

    private func statusReport() -> StatusReport {
        var report = progress.report(
            workers: loop.scheduler.workerReports(at: now), retries: loop.scheduler.retries, at: now)
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
        guard let allowed = job.access?.control.allowed else { return }
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
