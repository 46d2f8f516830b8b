import Coordinator
import Protocol
import Scheduling
import SeededRandom
import Transport
import Worker

/// A coordinator that gives a model file to several workers over a bad network: messages are lost, delayed, doubled and
/// reordered, and processes of both sides are killed. After `faultsEnd` nothing goes wrong any more.
struct ModelTransferSimulation {
    static let offer = ModelOffer(digest: String(repeating: "a", count: 64), byteCount: 5 * ModelOffer.chunkBytes + 77)
    static let chunks: [[UInt8]] = (0..<offer.chunkCount).map { index in
        Array(repeating: UInt8(index + 1), count: offer.bytes(ofChunk: index)?.count ?? 0)
    }
    private static let file = chunks.reduce([], +)
    static let faultsEnd = MonotonicInstant.zero + .seconds(60)

    struct Worker {
        /// Each process and each connection has a number of its own.
        var life = 0
        var download = ModelDownload()

        /// Outlives the process.
        var file: [UInt8] = []
        var isDone = false
    }

    enum Step {
        case toCoordinator(ModelMessage, worker: Int, life: Int)
        case toWorker(ModelMessage, worker: Int, life: Int)
        case tick(worker: Int, life: Int)
        case coordinatorSends(life: Int)
        case workerDies(Int)
        case workerStarts(Int)
        case coordinatorDies(down: Duration)
        case coordinatorStarts
    }

