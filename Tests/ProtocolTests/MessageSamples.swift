import Digest
import Protocol

/// Messages of every kind; the optional parts are there in one sample and absent in another.
enum MessageSamples {
    static let lease = Lease(unit: UnitID(UInt64(Int64.max)), attempt: 1 << 30)

    static let model = LoadedModel(
        digest: String(repeating: "0a", count: 32), name: "SmolLM2", architecture: "llama", tokenizer: "gpt2 49152",
        layerCount: 30,
        hiddenSize: 576, contextLength: 8192, precision: .bf16, attention: .f32,
        numericBuild: "bf16 onednn 2.6.3 avx512", credit: 4096, textsAhead: 1 << 17,
        warnings: ["its file has metadata that is not known here", "§"])

    static let hello = WorkerMessage.Hello(
        worker: "machine-7", epoch: 0xFFFF_0000_FFFF_0001, host: "machine", processID: 4711, softwareVersion: "0.1.0",
        lanes: 2, model: nil, held: [],
        preferences: [
            .init(backend: .automatic, precision: .bf16, attention: .f32, reason: "bf16 is 1.87 times as fast"),
            .init(backend: .blas, precision: .f32, attention: .bf16, reason: ""),
        ])

    static let result = UnitResult(
        lease: lease, rows: [5, 6], responseCounts: [2, 2],
        output: .states(Tensor((0..<12).map(Float.init), shape: [4, 1, 3])),
        failures: [.init(item: 1, reason: "too long: 9000 tokens")], tokensTotal: 900, tokensComputed: 700,
        computeMicroseconds: 12_345)

    static let scores = UnitResult(
        lease: lease, rows: [.max], responseCounts: [2],
        output: .scores(Tensor([0.1, -.infinity], shape: [2, 1]), scorer: "d1"))

    /// Rows with other numbers of responses, and three scores of each text.
    static let ragged = UnitResult(
        lease: lease, rows: [1, 2, 3], responseCounts: [1, 64, 3],
        output: .scores(Tensor((0..<68 * 3).map(Double.init), shape: [68, 3]), scorer: "d1"), truncated: [0, 2])

    /// With an infinity, a subnormal and a NaN, for the wire carries them: the scheduler refuses what may not be.
    static let kept = UnitResult(
        lease: lease, rows: [7], responseCounts: [2],
        output: .scores(Tensor([1, 2] as [Double], shape: [2, 1]), scorer: "d1"),
        kept: KeptEmbeddings(
            vectors: Tensor(halves: [0x3C00, 0x8001, 0x7BFF, 0, 0x7C00, 0x7E01, 5, 6], shape: [2, 2, 2]),
            exponents: [0, -126, 113, 127]))

    static let direction = Scorer(Readout(30, .lastToken), direction: [0.6, -0.8])

    /// Of two layers and poolings, with one direction and with three.
    static let scorer: Scorer = {
        do {
            return try Scorer([
                .init(Readout(18, .meanResponse), Tensor([1, 2] as [Float], shape: [1, 2])),
                .init(Readout(0, .lastToken), Tensor([-1, 0, 0.5, 3, 4, 5] as [Float], shape: [3, 2])),
            ])
        } catch {
            preconditionFailure("a sample that is no scorer: \(error)")
        }
    }()

    /// With standard errors of the second of two layers.
    static let scorerWithErrors: Scorer = {
        do {
            return try Scorer([
                scorer.parts[0],
                .init(
                    Readout(0, .lastToken), scorer.parts[1].directions,
                    errors: Tensor([0.25, 0, 0, 0.5] as [Float], shape: [2, 2])),
            ])
        } catch {
            preconditionFailure("a sample that is no scorer: \(error)")
        }
    }()

    static let job = JobSpecification(
        job: "harmless", modelPath: "/models/a.gguf", modelDigest: "", precision: .automatic, backend: .oneDNN,
        attention: .bf16, readouts: [-1, 0, 12].map { Readout($0, .lastToken) }, maxTokens: 4096,
        heartbeatMilliseconds: 2000)

