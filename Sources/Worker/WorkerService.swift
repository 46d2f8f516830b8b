internal import CommandLineTool
internal import FileSystem
internal import Foundation
internal import Logging
internal import Protocol
internal import Transport

/// What reaches a worker's loop.
enum WorkerEvent: Sendable {
    case session(Session.Event)
    case engineLoaded(LoadedEngine)

    /// The connection was not made; the socket goes on trying.
    case handshakeFailed(HandshakeFailure)

    /// What was found at the coordinator's address.
    case found(EndpointFinding)
}

/// Runs a `Session`: feeds it what arrives from the network, the lanes, the operator and the clock, and carries its
/// actions out.
final class WorkerService {
    struct Options: Sendable {
        var endpoint: String

        /// nil for a coordinator that asks for none.
        var keys: ClientKeys?
        var identity: Session.Identity
        var model: String?
        var cache: ModelCache
        var drainLimit: Duration

        /// nil for the defaults.
        var patience: Patience?

        /// A file whose modification time tells when the loop last came round.
        var alive: String?
    }

    private let options: Options
    private let logger: Logger
    private let mailbox: Mailbox<WorkerEvent>
    private let socket: MessageSocket
    private let loader: ModelLoader
    private let start = ContinuousClock.now
    private var session: Session
    private var lanes: [any UnitThread] = []
    private var handshakes = HandshakeWarnings()
    private var lastSignOfLife: ContinuousClock.Instant?

    /// Why the last connection was not made; nil since a message came.
    private var lastHandshakeFailure: HandshakeFailure?
    private var isLooking = false
    private var silentSeconds = 0

    /// Why no coordinator is heard, as far as it was found out.
    private(set) var lastFinding: String

    /// - Throws: `ZeroMQError` where the endpoint is no address.
    init(_ options: Options, mailbox: Mailbox<WorkerEvent>, logger: Logger) throws {
        self.options = options
        self.mailbox = mailbox
        self.logger = logger
        var policy = Session.Policy()
        policy.drainLimit = options.drainLimit
        if let patience = options.patience {
            policy.arrivalMax = patience.limit
            policy.absenceMax = patience.limit
        }
        lastFinding = "nothing came from \(options.endpoint)"
        session = Session(identity: options.identity, policy: policy)
        let inbox = ThreadQueue<ModelMessage>(countMax: Self.modelMessagesMax)
        let socket = try MessageSocket(.dealer(connect: options.endpoint, keys: options.keys)) { inbound in
            switch inbound {
            case .message(.coordinator(let message), _): mailbox.post(.session(.message(message)))
            case .message(.model(let message), _): inbox.post(message)
            case .message(.worker, _), .message(.status, _):
                logger.warning("dropped a message that no coordinator sends")
            case .otherVersion(let mismatch, _): mailbox.post(.session(.otherVersion(mismatch)))
            case .malformed(let message, _): mailbox.post(.session(.malformed(message)))
            case .unreachable: logger.warning("too many messages wait for the coordinator; they are dropped")
            case .handshakeFailed(let failure): mailbox.post(.handshakeFailed(failure))
            case .turnedAway, .revoked: break
            case .broken(let error):
                mailbox.post(.session(.networkFailed(reason: "the network connection failed: \(error)")))
            }
        }
        self.socket = socket
        let fetcher = ModelFetcher(cache: options.cache, inbox: inbox, logger: logger) {
            // Repeated until it is answered.
            try socket.send(.model($0), isDroppable: true)
        }
        loader = ModelLoader(
            override: options.model, lanes: options.identity.lanes, fetcher: fetcher, logger: logger)
    }

    /// Returns when the session ends; by then all that it had to say is sent, or its time is over.
    func run() async throws -> Session.Ending {
        let ticker = Task { [mailbox] in
            while !Task.isCancelled {
                try await Task.sleep(for: .milliseconds(100))
                mailbox.post(.session(.tick))
            }
        }
        defer { ticker.cancel() }
        mailbox.post(.session(.start))
        while let events = await mailbox.next() {
            showLife()
            for event in events {
                let now = MonotonicInstant(offset: ContinuousClock.now - start)
                guard let event = sessionEvent(of: event, at: now) else { continue }
                for action in session.handle(event, at: now) {
                    if let ending = try perform(action) {
                        if let share = session.busyShare(at: now) {
                            let percent = (share * 1000).rounded() / 10
                            logger.info("time spent computing", metadata: ["share": "\(percent) %"])
                        }
                        lanes.forEach { $0.stop() }
                        await socket.close()
                        return ending
                    }
                }
            }
        }
        preconditionFailure("the mailbox ended before the session")
    }

    /// libzmq says nothing of a name that it cannot resolve or a connection that is refused, and tries again for ever.
    private func lookAtEndpoint() {
        guard !isLooking else { return }
        isLooking = true
        let thread = Thread { [mailbox, probe = EndpointProbe(options.endpoint)] in mailbox.post(.found(probe.look())) }
        thread.name = "legend-lookup"
        thread.start()
    }

    /// What libzmq heard of a key says more than what a stranger is told.
    private func report(_ finding: EndpointFinding) {
        isLooking = false
        guard session.isCutOff else { return }
        lastFinding = "\(options.endpoint): \(finding.description)"
        if finding == .zeroMQ || finding == .hungUp, let lastHandshakeFailure {
            lastFinding = lastHandshakeFailure.advice(endpoint: options.endpoint, keys: options.keys)
        }
        logger.warning(
            "no coordinator answers; trying again",
            metadata: [
                "address": "\(options.endpoint)", "found": "\(lastFinding)", "seconds": "\(silentSeconds)",
            ])
    }

