import Coordinator
import Protocol

/// What the ledger promises, in memory. It outlives the coordinators that use it.
struct LedgerModel {
    private struct Unit {
        var payload: UnitPayload
        var failures = 0
    }

    private var open: [UnitID: Unit] = [:]
    private var lastID: UInt64 = 0
    private(set) var results: [UnitID: UnitResult] = [:]
    private(set) var lastFailure: [UnitID: (worker: String, reason: String)] = [:]
    private(set) var ingested: [Stage: Int] = [:]
    var model: LoadedModel?
    var numerics: JobNumerics?
    var direction: BroadcastDirection?

    static let tokensPerRow = 10

    /// Adds the stage's next rows.
    mutating func ingest(_ rows: [UInt64], of stage: Stage) {
        ingested[stage, default: 0] += rows.count
        insert(UnitPayload(stage: stage, items: rows.map(Self.item)))
    }

    private mutating func insert(_ payload: UnitPayload) {
        lastID += 1
        open[UnitID(lastID)] = Unit(payload: payload)
    }

    private static func item(_ row: UInt64) -> UnitPayload.Item {
        let responses = [RenderedText("good"), RenderedText("bad")]
        return .init(row: row, text: RenderedItem(prompt: RenderedText("\(row)"), responses: responses))
    }

    func openUnits(of stage: Stage, after: UnitID, limit: Int) -> [UnitSummary] {
        let ids = open.keys.filter { $0 > after && open[$0]?.payload.stage == stage }.sorted().prefix(limit)
        return ids.compactMap { id in
            guard let unit = open[id] else { return nil }
            let rows = unit.payload.items.count
            return UnitSummary(id: id, rows: rows, tokens: rows * Self.tokensPerRow, failures: unit.failures)
        }
    }

    func payload(of unit: UnitID) -> UnitPayload? { open[unit]?.payload }

    mutating func commit(_ result: UnitResult) -> Ledger.Outcome {
        let id = result.lease.unit
        guard let unit = open[id] else {
            return .duplicate(isEqual: results[id].map { $0.values == result.values || !$0.failures.isEmpty } ?? true)
        }
        guard unit.payload.items.count == result.rows.count,
            unit.payload.stage == Stage(resultOf: result.values.elementType)
        else { return .rejected }
        var result = result
        result.rows = unit.payload.items.map(\.row)
        results[id] = result
        open[id] = nil
        return .done
    }

    mutating func split(_ id: UnitID) {
        guard let unit = open.removeValue(forKey: id) else { return }
        let items = unit.payload.items
        insert(UnitPayload(stage: unit.payload.stage, items: Array(items[..<(items.count / 2)])))
        insert(UnitPayload(stage: unit.payload.stage, items: Array(items[(items.count / 2)...])))
    }

    mutating func quarantine(_ id: UnitID, reason: String) {
        guard let unit = open.removeValue(forKey: id) else { return }
        let rows = unit.payload.items.map(\.row)
        let none =
            switch unit.payload.stage {
            case .anchors: Tensor([] as [Float], shape: [0])
            case .rows: Tensor([] as [Double], shape: [0])
            }
        results[id] = UnitResult(
            lease: Lease(unit: id, attempt: 0), rows: rows, values: none,
            failures: rows.indices.map { .init(item: $0, reason: reason) })
    }

    mutating func recordFailure(_ lease: Lease, worker: String, reason: String) {
        open[lease.unit]?.failures += 1
        lastFailure[lease.unit] = (worker, reason)
    }

    /// Ascending by unit.
    func results(of stage: Stage) -> [UnitResult] {
        results.values.filter { Stage(resultOf: $0.values.elementType) == stage }.sorted { $0.lease < $1.lease }
    }
}