    static var keepingJob: JobSpecification {
        var job = job
        job.truncation = .keepStart
        job.keptReadouts = [Readout(-1, .lastToken), Readout(-1000, .meanText), Readout(20, .meanResponse)]
        return job
    }

    static var choosingJob: JobSpecification {
        var job = job
        job.readouts = []
        job.everyLayer = [.meanResponse, .lastToken]
        job.choosesReadouts = true
        return job
    }

    /// "é" takes two bytes, the joined emoji eighteen; the last control range ends with the text.
    static let payload = UnitPayload(
        work: .project, responses: ["chosen", "rejected"],
        items: [
            .init(
                row: 3,
                text: RenderedItem(
                    prompt: RenderedText("<s>é?</s>", controlRanges: [0..<3, 6..<10]),
                    responses: [RenderedText("👩‍👩‍👧", controlRanges: []), RenderedText("", controlRanges: [0..<0])]))
        ])

    static let anchors = UnitPayload(
        work: .embed, responses: ["harmless", "harmful"],
        items: [
            .init(
                row: .max,
                text: RenderedItem(prompt: RenderedText(""), responses: [RenderedText("\0"), RenderedText("b")]))
        ])

    /// Rows with other numbers of responses.
    static let raggedPayload = UnitPayload(
        work: .embed, responses: nil,
        items: [1, 64, 2].map { count in
            let responses = (0..<count).map { RenderedText("\($0)") }
            return .init(row: UInt64(count), text: RenderedItem(prompt: RenderedText("p"), responses: responses))
        })

    static let generation = GenerationSettings(
        maxNewTokens: 1024, temperature: 0.7, topP: 0.9, seed: .max, stops: ["\n###", "é"])

    static var generatingJob: JobSpecification {
        var job = job
        job.readouts = []
        job.backend = .native
        job.generation = GenerationRoom(sequences: 64, cacheBytes: 1 << 30, units: 16)
        return job
    }

    static let prompts = UnitPayload(work: .generate(generation), responses: nil, items: raggedPayload.items)

    /// Of a row with three texts, one of which is empty, and of one that failed.
    static let generated = UnitResult(
        lease: lease, rows: [1, 2], responseCounts: [3, 1],
        output: .init(
            .generate(generation),
            texts: [
                GeneratedText(text: "Sure, é👩‍👩‍👧", tokens: 9, ending: .end),
                GeneratedText(text: "", tokens: 0, ending: .stop),
                GeneratedText(text: "a\0b", tokens: 1024, ending: .limit),
                GeneratedText(text: "", tokens: 0, ending: .context),
            ]), failures: [.init(item: 1, reason: "too long")], tokensTotal: 1100)

    static let worker: [WorkerMessage] = [
        .hello(hello),
        .hello(
            .init(
                worker: String(repeating: "w", count: 256), epoch: 0, host: "", processID: 0, softwareVersion: "",
                lanes: 0, model: model,
                held: [
                    .init(lease: lease, tokens: 0),
                    .init(lease: Lease(unit: UnitID(0), attempt: 1), tokens: 7, isEmbedded: true),
                ])),
        .ready(model),
        .heartbeat(.init(epoch: 9, held: [.init(lease: lease, tokens: .max)], draining: true)),
        .heartbeat(.init(epoch: 0, held: [], draining: false)),
        .result(result),
        .result(scores),
        .result(kept),
        .result(ragged),
        .result(generated),
        .failure(.init(lease: lease, reason: "out of memory", returned: false)),
        .failure(.init(lease: lease, reason: "", returned: true)),
        .embedded(lease),
        .scorerAcknowledged(digest: "d1"),
        .goodbye(reason: "stopped by SIGTERM"),
    ]