    /// More than a download ever asks for; what a hostile coordinator sends beyond it is dropped.
    private static let modelMessagesMax = 32
    private static let signOfLifeInterval = Duration.seconds(5)

    private func showLife() {
        guard let path = options.alive, lastSignOfLife.map({ .now - $0 >= Self.signOfLifeInterval }) ?? true else {
            return
        }
        lastSignOfLife = .now
        do {
            try OpenFile(path, .touching).touch()
        } catch {
            logger.warning("cannot touch the file that shows life", metadata: ["reason": "\(error)"])
        }
    }

    /// nil for what is nothing to the session.
    private func sessionEvent(of event: WorkerEvent, at now: MonotonicInstant) -> Session.Event? {
        switch event {
        case .session(let event):
            if event.isOfCoordinator {
                handshakes = HandshakeWarnings()
                lastHandshakeFailure = nil
            }
            return event
        case .handshakeFailed(let failure):
            lastHandshakeFailure = failure
            // Who speaks otherwise, or hangs up, may be no coordinator at all.
            if handshakes.warns(of: failure, at: now) { lookAtEndpoint() }
            return nil
        case .found(let finding):
            report(finding)
            return nil
        case .engineLoaded(let engine):
            for warning in engine.description.namedWarnings {
                logger.warning("the model's numbers may not be what they seem", metadata: ["reason": "\(warning)"])
            }
            lanes = (0..<options.identity.lanes).map { index in
                let post = { @Sendable [mailbox] in mailbox.post(.session($0)) }
                return switch engine.computation {
                case .embedding(let computation):
                    LaneThread(index: index, computation: computation, embedder: engine.embedder, post: post)
                case .generation(let computation):
                    GenerationThread(index: index, computation: computation, embedder: engine.embedder, post: post)
                }
            }
            return .modelLoaded(engine.description)
        }
    }

    private func perform(_ action: Session.Action) throws -> Session.Ending? {
        switch action {
        case .send(let message): try socket.send(.worker(message), isDroppable: message.isWorthlessLate)
        case .loadModel(let job): load(job)
        case .compute(let lane, let lease, let work, let scorer):
            thread(of: lane).compute(lane, lease, work, scorer: scorer)
        case .cancel(let lane): thread(of: lane).cancel(lane)
        case .note(let note): log(note)
        case .end(let ending): return ending
        }
        return nil
    }

    /// The session may have more lanes than there are threads: one thread then has several units in hand.
    private func thread(of lane: Int) -> any UnitThread { lanes[lane % lanes.count] }

    private func load(_ job: JobSpecification) {
        logger.info("loading the model", metadata: ["model": "\(job.modelPath)", "precision": "\(job.precision)"])
        lanes.forEach { $0.stop() }
        lanes = []
        let thread = Thread { [loader, mailbox] in
            Niceness.adopt()
            do {
                mailbox.post(.engineLoaded(try loader.load(job)))
            } catch {
                mailbox.post(.session(.modelFailed(reason: "\(error)", mayPass: error is ModelCacheError)))
            }
        }
        thread.name = "legend-loader"
        thread.start()
    }

    private func log(_ note: Session.Note) {
        switch note {
        case .greeting:
            logger.info("connecting", metadata: ["coordinator": "\(options.endpoint)"])
        case .accepted(let job): logger.info("taking part", metadata: ["job": "\(job)"])
        case .coordinatorSilent(let seconds):
            silentSeconds = seconds
            lookAtEndpoint()
        case .malformed(let message):
            logger.warning("dropped a malformed message", metadata: ["reason": "\(message)"])
        case .coordinatorBack: logger.info("the coordinator is back")
        case .draining(let reason, let count):
            logger.info("stopping", metadata: ["reason": "\(reason)", "unitsReturned": "\(count)"])
        }
    }
}

extension WorkerMessage {
    /// Repeated until it is answered: not worth keeping for a coordinator that is away.
    fileprivate var isWorthlessLate: Bool {
        switch self {
        case .hello, .heartbeat, .result: true
        case .ready, .failure, .embedded, .scorerAcknowledged, .goodbye: false
        }
    }
}

/// When the operator hears that the connection is not made: at once, and again after a minute, two, four, up to an hour.
struct HandshakeWarnings {
    private var failures = 0
    private var last: [HandshakeFailure: (at: MonotonicInstant, interval: Duration)] = [:]

    private static let intervals = (min: Duration.seconds(60), max: Duration.seconds(3600))

    /// A coordinator that is just being stopped hangs up, too.
    private static let hungUpMin = 3

    mutating func warns(of failure: HandshakeFailure, at now: MonotonicInstant) -> Bool {
        failures += 1
        let recent = last.filter { now - $0.value.at < $0.value.interval }
        // A connection that is not let in may just be closed, the next time.
        guard failure == .hungUp ? failures >= Self.hungUpMin && recent.isEmpty : recent[failure] == nil else {
            return false
        }
        let interval = last[failure].map { min($0.interval * 2, Self.intervals.max) } ?? Self.intervals.min
        last[failure] = (now, interval)
        return true
    }
}
