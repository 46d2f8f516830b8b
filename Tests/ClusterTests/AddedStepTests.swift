import Coordinator
import Dataset
import Foundation
import JobStore
import Protocol
import Scheduling
import Testing
import Worker

extension WorkKind {
    /// Counts the bytes of each text. Nothing but these tests knows it.
    fileprivate static let count = WorkKind(number: 200, values: .numbers(.f64, shape: [1]))
}

extension WorkStep {
    fileprivate static let counts = WorkStep(id: StepID(9), name: "counts", work: .count, responses: nil)
}

/// A step of a kind that the product does not have: pipeline, scheduler, ledger and session take it as it is.
@Suite struct AddedStepTests {
    private final class Outbox: WorkerConnections {
        var messages: [CoordinatorMessage] = []

        func send(_ message: CoordinatorMessage, to peer: PeerID) { messages.append(message) }
    }

    /// A worker whose lanes count.
    private struct CountingWorker {
        var session = Session(identity: .init(worker: "w", epoch: 1, host: "host", processID: 1, lanes: 1))
        var messages: [WorkerMessage] = []

        mutating func handle(_ event: Session.Event) {
            for action in session.handle(event, at: .zero) {
                switch action {
                case .send(let message): messages.append(message)
                case .loadModel:
                    handle(
                        .modelLoaded(
                            LoadedModel(
                                digest: "d", name: "m", architecture: "llama", tokenizer: "t", layerCount: 2,
                                hiddenSize: 2,
                                contextLength: 64, precision: .f32, numericBuild: "n", credit: 2, textsAhead: 0)))
                case .compute(let lane, let lease, .embed(let payload), _):
                    handle(.computed(lane: lane, Self.result(lease, payload)))
                case .compute, .cancel, .note, .end: break
                }
            }
        }

        private static func result(_ lease: Lease, _ payload: UnitPayload) -> UnitResult {
            let counts = payload.items.flatMap { item in
                item.text.responses.map { Double(item.text.prompt.text.utf8.count + $0.text.utf8.count) }
            }
            return UnitResult(
                lease: lease, rows: payload.items.map(\.row),
                responseCounts: payload.items.map(\.text.responses.count),
                output: .init(payload.work, Tensor(counts, shape: [counts.count, 1])))
        }
    }

    /// Rows of one, two and three responses.
    private static let items = (0..<3 as Range<UInt64>).map { row in
        UnitPayload.Item(
            row: row,
            text: RenderedItem(
                prompt: RenderedText("row \(row): "),
                responses: (0...row).map { RenderedText(String(repeating: "x", count: Int($0))) }))
    }

    private static func fill(_ ledger: Ledger) throws {
        var ingestion = Ledger.Ingestion()
        try ledger.add(items, ingestion: ingestion, of: .counts)
        ingestion.phase = .complete
        let rows = items.map(Ledger.NewUnit.Row.init)
        try ledger.add(
            [.init(rows: Array(rows[..<2]), tokens: 20), .init(rows: [rows[2]], tokens: 10)], ingestion: ingestion,
            of: WorkStep.counts.id)
    }

    @Test func aStepOfANewKindNeedsNoChangeOfSchedulerLedgerAndSession() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("legend-step-\(UUID().uuidString)")
            .path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let ledger = try Ledger(folder: folder)
        try Self.fill(ledger)
        let outbox = Outbox()
        let job = JobSpecification(
            job: "job", modelPath: "m", modelDigest: "", precision: .f32, backend: .native,
            readouts: [Readout(-1, .lastToken)], maxTokens: 0, heartbeatMilliseconds: 1000)
        let policy = Scheduler.Policy(
            silence: .seconds(15), stall: .seconds(60), attemptsMax: 3, allowsMixedNumerics: false)
        let step = Pipeline.Step(
            id: WorkStep.counts.id, name: "counts", work: .units(.count, responses: nil), input: .file)
        var loop = JobLoop(
            scheduler: Scheduler(job: job, policy: policy, model: nil, scorer: nil), pipeline: Pipeline([step]),
            ledger: StoredLedger(ledger: ledger, store: nil), connections: outbox, ingested: [step.id])
        var occurrences: [JobLoop<StoredLedger, Outbox>.Occurrence] = []
        try loop.take([.started], at: .zero, &occurrences)
        var worker = CountingWorker()
        worker.handle(.start)
        while !worker.messages.isEmpty {
            let said = worker.messages
            worker.messages = []
            try loop.take(
                said.map { .scheduler(.message($0, from: PeerID([1]))) }, at: .zero, &occurrences)
            let answers = outbox.messages
            outbox.messages = []
            for answer in answers { worker.handle(.message(answer)) }
        }
        #expect(loop.pipeline.isComplete)
        var counts: [[Double]] = []
        try ledger.forEachRow(of: step.id) { _, result in
            guard case .values(let values) = result else { return }
            counts.append(try values.doubles())
        }
        #expect(counts == [[7], [7, 8], [7, 8, 9]])
        #expect(try ledger.tally(of: step.id).failedRows == 0)
    }
}
