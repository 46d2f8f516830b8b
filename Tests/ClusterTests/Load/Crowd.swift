import CZeroMQ
import Foundation
import Protocol
import Synchronization

/// Very many workers in one thread, each with a real connection, that answer every unit at once with made-up scores.
///
/// What they lack beside a worker's session is what a coordinator never sees: lanes, and a model.
final class Crowd: Sendable {
    static let model = LoadedModel(
        digest: String(repeating: "0", count: 64), name: "none.gguf", architecture: "llama", tokenizer: "none",
        layerCount: 1, hiddenSize: 2,
        contextLength: 4096, precision: .f32, numericBuild: "none", credit: 4, textsAhead: 0)

    struct Outcome: Sendable {
        var unitsDone = 0
        var firstUnit: ContinuousClock.Instant?
        var lastUnit: ContinuousClock.Instant?

        var unitsPerSecond: Double {
            guard let firstUnit, let lastUnit, lastUnit > firstUnit else { return 0 }
            return Double(unitsDone) / (lastUnit - firstUnit).seconds
        }
    }

    private let outcome = Mutex<Outcome?>(nil)
    private let ended = DispatchSemaphore(value: 0)

    /// - Parameter count: workers, each with a connection to `endpoint`.
    init(_ count: Int, named name: String, endpoint: String) {
        let thread = Thread { [self] in
            var crowd = CrowdThread(count, named: name, endpoint: endpoint)
            let outcome = crowd.run()
            self.outcome.withLock { $0 = outcome }
            ended.signal()
        }
        thread.start()
    }

    /// Waits until every worker was told that the job is finished. Call once.
    func wait() -> Outcome {
        ended.wait()
        return outcome.withLock { $0 } ?? Outcome()
    }
}

/// The sockets of a crowd and the thread that they belong to.
private struct CrowdThread {
    private let context = zmq_ctx_new()
    private var sockets: [UnsafeMutableRawPointer?] = []
    private var items: [zmq_pollitem_t] = []
    private var lastSent: [ContinuousClock.Instant]
    private var unfinished: Set<Int>
    private let name: String
    private var outcome = Crowd.Outcome()

    init(_ count: Int, named name: String, endpoint: String) {
        self.name = name
        zmq_ctx_set(context, ZMQ_MAX_SOCKETS, Int32(count + 8))
        lastSent = Array(repeating: .now, count: count)
        unfinished = Set(0..<count)
        for _ in 0..<count {
            let socket = zmq_socket(context, ZMQ_DEALER)
            precondition(zmq_connect(socket, endpoint) == 0, String(cString: zmq_strerror(zmq_errno())))
            sockets.append(socket)
            items.append(zmq_pollitem_t(socket: socket, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0))
        }
    }

    mutating func run() -> Crowd.Outcome {
        for index in sockets.indices { send(hello(index), from: index) }
        while !unfinished.isEmpty {
            zmq_poll(&items, Int32(items.count), 1000)
            let now = ContinuousClock.now
            for index in items.indices {
                if items[index].revents != 0 { while receive(index) {} }
                if now - lastSent[index] > .seconds(5) { send(heartbeat, from: index) }
            }
        }
        for socket in sockets { zmq_close(socket) }
        zmq_ctx_term(context)
        return outcome
    }

    private func hello(_ index: Int) -> WorkerMessage {
        .hello(
            .init(
                worker: "\(name)-\(index)", epoch: 1, host: "crowd", processID: 1, softwareVersion: "0", lanes: 1,
                model: Crowd.model, held: []))
    }

    private var heartbeat: WorkerMessage { .heartbeat(.init(epoch: 1, held: [], draining: false)) }

    private mutating func receive(_ index: Int) -> Bool {
        guard let frames = nextFrames(index) else { return false }
        guard case .coordinator(let message)? = try? Message(frames: frames) else {
            preconditionFailure("a coordinator sent what is no message of its own")
        }
        switch message {
        case .scorer(let scorer): send(.scorerAcknowledged(digest: scorer.digest), from: index)
        case .assignment(let lease, let payload):
            outcome.firstUnit = outcome.firstUnit ?? .now
            outcome.lastUnit = .now
            outcome.unitsDone += 1
            send(.result(Self.result(lease, payload)), from: index)
        case .whoAreYou: send(hello(index), from: index)
        case .jobFinished:
            send(.goodbye(reason: "the job is finished"), from: index)
            unfinished.remove(index)
        case .refused(let reason): preconditionFailure("refused: \(reason)")
        case .welcome, .accepted, .resultAcknowledged, .revoked, .heartbeatReply: break
        }
        return true
    }

    private static func result(_ lease: Lease, _ payload: UnitPayload) -> UnitResult {
        let rows = payload.items.map(\.row)
        return UnitResult(
            lease: lease, rows: rows, responseCounts: rows.map { _ in 2 },
            output: .scores(
                Tensor(rows.flatMap { [Double($0), -1] }, shape: [2 * rows.count, 1]), scorer: LoadJob.scorerDigest),
            tokensTotal: UInt64(rows.count * 10))
    }

    private func nextFrames(_ index: Int) -> [[UInt8]]? {
        var frames: [[UInt8]] = []
        while true {
            var part = zmq_msg_t()
            zmq_msg_init(&part)
            defer { zmq_msg_close(&part) }
            guard zmq_msg_recv(&part, sockets[index], ZMQ_DONTWAIT) >= 0 else { return nil }
            frames.append([UInt8](UnsafeRawBufferPointer(start: zmq_msg_data(&part), count: zmq_msg_size(&part))))
            if zmq_msg_more(&part) == 0 { return frames }
        }
    }

    private mutating func send(_ message: WorkerMessage, from index: Int) {
        guard let frames = try? Message.worker(message).frames() else {
            preconditionFailure("cannot encode \(message)")
        }
        lastSent[index] = .now
        for (position, frame) in frames.enumerated() {
            zmq_send(sockets[index], frame, frame.count, position < frames.count - 1 ? ZMQ_SNDMORE : 0)
        }
    }
}
