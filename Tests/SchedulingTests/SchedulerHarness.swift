import Protocol
import Scheduling
import Testing

/// A scheduler and its clock. What must always hold is checked after every event.
struct SchedulerHarness {
    static let job = JobSpecification(
        job: "job", modelPath: "model.gguf", modelDigest: "", precision: .f32, backend: .oneDNN,
        readouts: [Readout(-1, .lastToken)], maxTokens: 0, heartbeatMilliseconds: 1000)
    static let direction = Scorer(Readout(2, .lastToken), direction: [1, 0])

    private(set) var scheduler: Scheduler
    private(set) var now = MonotonicInstant.zero

    init(
        policy: Scheduler.Policy = .test, job: JobSpecification = Self.job, model: LoadedModel? = nil,
        direction: Scorer? = nil, numerics: JobNumerics? = nil
    ) {
        scheduler = Scheduler(job: job, policy: policy, model: model, scorer: direction, numerics: numerics)
    }

    @discardableResult
    mutating func handle(_ event: Scheduler.Event) -> [Scheduler.Action] {
        var actions: [Scheduler.Action] = []
        scheduler.handle(event, at: now, &actions)
        #expect(scheduler.brokenInvariants() == [], "after \(event)")
        return actions
    }

    @discardableResult
    mutating func receive(
        _ message: WorkerMessage, from peer: PeerID
    ) -> [Scheduler.Action] {
        handle(.message(message, from: peer))
    }

    mutating func advance(seconds: Double) { now = now + .seconds(seconds) }

    /// Lets a worker join that has its model loaded, and acknowledge the direction if there is one.
    @discardableResult
    mutating func join(
        _ peer: PeerID, credit: Int = 2, textsAhead: Int = 0, held: [Lease] = []
    ) -> [Scheduler.Action] {
        let model = LoadedModel.test(credit: credit, textsAhead: textsAhead)
        let hello = WorkerMessage.hello(.test(peer, model: model, held: held))
        var actions = receive(hello, from: peer)
        if let direction = actions.sentScorer {
            let acknowledgement = WorkerMessage.scorerAcknowledged(digest: direction.digest)
            actions += receive(acknowledgement, from: peer)
        }
        return actions
    }

    /// Begins a step that has these units and no others.
    @discardableResult
    mutating func begin(
        _ units: [UnitSummary], of step: WorkStep = .anchors
    ) -> [Scheduler.Action] {
        handle(.stepBegan(step))
        return handle(.unitsFetched(step.id, units, isLast: true))
    }

    /// - Parameter held: with the tokens that are computed of each.
    @discardableResult
    mutating func heartbeat(
        _ peer: PeerID, held: KeyValuePairs<Lease, UInt64> = [:], draining: Bool = false
    ) -> [Scheduler.Action] {
        let progress = held.map { WorkerMessage.HeldUnit(lease: $0.key, tokens: $0.value) }
        return receive(
            .heartbeat(.init(epoch: 1, held: progress, draining: draining)), from: peer)
    }

    @discardableResult
    mutating func fail(
        _ lease: Lease, on peer: PeerID, _ reason: String = "boom", returned: Bool = false
    ) -> [Scheduler.Action] {
        receive(
            .failure(.init(lease: lease, reason: reason, returned: returned)), from: peer)
    }

    /// Lets a worker be silent until it counts as lost, while all others say something.
    @discardableResult
    mutating func lose(_ peer: PeerID) -> [Scheduler.Action] {
        advance(seconds: 16)
        for other in [PeerID.a, .b, .c] where other != peer && state(of: other) != nil {
            fail(Lease(UInt64.max), on: other)
        }
        return handle(.tick)
    }

    func state(of peer: PeerID) -> String? {
        scheduler.workerReports(at: now).first { $0.worker == peer.name }?.state
    }
}

extension Scheduler.Policy {
    static let test = {
        var policy = Scheduler.Policy(
            silence: .seconds(15), stall: .seconds(60), attemptsMax: 3, allowsMixedNumerics: false)
        policy.restMax = .zero
        // Time jumps here.
        policy.suspension = .seconds(1_000_000)
        return policy
    }()

    static func test(_ change: (inout Self) -> Void) -> Self {
        var policy = Self.test
        change(&policy)
        return policy
    }
}

extension PeerID {
    static let a = PeerID([0xa])
    static let b = PeerID([0xb])
    static let c = PeerID([0xc])

    /// A worker in these tests is named after its first connection.
    var name: String { "worker-\(self)" }
}

extension WorkerMessage.Hello {
    static func test(
        _ peer: PeerID, epoch: UInt64 = 1, model: LoadedModel? = nil, held: [Lease] = []
    ) -> Self {
        .init(
            worker: peer.name, epoch: epoch, host: "host", processID: 1, softwareVersion: "0", lanes: 1, model: model,
            held: held.map { .init(lease: $0, tokens: 0) })
    }
}

extension LoadedModel {
    static let test = Self.test(credit: 2)

    static func test(
        digest: String = "d1", precision: Precision = .f32, numericBuild: String = "n1", credit: Int = 2,
        textsAhead: Int = 0
    ) -> Self {
        .init(
            digest: digest, name: "model.gguf", architecture: "llama", tokenizer: "t", layerCount: 2, hiddenSize: 2,
            contextLength: 64,
            precision: precision, numericBuild: numericBuild, credit: credit, textsAhead: textsAhead)
    }
}

extension [Scheduler.Action] {
    /// In the order in which they are given out.
    var assignments: [Assignment] {
        compactMap { if case .assign(let lease, let peer) = $0 { Assignment(lease, peer) } else { nil } }
    }

    var withoutNotes: Self { filter { if case .note = $0 { false } else { true } } }

    var notes: [Scheduler.Note] { compactMap { if case .note(let note) = $0 { note } else { nil } } }

    func messages(to peer: PeerID) -> [CoordinatorMessage] {
        compactMap { if case .send(let message, peer) = $0 { message } else { nil } }
    }

    var failures: [Lease] { compactMap { if case .change(.failure(let lease, _, _)) = $0 { lease } else { nil } } }

    var commits: [Lease] { compactMap { if case .change(.result(let result, _)) = $0 { result.lease } else { nil } } }

    fileprivate var sentScorer: Scorer? {
        lazy.compactMap { if case .send(.scorer(let scorer), _) = $0 { scorer } else { nil } }.first
    }
}

struct Assignment: Hashable, CustomStringConvertible {
    var lease: Lease
    var peer: PeerID

    init(_ lease: Lease, _ peer: PeerID) {
        self.lease = lease
        self.peer = peer
    }

    var description: String { "\(lease) to \(peer)" }
}
