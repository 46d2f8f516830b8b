package import Protocol

/// How a worker gets a model from its coordinator. A pure state machine: events and the time go in, actions come
/// out.
///
/// It asks for a few chunks at a time, and for the next one when one comes: the coordinator never has more on its way,
/// and no round trip is waited for. What is there is always the model's beginning, without a gap: its length alone
/// tells where to go on, whoever was killed when. Chunks that come before their turn wait in memory; others that
/// nobody waits for are dropped. Where nothing comes, what is missing is asked for again, less and less often, and
/// for ever: the coordinator may be gone for long, and comes back.
package struct ModelDownload: Sendable {
    package struct Policy: Hashable, Sendable {
        /// Chunks that are asked for and not there.
        package var window: UInt64 = 4

        /// After so long without a chunk those that are missing are asked for again; twice as long the next time.
        package var patience: Duration = .seconds(5)
        package var patienceMax: Duration = .seconds(30)

        package init() {}
    }

    package enum Event: Sendable {
        case start
        case message(ModelMessage)

        /// The answer to `open`: the model is this worker's to write, and has so many bytes.
        case opened(byteCount: UInt64)

        /// The answer to `verify`.
        case verified(digest: String)
        case tick
    }

    package enum Action: Hashable, Sendable {
        case send(ModelMessage)

        /// Take the place where this model is downloaded to, then report `opened`.
        case open(ModelOffer)

        /// Cut what is there to so many bytes.
        case truncate(byteCount: UInt64)

        /// Write behind what is there.
        case append([UInt8])

        /// Compute the whole model's digest, then report `verified`.
        case verify

        /// The model is whole and right.
        case finish
        case fail(Failure)
    }

    package enum Failure: Error, Hashable, Sendable {
        case notOffered(reason: String)

        /// The coordinator stopped to offer the model.
        case withdrawn(reason: String)
        case wrongChunk(index: UInt64, found: Int, expected: Int)
        case wrongDigest(found: String, expected: String)

        /// The files that were offered are not those of a model.
        case noModel(reason: String)
    }

    /// What the machine waits for, for those who watch it.
    package enum Phase: Hashable, Sendable {
        case offer
        case place
        case turn(workersAhead: Int)
        case chunks
        case nothing
    }

    private enum State: Sendable {
        /// Next: asking.
        case idle

        /// Asks what is offered. Next: opening or ended.
        case asking

        /// Another process may have the place. Next: receiving or verifying.
        case opening(ModelOffer)

        /// Next: verifying or ended.
        case receiving(Reception)

        /// All bytes are there. Next: receiving (from the beginning, once) or ended.
        case verifying(ModelOffer)

        /// Nothing more is done.
        case ended
    }

    private struct Reception: Sendable {
        let offer: ModelOffer

        /// The first chunk that is not there.
        var next: UInt64

        /// The first chunk that was never asked for.
        var unasked: UInt64

        /// Chunks after `next`, by their index.
        var early: [UInt64: [UInt8]] = [:]
        var lastArrival: MonotonicInstant
        var workersAhead = 0
    }

    private let policy: Policy
    private var state = State.idle
    private var patience: Duration
    private var lastSign = MonotonicInstant.zero
    private var isSecondTry = false

    package init(policy: Policy = Policy()) {
        self.policy = policy
        patience = policy.patience
    }

    package mutating func handle(_ event: Event, at now: MonotonicInstant) -> [Action] {
        var actions: [Action] = []
        switch (state, event) {
        case (.idle, .start):
            state = .asking
            lastSign = now
            actions.append(.send(.offerRequest))
        case (.asking, .message(.offer(let offer, _))):
            state = .opening(offer)
            actions.append(.open(offer))
        case (.asking, .message(.notOffered(let reason))): fail(.notOffered(reason: reason), &actions)
        case (.opening(let offer), .opened(let byteCount)):
            receive(offer, after: byteCount, at: now, &actions)
        case (.receiving(let reception), .message(let message)): take(message, in: reception, at: now, &actions)
        case (.verifying(let offer), .verified(let digest)): judge(digest, of: offer, at: now, &actions)
        case (.asking, .tick), (.receiving, .tick):
            guard now - lastSign >= patience else { break }
            lastSign = now
            patience = min(patience * 2, policy.patienceMax)
            askAgain(&actions)
        // Messages that come late or twice, and ticks while nothing is waited for.
        case (.idle, _), (.asking, _), (.opening, _), (.receiving, _), (.verifying, _), (.ended, _): break
        }
        return actions
    }

    /// Goes on behind what is there; but only whole chunks count.
    private mutating func receive(
        _ offer: ModelOffer, after byteCount: UInt64, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        guard byteCount != offer.byteCount else {
            state = .verifying(offer)
            return actions.append(.verify)
        }
        let chunks = byteCount < offer.byteCount ? byteCount / ModelOffer.chunkBytes : 0
        if byteCount != chunks * ModelOffer.chunkBytes {
            actions.append(.truncate(byteCount: chunks * ModelOffer.chunkBytes))
        }
        patience = policy.patience
        lastSign = now
        var reception = Reception(offer: offer, next: chunks, unasked: chunks, lastArrival: now)
        ask(&reception, &actions)
        state = .receiving(reception)
    }

    private func ask(_ reception: inout Reception, _ actions: inout [Action]) {
        while reception.unasked < min(reception.next + policy.window, reception.offer.chunkCount) {
            actions.append(.send(.chunkRequest(digest: reception.offer.digest, chunk: reception.unasked)))
            reception.unasked += 1
        }
    }

    private func askAgain(_ actions: inout [Action]) {
        guard case .receiving(let reception) = state else { return actions.append(.send(.offerRequest)) }
        for chunk in reception.next..<reception.unasked where reception.early[chunk] == nil {
            actions.append(.send(.chunkRequest(digest: reception.offer.digest, chunk: chunk)))
        }
    }

    private mutating func take(
        _ message: ModelMessage, in reception: Reception, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        switch message {
        case .chunk(let chunk) where chunk.digest == reception.offer.digest:
            take(chunk, in: reception, at: now, &actions)
        case .offer(let offer, let workersAhead) where offer == reception.offer:
            var reception = reception
            reception.workersAhead = workersAhead
            lastSign = now
            state = .receiving(reception)
        case .offer(let offer, _):
            fail(.withdrawn(reason: "it offers another model, of SHA-256 \(offer.digest)"), &actions)
        case .notOffered(let reason): fail(.withdrawn(reason: reason), &actions)
        case .chunk, .offerRequest, .chunkRequest: break
        }
    }

    private mutating func take(
        _ chunk: ModelChunk, in reception: Reception, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        var reception = reception
        guard (reception.next..<reception.unasked).contains(chunk.index), reception.early[chunk.index] == nil,
            let place = reception.offer.bytes(ofChunk: chunk.index)
        else { return }
        guard chunk.bytes.count == place.count else {
            return fail(
                .wrongChunk(index: chunk.index, found: chunk.bytes.count, expected: place.count), &actions)
        }
        // Over a slow link a chunk may take longer than the first patience: what is only late is not asked for twice.
        patience = max(policy.patience, min((now - reception.lastArrival) * 3, policy.patienceMax))
        reception.lastArrival = now
        reception.workersAhead = 0
        lastSign = now
        reception.early[chunk.index] = chunk.bytes
        while let bytes = reception.early.removeValue(forKey: reception.next) {
            actions.append(.append(bytes))
            reception.next += 1
        }
        ask(&reception, &actions)
        state = .receiving(reception)
        if reception.next == reception.offer.chunkCount {
            state = .verifying(reception.offer)
            actions.append(.verify)
        }
    }

    private mutating func judge(
        _ digest: String, of offer: ModelOffer, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        if digest == offer.digest {
            state = .ended
            actions.append(.finish)
        } else if isSecondTry {
            actions.append(.truncate(byteCount: 0))
            fail(.wrongDigest(found: digest, expected: offer.digest), &actions)
        } else {
            // What an earlier process left may have been damaged since.
            isSecondTry = true
            actions.append(.truncate(byteCount: 0))
            receive(offer, after: 0, at: now, &actions)
        }
    }

    private mutating func fail(_ failure: Failure, _ actions: inout [Action]) {
        state = .ended
        actions.append(.fail(failure))
    }
}

// MARK: - Looking in

extension ModelDownload {
    package var phase: Phase {
        switch state {
        case .asking: .offer
        case .opening: .place
        case .receiving(let reception) where reception.workersAhead > 0: .turn(workersAhead: reception.workersAhead)
        case .receiving: .chunks
        case .idle, .verifying, .ended: .nothing
        }
    }

    /// Chunks that are asked for and not there: never more than the window.
    package var outstanding: Int {
        guard case .receiving(let reception) = state else { return 0 }
        return Int(reception.unasked - reception.next) - reception.early.count
    }
}

extension ModelDownload.Failure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notOffered(let reason): "the coordinator does not offer the model: \(reason)"
        case .withdrawn(let reason): "the coordinator does not offer the model any more: \(reason)"
        case .wrongChunk(let index, let found, let expected):
            "chunk \(index) of the model has \(found) bytes; \(expected) are expected"
        case .wrongDigest(let found, let expected):
            """
            the downloaded model has SHA-256 \(found), not \(expected), for the second time: the file on the \
            coordinator's machine has changed, or a disk or memory is broken
            """
        case .noModel(let reason): "the files that the coordinator offers are not those of a model: \(reason)"
        }
    }
}
