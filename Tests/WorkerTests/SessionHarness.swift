import Protocol
import Testing
import Worker

/// A worker's session and its clock.
struct SessionHarness {
    static let job = JobSpecification(
        job: "job", modelPath: "model.gguf", modelDigest: "", precision: .f32, backend: .oneDNN,
        readouts: [Readout(-1, .lastToken)], maxTokens: 0, heartbeatMilliseconds: 1000)
    static let scorer = Scorer(Readout(2, .lastToken), direction: [1, 0])
    static let model = LoadedModel(
        digest: "d1", name: "model.gguf", architecture: "llama", tokenizer: "t", layerCount: 2, hiddenSize: 2,
        contextLength: 64,
        precision: .f32, numericBuild: "n1", credit: 4, textsAhead: 16)

    private(set) var session: Session
    private(set) var now = MonotonicInstant.zero

    init(lanes: Int = 1, policy: Session.Policy = Session.Policy()) {
        session = Session(
            identity: .init(worker: "worker", epoch: 7, host: "host", processID: 1, lanes: lanes), policy: policy)
    }

    /// A worker in the state `working`.
    static func working(
        lanes: Int = 1, on job: JobSpecification = job, scorer: Scorer? = nil
    ) -> SessionHarness {
        var harness = SessionHarness(lanes: lanes)
        harness.handle(.start)
        harness.receive(.welcome(job))
        harness.handle(.modelLoaded(Self.model))
        harness.receive(.accepted)
        if let scorer { harness.receive(.scorer(scorer)) }
        return harness
    }

    @discardableResult
    mutating func handle(_ event: Session.Event) -> [Session.Action] { session.handle(event, at: now) }

    @discardableResult
    mutating func receive(_ message: CoordinatorMessage) -> [Session.Action] { handle(.message(message)) }

    @discardableResult
    mutating func assign(_ lease: Lease, _ work: WorkKind = .embed) -> [Session.Action] {
        receive(.assignment(lease, .test(lease, work)))
    }

    mutating func advance(seconds: Double) { now = now + .seconds(seconds) }

    /// The tick after this time.
    @discardableResult
    mutating func tick(after seconds: Double) -> [Session.Action] {
        advance(seconds: seconds)
        return handle(.tick)
    }

    /// What the next heartbeat lists.
    mutating func held(after seconds: Double = 1) -> [WorkerMessage.HeldUnit]? {
        tick(after: seconds).lazy.compactMap {
            if case .send(.heartbeat(let heartbeat)) = $0 { heartbeat.held } else { nil }
        }.first
    }

    static func hello(model: LoadedModel? = nil, held: [WorkerMessage.HeldUnit] = []) -> Session.Action {
        .send(
            .hello(
                .init(
                    worker: "worker", epoch: 7, host: "host", processID: 1, softwareVersion: ProtocolVersion.software,
                    lanes: 1, model: model, held: held)))
    }

    static func heartbeat(
        held: [WorkerMessage.HeldUnit] = [], draining: Bool = false
    ) -> Session.Action {
        .send(.heartbeat(.init(epoch: 7, held: held, draining: draining)))
    }

    static func failure(_ lease: Lease, _ reason: String, returned: Bool = false) -> Session.Action {
        .send(.failure(.init(lease: lease, reason: reason, returned: returned)))
    }
}

extension Lease {
    init(_ unit: UInt64, _ attempt: UInt32 = 1) { self.init(unit: UnitID(unit), attempt: attempt) }
}

extension WorkerMessage.HeldUnit {
    init(_ lease: Lease, _ tokens: UInt64 = 0) { self.init(lease: lease, tokens: tokens) }
}

extension UnitPayload {
    static func test(_ lease: Lease, _ work: WorkKind = .embed) -> Self {
        let text = RenderedItem(prompt: RenderedText("q"), responses: [RenderedText("good"), RenderedText("bad")])
        return .init(work: work, responses: ["a", "b"], items: [.init(row: lease.unit.rawValue, text: text)])
    }
}

extension EmbeddedUnit {
    static func test(_ lease: Lease) -> Self {
        var unit = Self(.test(lease, .project), readouts: [Readout(2, .lastToken)])
        unit.vectors = [1, 2, 3, 4]
        unit.tokensTotal = 40
        return unit
    }
}

extension UnitResult {
    static func test(_ lease: Lease) -> Self {
        .init(
            lease: lease, rows: [lease.unit.rawValue], responseCounts: [2],
            output: .states(Tensor([1, 2, 3, 4] as [Float], shape: [2, 1, 2])),
            tokensTotal: 40)
    }
}

extension [Session.Action] {
    var isEnding: Bool { contains { if case .end = $0 { true } else { false } } }
}