    private(set) var workers: [Worker]
    private(set) var broken: [String] = []
    private(set) var chunksSent = 0
    private(set) var now = MonotonicInstant.zero
    let isCalm: Bool
    private var random: SeededGenerator
    private var agenda = Agenda<Step>()
    private var coordinator: (life: Int, queue: ChunkQueue)?
    private var coordinatorLives = 0
    private var isSending = false
    private var connections: [PeerID: (worker: Int, life: Int)] = [:]
    let servedMax: Int
    private let loss: Double
    private let delayMax: Double

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        workers = Array(repeating: Worker(), count: random.integer(1...4))
        servedMax = random.integer(1...3)
        isCalm = random.isTrue(0.1)
        loss = isCalm ? 0 : [0, 0.1, 0.3].randomElement(using: &random) ?? 0
        delayMax = isCalm ? 0.05 : [0.05, 3].randomElement(using: &random) ?? 0
        agenda.add(.coordinatorStarts, at: now)
        for index in workers.indices { agenda.add(.workerStarts(index), at: now + random.seconds(0...5)) }
        guard !isCalm else { return }
        for _ in 0..<random.integer(0...6) {
            let at = now + random.seconds(0...59)
            let worker = random.integer(0...workers.count - 1)
            let down = random.seconds(0...20)
            agenda.add(random.isTrue(0.7) ? .workerDies(worker) : .coordinatorDies(down: down), at: at)
        }
    }

    mutating func run() {
        let deadline = Self.faultsEnd + .seconds(600)
        while !workers.allSatisfy(\.isDone), let (time, step) = agenda.next() {
            now = time
            guard now < deadline else { return broken.append("not all workers have the model after \(deadline)") }
            perform(step)
            if let queue = coordinator?.queue { broken += queue.brokenInvariants() }
            for worker in workers where worker.download.outstanding > 4 {
                broken.append("too many chunks on their way")
            }
            guard broken.isEmpty else { return }
        }
        for (index, worker) in workers.enumerated() where worker.file != Self.file {
            broken.append("worker \(index) has another file")
        }
    }

    private mutating func perform(_ step: Step) {
        switch step {
        case .toCoordinator(let message, let worker, let life): answer(message, worker, life)
        case .toWorker(let message, let worker, let life) where workers[worker].life == life:
            tell(worker, .message(message))
        case .tick(let worker, let life) where workers[worker].life == life && !workers[worker].isDone:
            tell(worker, .tick)
            agenda.add(.tick(worker: worker, life: life), at: now + .milliseconds(500))
        case .toWorker, .tick: break
        case .coordinatorSends(let life): sendChunk(life)
        case .workerDies(let index): kill(index)
        case .workerStarts(let index):
            workers[index].download = ModelDownload()
            agenda.add(.tick(worker: index, life: workers[index].life), at: now + .milliseconds(500))
            tell(index, .start)
        case .coordinatorDies(let down):
            guard coordinator != nil else { return }
            coordinator = nil
            agenda.add(.coordinatorStarts, at: now + down)
        case .coordinatorStarts:
            coordinatorLives += 1
            isSending = false
            var limits = ChunkQueue.Limits()
            limits.servedMax = servedMax
            coordinator = (coordinatorLives, ChunkQueue(chunkCount: Self.offer.chunkCount, limits: limits))
        }
    }

    /// A file may end amid a chunk, and once in a while a byte of it is damaged.
    private mutating func kill(_ index: Int) {
        guard !workers[index].isDone else { return }
        workers[index].life += 1
        if !workers[index].file.isEmpty {
            let count = workers[index].file.count
            workers[index].file.removeLast(min(count, random.integer(0...5000)))
            if random.isTrue(0.1), let last = workers[index].file.indices.last { workers[index].file[last / 2] ^= 1 }
        }
        agenda.add(.workerStarts(index), at: now + random.seconds(0...5))
    }

    private mutating func tell(_ index: Int, _ event: ModelDownload.Event) {
        for action in workers[index].download.handle(event, at: now) {
            switch action {
            case .send(let message):
                let life = workers[index].life
                deliver(.toCoordinator(message, worker: index, life: life))
            case .open: tell(index, .opened(byteCount: UInt64(workers[index].file.count)))
            case .truncate(let count): workers[index].file.removeSubrange(Int(count)...)
            case .append(let bytes): workers[index].file += bytes
            case .verify:
                let isRight = workers[index].file == Self.file
                tell(index, .verified(digest: isRight ? Self.offer.digest : "another"))
            case .finish: workers[index].isDone = true
            case .fail(let failure): broken.append("worker \(index) gives up: \(failure)")
            }
        }
    }

    private mutating func answer(_ message: ModelMessage, _ worker: Int, _ life: Int) {
        guard let coordinator else { return }
        let peer = PeerID([UInt8(worker), UInt8(life)])
        connections[peer] = (worker, life)
        switch message {
        case .chunkRequest(_, let chunk):
            let workersAhead = self.coordinator?.queue.add(.init(peer: peer, chunk: chunk), at: now) ?? 0
            if workersAhead > 0 {
                deliver(.toWorker(.offer(Self.offer, workersAhead: workersAhead), worker: worker, life: life))
            }
        default: deliver(.toWorker(.offer(Self.offer, workersAhead: 0), worker: worker, life: life))
        }
        guard !isSending else { return }
        isSending = true
        agenda.add(.coordinatorSends(life: coordinator.life), at: now + random.seconds(0...0.1))
    }

    private mutating func sendChunk(_ life: Int) {
        guard coordinator?.life == life else { return }
        guard let request = coordinator?.queue.next(at: now) else {
            isSending = false
            return
        }
        chunksSent += 1
        guard let (worker, workerLife) = connections[request.peer] else {
            return broken.append("a chunk for nobody")
        }
        let chunk = ModelChunk(
            digest: Self.offer.digest, index: request.chunk, bytes: Self.chunks[Int(request.chunk)])
        deliver(.toWorker(.chunk(chunk), worker: worker, life: workerLife))
        agenda.add(.coordinatorSends(life: coordinator?.life ?? 0), at: now + random.seconds(0...0.1))
    }

    private mutating func deliver(_ step: Step) {
        let isBad = now < Self.faultsEnd
        if isBad, random.isTrue(loss) { return }
        agenda.add(step, at: now + random.seconds(0...delayMax))
        if isBad, !isCalm, random.isTrue(0.1) { agenda.add(step, at: now + random.seconds(0...delayMax)) }
    }
}
