import Diagnostics
import Foundation
import JobStoreFixtures
import Protocol
import Testing

@testable import JobStore

extension WorkStep {
    /// In the place of the rows.
    static let ragged = WorkStep(id: .rows, name: "ragged", work: .project, responses: nil)
}

/// A store and the ledger that says what is in it, as a job has them.
final class TemporaryStore {
    static let headerBytes = 4096

    let temporary: TemporaryLedger
    let layout: EmbeddingLayout
    private(set) var store: EmbeddingStore
    var folder: String { temporary.folder + "/embeddings" }

    /// Three rows of two responses fill a shard.
    var shardBytes: Int { 6 * layout.bytesPerText }

    /// - Parameter readouts: of a model with hidden states of three numbers.
    init(_ readouts: [Readout] = [Readout(3, .lastToken), Readout(30, .meanResponse)]) throws {
        temporary = try TemporaryLedger()
        layout = EmbeddingLayout(readouts: readouts, hiddenSize: 3, metadata: ["run": "a"])
        store = try Self.open(temporary.folder, layout)
    }

    func open(run: String = "a", state: String = "/state", rowsHeld: Int = 0) throws -> EmbeddingStore {
        try Self.open(temporary.folder, layout, run: run, state: state, rowsHeld: rowsHeld)
    }

    private static func open(
        _ folder: String, _ layout: EmbeddingLayout, run: String = "a", state: String = "/state", rowsHeld: Int = 0
    ) throws -> EmbeddingStore {
        try EmbeddingStore(
            folder: folder + "/embeddings", steps: [.anchors, .rows, .ragged], run: run, state: state,
            rowsHeld: rowsHeld,
            headerBytes: headerBytes, shardBytesMax: 6 * layout.bytesPerText)
    }

    var ledger: Ledger { get throws { try temporary.open } }

    /// As after `kill -9`.
    func restart() throws {
        try temporary.reopen()
        store = try open(rowsHeld: ledger.storedCount(of: .rows))
    }

    /// Adds units of rows, the first one being unit 1.
    func add(_ units: [[UInt64]]) throws {
        let text = RenderedItem(prompt: RenderedText("p"), responses: [RenderedText("a"), RenderedText("b")])
        var ingestion = Ledger.Ingestion()
        try ledger.add(units.joined().map { .init(row: $0, text: text) }, ingestion: ingestion, of: .rows)
        ingestion.phase = .complete
        try ledger.add(units.map { .init($0, tokens: 1) }, ingestion: ingestion, of: .rows)
    }

    /// The same of rows with any number of responses.
    func addRagged(_ units: [[UInt64]], responses: [Int: Int]) throws {
        let items = units.joined().map { row in
            let texts = (0..<responses[Int(row), default: 1]).map { RenderedText("\($0)") }
            return UnitPayload.Item(row: row, text: RenderedItem(prompt: RenderedText("p"), responses: texts))
        }
        var ingestion = Ledger.Ingestion()
        try ledger.add(items, ingestion: ingestion, of: .ragged)
        ingestion.phase = .complete
        var rows = items.map(Ledger.NewUnit.Row.init)[...]
        let cut = units.map { unit in
            defer { rows = rows.dropFirst(unit.count) }
            return Ledger.NewUnit(rows: Array(rows.prefix(unit.count)), tokens: 1)
        }
        try ledger.add(cut, ingestion: ingestion, of: WorkStep.ragged.id)
    }

    /// Of each response and each readout. A row's vectors are told by its number; the second one of each row is large.
    func vectors(of row: UInt64, responses: Int = 2) -> [[Float]] {
        (0..<responses * layout.readouts.count).map { vector in
            (0..<3).map { Float(row * 100 + UInt64(vector * 10 + $0)) * (vector == 1 ? 4096 : 1) }
        }
    }

    func result(
        _ unit: UInt64, rows: [UInt64], responses: [Int]? = nil, failed: [Int] = [], notFinite: Int? = nil
    ) -> UnitResult {
        let responses = responses ?? rows.map { _ in 2 }
        let texts = responses.reduce(0, +)
        var vectors = HalfVectors()
        for (item, row) in rows.enumerated() {
            for vector in self.vectors(of: row, responses: responses[item]) {
                vectors.append(failed.contains(item) ? [0, 0, 0] : item == notFinite ? [.nan, 0, 0] : vector)
            }
        }
        return UnitResult(
            lease: Lease(unit: UnitID(unit), attempt: 1), rows: rows, responseCounts: responses,
            output: .scores(Tensor((0..<texts).map(Double.init), shape: [texts, 1]), scorer: "d"),
            failures: failed.map { .init(item: $0, reason: "too long") },
            kept: KeptEmbeddings(
                vectors: Tensor(halves: vectors.elements, shape: [texts, layout.readouts.count, 3]),
                exponents: vectors.exponents))
    }

    @discardableResult
    func commit(_ results: UnitResult...) throws -> [Ledger.Outcome] {
        try ledger.apply(results.map { .result($0, worker: "w") }, store: store)
    }

    func seal() throws { try store.seal(.rows, layout, ledger: ledger) }

    func states(_ step: WorkStep = .rows, chunkBytes: Int = 4 << 20) throws -> StoredStates {
        try StoredStates(step, folder: folder, layout, ledger: ledger, chunkBytes: chunkBytes)
    }

    /// Every row in the order of the slots, with its vectors of each response and each readout.
    func rows(of step: WorkStep = .rows, chunkBytes: Int = 4 << 20) throws -> [(row: UInt64, vectors: [[Float]?])] {
        var rows: [(row: UInt64, vectors: [[[Float]?]])] = []
        for slot in layout.readouts.indices {
            var index = 0
            try states(step, chunkBytes: chunkBytes).forEachRow(slot) { row in
                if slot == 0 { rows.append((row.row, Array(repeating: [], count: row.responses))) }
                #expect(rows[index].row == row.row)
                for response in 0..<row.responses { rows[index].vectors[response].append(row.vector(response)) }
                index += 1
            }
        }
        return rows.map { ($0.row, Array($0.vectors.joined())) }
    }

    func expectRows(_ expected: [UInt64], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let rows = try rows()
        #expect(rows.map(\.row) == expected, sourceLocation: sourceLocation)
        for row in rows { #expect(row.vectors == vectors(of: row.row), sourceLocation: sourceLocation) }
    }

    var files: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0 != "job.json" }.sorted() }
    }

    func contents() throws -> [String: Data] {
        try Dictionary(uniqueKeysWithValues: files.map { ($0, try Data(contentsOf: URL(filePath: "\(folder)/\($0)"))) })
    }
}
