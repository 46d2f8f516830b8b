package import Protocol

/// Which of the chunks that workers ask for is read and sent next. Pure accounting: events and the time go in.
///
/// Few workers are served at a time, each until it has the whole file or turns out to be slow; the others wait in the
/// order of their coming. So the memory for chunks on their way is bounded by the served workers' windows, however many
/// join at once, and the first ones begin to compute while the last ones wait.
package struct ChunkQueue: Sendable {
    package struct Limits: Hashable, Sendable {
        package var servedMax = 16

        /// Requests of one worker that wait; it asks again for what is dropped.
        package var requestsMax = 8
        package var waitingMax = 4096

        /// A worker that asks for nothing for so long gives its place up.
        package var silence: Duration = .seconds(30)

        /// A worker that took fewer chunks in this time makes room for one that waits: 1 MiB a second. Some slow links
        /// must not keep a fast one waiting.
        package var turn: Duration = .seconds(60)
        package var chunksPerTurnMin = 60

        package init() {}
    }

    package struct Request: Hashable, Sendable {
        package var peer: PeerID
        package var chunk: UInt64

        package init(peer: PeerID, chunk: UInt64) {
            self.peer = peer
            self.chunk = chunk
        }
    }

    private struct Worker: Sendable {
        var chunks: [UInt64] = []
        var lastHeard: MonotonicInstant

        /// Since when it is served, or was last found to be fast, and the chunks that it got since.
        var turnSince = MonotonicInstant.zero
        var chunksInTurn = 0

        mutating func beginTurn(at now: MonotonicInstant) {
            turnSince = now
            chunksInTurn = 0
        }
    }

    private let limits: Limits
    private let chunkCount: UInt64
    private var workers: [PeerID: Worker] = [:]

    /// The next one in turn first.
    package private(set) var served: [PeerID] = []
    package private(set) var waiting: [PeerID] = []

    package init(chunkCount: UInt64, limits: Limits = Limits()) {
        self.chunkCount = chunkCount
        self.limits = limits
    }

    /// - Returns: how many workers are served before this one; 0 where it is its turn.
    package mutating func add(_ request: Request, at now: MonotonicInstant) -> Int {
        let peer = request.peer
        for silent in served where now - (workers[silent]?.lastHeard ?? now) > limits.silence {
            remove(silent, at: now)
        }
        makeRoom(at: now)
        if workers[peer] == nil {
            guard waiting.count < limits.waitingMax else { return served.count + waiting.count }
            workers[peer] = Worker(lastHeard: now)
            waiting.append(peer)
            promote(at: now)
        }
        workers[peer]?.lastHeard = now
        if let chunks = workers[peer]?.chunks, chunks.count < limits.requestsMax, !chunks.contains(request.chunk),
            request.chunk < chunkCount
        {
            workers[peer]?.chunks.append(request.chunk)
        }
        return waiting.firstIndex(of: peer).map { served.count + $0 } ?? 0
    }

    /// The served workers take turns.
    package mutating func next(at now: MonotonicInstant) -> Request? {
        guard let turn = served.firstIndex(where: { workers[$0]?.chunks.isEmpty == false }) else { return nil }
        let peer = served.remove(at: turn)
        guard let chunk = workers[peer]?.chunks.removeFirst() else { preconditionFailure("found with a chunk") }
        workers[peer]?.chunksInTurn += 1
        if chunk == chunkCount - 1, workers[peer]?.chunks.isEmpty == true {
            workers[peer] = nil
            promote(at: now)
        } else {
            served.append(peer)
        }
        return Request(peer: peer, chunk: chunk)
    }

    /// The peer's connection is broken.
    package mutating func remove(_ peer: PeerID, at now: MonotonicInstant) {
        guard workers.removeValue(forKey: peer) != nil else { return }
        served.removeAll { $0 == peer }
        waiting.removeAll { $0 == peer }
        promote(at: now)
    }

    private mutating func makeRoom(at now: MonotonicInstant) {
        guard !waiting.isEmpty else { return }
        var slow: [PeerID] = []
        for peer in served {
            guard let worker = workers[peer], now - worker.turnSince > limits.turn else { continue }
            if worker.chunksInTurn >= limits.chunksPerTurnMin {
                workers[peer]?.beginTurn(at: now)
            } else if slow.count < waiting.count {
                slow.append(peer)
            }
        }
        served.removeAll(where: slow.contains)
        promote(at: now)
        waiting += slow
    }

    private mutating func promote(at now: MonotonicInstant) {
        while served.count < limits.servedMax, !waiting.isEmpty {
            let peer = waiting.removeFirst()
            workers[peer]?.lastHeard = now
            workers[peer]?.beginTurn(at: now)
            served.append(peer)
        }
    }

    /// What must hold after every call; each broken rule as a sentence.
    package func brokenInvariants() -> [String] {
        var broken: [String] = []
        let listed = served + waiting
        if Set(listed) != Set(workers.keys) || listed.count != workers.count {
            broken.append("served + waiting ≠ workers")
        }
        if served.count > limits.servedMax { broken.append("\(served.count) workers are served") }
        if served.count < limits.servedMax, !waiting.isEmpty { broken.append("one waits while a place is free") }
        if workers.values.contains(where: { $0.chunks.count > limits.requestsMax }) {
            broken.append("too many requests")
        }
        return broken
    }
}
