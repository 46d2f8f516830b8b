internal import Foundation
internal import Logging
internal import Protocol
internal import Scheduling
internal import Synchronization
internal import Transport

/// Gives the model's files to workers that do not have it, on a thread of its own: neither reading nor waiting for a
/// turn delays heartbeats and results.
final class ModelServer: Sendable {
    private enum Decision {
        /// Questions wait: the model's digest is being computed.
        case open
        case offered(OpenModel, ChunkQueue)
        case declined(reason: String)
    }

    private enum Work {
        case say(ModelMessage, to: PeerID)
        case read(ChunkQueue.Request, OpenModel)
    }

    private struct State {
        var decision = Decision.open

        /// What is asked and not looked at.
        var questions: [(message: ModelMessage, peer: PeerID)] = []
        var answers: [(message: ModelMessage, peer: PeerID)] = []
        var isStopped = false
        var bytesServed: UInt64 = 0
        var peersServed: Set<PeerID> = []

        /// What the thread does next; nil where nothing can be done.
        mutating func next(at now: MonotonicInstant) -> Work? {
            guard !isStopped else { return nil }
            switch decision {
            case .open: return nil
            case .declined(let reason):
                guard !questions.isEmpty else { return nil }
                return .say(.notOffered(reason: reason), to: questions.removeFirst().peer)
            case .offered(let model, var queue):
                for question in questions {
                    switch question.message {
                    case .chunkRequest(model.offer.digest, let chunk):
                        let workersAhead = queue.add(.init(peer: question.peer, chunk: chunk), at: now)
                        if workersAhead > 0 {
                            answers.append((.offer(model.offer, workersAhead: workersAhead), question.peer))
                        }
                    case .offerRequest, .chunkRequest, .offer, .notOffered, .chunk:
                        answers.append((.offer(model.offer, workersAhead: 0), question.peer))
                    }
                }
                questions = []
                defer { decision = .offered(model, queue) }
                if !answers.isEmpty {
                    let answer = answers.removeFirst()
                    return .say(answer.message, to: answer.peer)
                }
                return queue.next(at: now).map { .read($0, model) }
            }
        }
    }

    private let logger: Logger
    private let state = Mutex(State())
    private let arrivals = DispatchSemaphore(value: 0)
    private let start = ContinuousClock.now

    /// More questions are dropped; who asked asks again.
    private static let questionsMax = 4096

    init(logger: Logger) {
        self.logger = logger
    }

    /// Takes what a worker asks; called on the socket's thread. False where it is no question.
    func take(_ message: ModelMessage, from peer: PeerID) -> Bool {
        switch message {
        case .offer, .notOffered, .chunk: return false
        case .offerRequest, .chunkRequest: break
        }
        state.withLock { state in
            guard state.questions.count < Self.questionsMax else { return }
            state.questions.append((message, peer))
        }
        arrivals.signal()
        return true
    }

    /// What waits for that peer is dropped.
    func forget(_ peer: PeerID) {
        let now = now
        state.withLock { state in
            state.questions.removeAll { $0.peer == peer }
            guard case .offered(let model, var queue) = state.decision else { return }
            queue.remove(peer, at: now)
            state.decision = .offered(model, queue)
        }
        arrivals.signal()
    }

    func offer(_ model: OpenModel) {
        state.withLock { $0.decision = .offered(model, ChunkQueue(chunkCount: model.offer.chunkCount)) }
        arrivals.signal()
    }

    func decline(reason: String) {
        state.withLock { $0.decision = .declined(reason: reason) }
        arrivals.signal()
    }

    /// Begins to answer.
    func run(sendingBy socket: MessageSocket) {
        let thread = Thread { [self] in
            while true {
                arrivals.wait()
                while let work = state.withLock({ $0.next(at: now) }) { perform(work, socket) }
                if state.withLock({ $0.isStopped }) { return }
            }
        }
        thread.name = "legend-model"
        thread.start()
    }

    func stop() {
        let (bytes, peers) = state.withLock { state in
            state.isStopped = true
            return (state.bytesServed, state.peersServed.count)
        }
        arrivals.signal()
        guard bytes > 0 else { return }
        logger.info("served the model", metadata: ["bytes": "\(bytes)", "workers": "\(peers)"])
    }

    private var now: MonotonicInstant { MonotonicInstant(offset: .now - start) }

    private func perform(_ work: Work, _ socket: MessageSocket) {
        do {
            switch work {
            case .say(let message, let peer): try socket.send(.model(message), to: peer)
            case .read(let request, let model):
                let chunk = try model.chunk(request.chunk)
                let isFirst = state.withLock { state in
                    state.bytesServed += UInt64(chunk.bytes.count)
                    return state.peersServed.insert(request.peer).inserted
                }
                if isFirst {
                    logger.info(
                        "sending the model to a worker",
                        metadata: ["peer": "\(request.peer)", "from": "\(request.chunk) MiB"])
                }
                // It is asked for again where it is lost: better than to keep it for one who takes nothing.
                try socket.send(.model(.chunk(chunk)), to: request.peer, isDroppable: true)
            }
        } catch {
            logger.error("the model is not offered any more", metadata: ["reason": "\(error)"])
            decline(reason: "\(error)")
        }
    }
}
