import Coordinator
import JobStore
import Protocol

extension Simulation {
    /// A row is given up because it is poison; or because a fault struck its last attempt. That another row's poison
    /// killed the worker is no reason.
    mutating func judgeQuarantine(of unit: UnitID, _ payload: UnitPayload) {
        if payload.items.count > 1 { broken("\(unit) of \(payload.items.count) rows is quarantined") }
        guard payload.work == .embed || plan.poison[payload.items[0].row] == nil else { return }
        let failure = ledger.lastFailure[unit]
        let isPoisoned = workers.contains { $0.name == failure?.worker && $0.isPoisoned }
        if plan.isPatient || plan.faults.isEmpty || isPoisoned {
            broken("row \(payload.items[0].row) is no poison and is given up: \(failure?.reason ?? "no failure")")
        }
    }

    /// Every row once, with its right value or a failure.
    mutating func checkOutcome() {
        let precision = checkNumerics()
        let anchors = checkRows(of: .anchors, count: plan.anchors) {
            Arithmetic.embedding(of: $0, in: precision).map(Double.init)
        }
        let embeddings = anchors.flatMap { Arithmetic.embedding(of: $0, in: precision) }
        if ledger.direction != Arithmetic.direction(fittedOn: embeddings) { broken("the direction is wrong") }
        let direction = ledger.direction
        let rows = checkRows(of: .rows, count: plan.rows) { Arithmetic.scores(of: $0, on: direction, in: precision) }
        for row in rows where plan.poison[row] != nil { broken("row \(row) is poison and has a value") }
    }

    /// What all workers must have computed in: one that the job asks for, or some worker prefers.
    private mutating func checkNumerics() -> Precision {
        let precision = ledger.model?.precision ?? .automatic
        if plan.asksForNumerics {
            let isPreferred = plan.prefersBF16.contains(precision == .bf16)
            if !isPreferred || ledger.numerics?.precision != precision {
                broken(
                    "the job computed in \(precision); chosen was \(ledger.numerics?.precision.rawValue ?? "nothing")")
            }
        } else if precision != .f32 || ledger.numerics != nil {
            broken("the job asks for f32 and computed in \(precision)")
        }
        return precision
    }

    /// - Returns: the rows that have values, ascending by unit.
    private mutating func checkRows(of step: StepID, count: Int, _ expected: (UInt64) -> [Double]) -> [UInt64] {
        let results = ledger.results(of: step)
        let rows = results.flatMap(\.rows)
        if rows.sorted() != (0..<count).map(UInt64.init) { broken("the \(step) in the ledger are \(rows)") }
        var valued: [UInt64] = []
        for result in results where result.failures.isEmpty {
            valued += result.rows
            let values =
                (try? result.output.values.doubles()) ?? (try? result.output.values.floats().map(Double.init)) ?? []
            if values != result.rows.flatMap(expected) { broken("\(result.lease) has wrong values: \(values)") }
        }
        return valued
    }
}