    static let coordinator: [CoordinatorMessage] = [
        .welcome(job),
        .welcome(keepingJob),
        .accepted,
        .refused(reason: "another model: install \u{201C}a\u{201D}"),
        .whoAreYou,
        .assignment(lease, payload),
        .assignment(lease, anchors),
        .assignment(lease, raggedPayload), .assignment(lease, prompts), .welcome(generatingJob),
        .scorer(direction), .scorer(scorerWithErrors), .welcome(choosingJob),
        .scorer(scorer),
        .resultAcknowledged(lease),
        .revoked(lease),
        .heartbeatReply,
        .jobFinished(summary: "10 rows"),
    ]

    static let modelDigest = String(repeating: "0123456789abcdef", count: 4)

    static let manifest: FileManifest = {
        do {
            return try FileManifest([.init(name: "a", byteCount: 1), .init(name: "b", byteCount: 2)])
        } catch {
            preconditionFailure("a sample that is no manifest: \(error)")
        }
    }()

    static let modelTransfer: [ModelMessage] = [
        .offerRequest,
        .chunkRequest(digest: modelDigest, chunk: (1 << 30) - 1),
        .offer(ModelOffer(digest: modelDigest, byteCount: 1 << 50), workersAhead: 3),
        .offer(ModelOffer(digest: modelDigest, byteCount: 1), workersAhead: 0),
        .offer(ModelOffer(digest: modelDigest, manifest: manifest), workersAhead: 1),
        .notOffered(reason: "it is not there"),
        .notOffered(reason: ""),
        .chunk(ModelChunk(digest: modelDigest, index: 7, bytes: Array(0...255))),
    ]

    static var status: [StatusMessage] {
        var report = StatusReport()
        report.job = "harmless"
        report.step = "rows"
        report.rowsDone = 10
        report.rowsTotal = 100
        report.rowsTotalIsFinal = true
        report.rowsFailed = 1
        report.rowsPerSecond = 2.5
        report.tokensPerSecond = 4083.25
        report.secondsLeft = 0
        report.secondsElapsed = 4
        report.unitsRetried = 3
        report.messagesDropped = 7
        report.precision = "int8"
        report.attention = "bf16"
        report.numericsReason = "measured on machine-7"
        report.heldOut = .init(pairs: 72, groups: 60, right: 50, low: 0.58, high: 0.79)
        report.warnings = ["SmolLM2: its file has no tensor"]
        report.workers = [
            .init(
                worker: "machine-7", host: "machine", state: "working", lanes: 2, unitsHeld: 3, unitsDone: 40,
                tokensPerSecond: 2000.5, secondsSinceHeard: 0.25)
        ]
        return [.request, .report(StatusReport()), .report(report)]
    }

    static let all: [Message] =
        worker.map(Message.worker) + coordinator.map(Message.coordinator) + modelTransfer.map(Message.model)
        + status.map(Message.status)
}

extension Message {
    /// The message's field in the `oneof` of `legend.proto`. A new kind of message does not compile without a number.
    var fieldNumber: Int {
        switch self {
        case .worker(.hello): 10
        case .worker(.ready): 11
        case .worker(.heartbeat): 12
        case .worker(.result): 13
        case .worker(.failure): 14
        case .worker(.scorerAcknowledged): 15
        case .worker(.goodbye): 16
        case .worker(.embedded): 17
        case .coordinator(.welcome): 30
        case .coordinator(.accepted): 31
        case .coordinator(.refused): 32
        case .coordinator(.whoAreYou): 33
        case .coordinator(.assignment): 34
        case .coordinator(.scorer): 35
        case .coordinator(.resultAcknowledged): 36
        case .coordinator(.revoked): 37
        case .coordinator(.heartbeatReply): 38
        case .coordinator(.jobFinished): 39
        case .model(.offerRequest), .model(.chunkRequest): 18
        case .model(.chunk): 40
        case .model(.offer), .model(.notOffered): 41
        case .status(.request): 50
        case .status(.report): 51
        }
    }
}
