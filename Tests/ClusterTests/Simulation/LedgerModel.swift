import Protocol
import Scheduling

/// What the ledger promises, in memory. It outlives the coordinators that use it.
final class LedgerModel: JobLedger {
    /// The coordinator's process ends here.
    enum Stop: Error {
        case diskIsFull

        /// Between a transaction and what follows from it.
        case killed(down: Duration)
    }

    private struct Unit {
        var step: StepID
        var payload: UnitPayload
        var failures = 0
    }

    private var open: [UnitID: Unit] = [:]
    private var lastID: UInt64 = 0
    private(set) var results: [UnitID: (step: StepID, result: UnitResult)] = [:]
    private(set) var lastFailure: [UnitID: (worker: String, reason: String)] = [:]
    private(set) var ingested: [StepID: Int] = [:]
    private(set) var model: LoadedModel?
    private(set) var numerics: JobNumerics?
    private(set) var scorer: Scorer?

    /// What was committed and not looked at, with the unit's payload where a unit was given up.
    private var committed: [(change: LedgerChange, payload: UnitPayload?)] = []

    /// Nothing can be committed.
    var isFull = false
    var stopsAfterNextCommit: Duration?

    static let tokensPerRow = 10

    /// Adds the step's next rows.
    func ingest(_ items: [UnitPayload.Item], of step: WorkStep) {
        ingested[step.id, default: 0] += items.count
        insert(UnitPayload(work: step.work, responses: step.responses, items: items), of: step.id)
    }

    private func insert(_ payload: UnitPayload, of step: StepID) {
        lastID += 1
        open[UnitID(lastID)] = Unit(step: step, payload: payload)
    }

    func openUnits(of step: StepID, after: UnitID, limit: Int) -> [UnitSummary] {
        let ids = open.keys.filter { $0 > after && open[$0]?.step == step }.sorted().prefix(limit)
        return ids.compactMap { id in
            guard let unit = open[id] else { return nil }
            let rows = unit.payload.items.count
            return UnitSummary(
                id: id, rows: rows, texts: unit.payload.textCount, tokens: rows * Self.tokensPerRow,
                failures: unit.failures)
        }
    }

    func isOpen(_ unit: UnitID) -> Bool { open[unit] != nil }

    func payloads(of units: [UnitID]) -> [UnitPayload?] { units.map { open[$0]?.payload } }

    func set(scorer: Scorer) throws {
        if isFull { throw Stop.diskIsFull }
        self.scorer = scorer
    }

    func apply(_ changes: [LedgerChange]) throws -> [LedgerOutcome] {
        if isFull { throw Stop.diskIsFull }
        let outcomes = changes.map(apply)
        if let down = stopsAfterNextCommit {
            stopsAfterNextCommit = nil
            throw Stop.killed(down: down)
        }
        return outcomes
    }

    /// What was committed since the last time.
    func takeCommitted() -> [(change: LedgerChange, payload: UnitPayload?)] {
        defer { committed = [] }
        return committed
    }

    private func apply(_ change: LedgerChange) -> LedgerOutcome {
        if case .quarantine(let unit, _, _) = change {
            committed.append((change, open[unit]?.payload))
        } else {
            committed.append((change, nil))
        }
        switch change {
        case .result(let result, _): return commit(result)
        case .split(let unit): split(unit)
        case .quarantine(let unit, _, let reason): quarantine(unit, reason: reason)
        case .failure(let lease, let worker, let reason):
            open[lease.unit]?.failures += 1
            lastFailure[lease.unit] = (worker, reason)
        case .model(let model): self.model = model
        case .numerics(let numerics): self.numerics = numerics
        }
        return .done
    }

    private func commit(_ result: UnitResult) -> LedgerOutcome {
        let id = result.lease.unit
        guard let unit = open[id] else {
            return .duplicate(
                isEqual: results[id].map { $0.result.output == result.output || !$0.result.failures.isEmpty } ?? true)
        }
        guard unit.payload.items.map(\.text.responses.count) == result.responseCounts,
            unit.payload.work == result.output.work
        else { return .rejected }
        var result = result
        result.rows = unit.payload.items.map(\.row)
        results[id] = (unit.step, result)
        open[id] = nil
        return .done
    }

    private func split(_ id: UnitID) {
        guard let unit = open.removeValue(forKey: id) else { return }
        let items = unit.payload.items
        for half in [items[..<(items.count / 2)], items[(items.count / 2)...]] {
            var payload = unit.payload
            payload.items = Array(half)
            insert(payload, of: unit.step)
        }
    }

    private func quarantine(_ id: UnitID, reason: String) {
        guard let unit = open.removeValue(forKey: id) else { return }
        let rows = unit.payload.items.map(\.row)
        let none = UnitResult(
            lease: Lease(unit: id, attempt: 0), rows: rows,
            responseCounts: unit.payload.items.map(\.text.responses.count),
            output: .states(Tensor([] as [Float], shape: [0])),
            failures: rows.indices.map { .init(item: $0, reason: reason) })
        results[id] = (unit.step, none)
    }

    /// Ascending by unit.
    func results(of step: StepID) -> [UnitResult] {
        results.values.filter { $0.step == step }.map(\.result).sorted { $0.lease < $1.lease }
    }
}
