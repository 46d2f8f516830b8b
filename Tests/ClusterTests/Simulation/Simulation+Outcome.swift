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
        do {
            let anchors = try checkRows(of: .anchors) { $0.map(Double.init) }
            let vectors = anchors.flatMap { states(ofRow: $0, of: .anchors, in: precision).flatMap(\.self) }
            let scorer = try Arithmetic.scorer(
                fittedOn: vectors, readouts: plan.readouts, directions: plan.directions)
            if ledger.scorer != scorer { broken("the scorer is wrong") }
            let rows = try checkRows(of: .rows) { try Arithmetic.scores(of: $0, on: scorer) }
            for row in rows where plan.poison[row] != nil { broken("row \(row) is poison and has a value") }
        } catch {
            broken("\(error)")
        }
    }

    /// Of each of its texts.
    private func states(ofRow row: UInt64, of step: StepID, in precision: Precision) -> [[Float]] {
        (0..<plan.responseCount(ofRow: row, in: step)).map {
            Arithmetic.states(ofRow: Int(row), response: $0, readouts: plan.readouts, in: precision)
        }
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

    /// - Parameter expected: the values of a text with these vectors.
    /// - Returns: the rows that have values, ascending by unit.
    private mutating func checkRows(of step: StepID, _ expected: ([Float]) throws -> [Double]) throws -> [UInt64] {
        let precision = ledger.model?.precision ?? .automatic
        let results = ledger.results(of: step)
        let rows = results.flatMap(\.rows)
        if rows.sorted() != (0..<plan.rowCount(of: step)).map(UInt64.init) {
            broken("the \(step) in the ledger are \(rows)")
        }
        var valued: [UInt64] = []
        for result in results where result.failures.isEmpty {
            valued += result.rows
            let tensor = result.output.values
            let values = tensor.elementType == .f64 ? try tensor.doubles() : try tensor.floats().map(Double.init)
            for (row, texts) in zip(result.rows, result.texts) {
                let perText = values.count / result.textCount
                let found = Array(values[texts.lowerBound * perText..<texts.upperBound * perText])
                let right = try states(ofRow: row, of: step, in: precision).flatMap(expected)
                if found != right {
                    broken("row \(row) of \(step), in \(result.lease), has wrong values: \(found)")
                }
            }
        }
        return valued
    }
}
