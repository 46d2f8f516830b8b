internal import Digest
internal import Foundation
internal import GRDB
package import Protocol

extension Ledger {
    package enum Change: Sendable {
        /// A worker's result.
        case result(UnitResult, worker: String)

        /// Halves the unit: its rows go into two new units.
        case split(UnitID)

        /// Gives the unit's rows up for this reason.
        case quarantine(UnitID, reason: String)
        case failure(Lease, worker: String, reason: String)
        case setting(name: String, value: [UInt8])
    }

    /// What a change came to.
    package enum Outcome: Hashable, Sendable {
        case done

        /// The unit was settled before; whether the result that counts is the same to the last bit.
        case duplicate(isEqual: Bool)

        /// The result is not one of this unit, which stays open.
        case rejected
    }

    /// Applies all changes in one transaction, in order.
    ///
    /// - Parameter store: takes the embeddings that come with results. They are on disk before the transaction is
    ///   committed; what is there of a transaction that is not, the next one overwrites.
    package func apply(_ changes: [Change], store: EmbeddingStore? = nil) throws -> [Outcome] {
        try database.write { database in
            let outcomes = try changes.map { try apply($0, store: store, in: database) }
            try store?.sync()
            return outcomes
        }
    }

    private func apply(_ change: Change, store: EmbeddingStore?, in database: Database) throws -> Outcome {
        switch change {
        case .result(let result, let worker):
            return try settle(result, worker: worker, store: store, in: database)
        case .split(let id):
            guard let unit = try Self.openUnit(id, in: database) else { return .duplicate(isEqual: true) }
            let middle = unit.rowCount / 2
            let rows = try Self.rows(of: unit, in: database)
            for ranks in [0..<middle, middle..<unit.rowCount] where !ranks.isEmpty {
                let firstRank = unit.firstRank + Int64(ranks.lowerBound)
                let half = OpenUnit(
                    step: unit.step, firstRank: firstRank, rowCount: ranks.count,
                    textCount: rows[ranks].reduce(0) { $0 + $1.responses }, tokens: unit.tokens / 2)
                try Self.insert(half, in: database)
            }
            try database.execute(sql: "DELETE FROM unit WHERE id = ?", arguments: [Int64(id.rawValue)])
        case .quarantine(let id, let reason):
            guard let unit = try Self.openUnit(id, in: database) else { return .duplicate(isEqual: true) }
            for (row, _) in try Self.rows(of: unit, in: database) {
                try Self.insert(.failed(reason: reason), of: row, step: unit.step, in: database)
            }
            try Self.settle(
                Settlement(
                    unit: id, failedRows: unit.rowCount, tokens: 0, attempt: 0, worker: "",
                    digest: SHA256Digest(of: [])),
                in: database)
        case .failure(let lease, let worker, let reason):
            try database.execute(
                sql: "UPDATE unit SET failures = failures + 1 WHERE id = ?", arguments: [Int64(lease.unit.rawValue)])
            try database.execute(
                sql: "INSERT INTO failure (unit, attempt, worker, reason) VALUES (?, ?, ?, ?)",
                arguments: [Int64(lease.unit.rawValue), Int64(lease.attempt), worker, reason])
        case .setting(let name, let value): try Self.set(name, to: value, in: database)
        }
        return .done
    }

    private func settle(
        _ result: UnitResult, worker: String, store: EmbeddingStore?, in database: Database
    ) throws -> Outcome {
        let id = Int64(result.lease.unit.rawValue)
        let digest = SHA256Digest(of: try result.output.comparedBytes())
        guard let unit = try Self.openUnit(result.lease.unit, in: database) else {
            let known = try Data.fetchOne(
                database, sql: "SELECT digest FROM result WHERE unit = ?", arguments: [id])
            // A unit that was split meanwhile has no result to compare with.
            return .duplicate(isEqual: known.map { $0 == Data(digest.bytes) } ?? true)
        }
        // A unit that was not in the scheduler's hands may be another one than the result's worker thinks.
        let step = try workStep(unit.step, in: database)
        let texts = try Self.rows(of: unit, in: database)
        guard result.responseCounts == texts.map(\.responses), result.output.work == step.work,
            result.output.hasValues(ofTexts: result.textCount)
        else { return .rejected }
        let rows = texts.map(\.row)
        try Self.insertOutcomes(result, rows: rows, step: step, in: database)
        if let store, let kept = result.kept {
            try Self.keep(kept, of: result, rows: rows, step: step, store: store, in: database)
        }
        try Self.settle(
            Settlement(
                unit: result.lease.unit, failedRows: result.failures.count, tokens: result.tokensTotal,
                attempt: result.lease.attempt, worker: worker, digest: digest),
            in: database)
        return .done
    }

    /// A row of the table `result`.
    private struct Settlement {
        var unit: UnitID
        var failedRows: Int
        var tokens: UInt64
        var attempt: UInt32
        var worker: String
        var digest: SHA256Digest
    }

    private static func settle(_ settlement: Settlement, in database: Database) throws {
        let id = Int64(settlement.unit.rawValue)
        try database.cachedStatement(
            sql: "INSERT INTO result (unit, failed_rows, tokens, attempt, worker, digest) VALUES (?, ?, ?, ?, ?, ?)"
        ).execute(arguments: [
            id, settlement.failedRows, Int64(settlement.tokens), Int64(settlement.attempt), settlement.worker,
            Data(settlement.digest.bytes),
        ])
        try database.cachedStatement(sql: "UPDATE unit SET is_settled = 1 WHERE id = ?").execute(arguments: [id])
    }

    /// Takes the unit's own rows, whatever the result says of them.
    private static func insertOutcomes(
        _ result: UnitResult, rows: [UInt64], step: WorkStep, in database: Database
    ) throws {
        let failures = Dictionary(uniqueKeysWithValues: result.failures.map { ($0.item, $0.reason) })
        for (item, (row, texts)) in zip(rows, result.texts).enumerated() {
            let outcome: RowResult =
                if let reason = failures[item] {
                    .failed(reason: reason)
                } else {
                    .values(
                        try Tensor(
                            flat: step.work.elementType,
                            bytes: result.output.elements(ofTexts: texts, of: result.textCount)))
                }
            try insert(outcome, of: row, step: step.id, in: database)
        }
        for item in result.truncated where failures[item] == nil {
            try database.cachedStatement(sql: "INSERT INTO truncated (step, row) VALUES (?, ?)")
                .execute(arguments: [step.id.rawValue, Int64(rows[item])])
        }
    }

    private static func insert(_ outcome: RowResult, of row: UInt64, step: StepID, in database: Database) throws {
        let (elements, failure): (Data?, String?) =
            switch outcome {
            case .values(let values): (Data(values.bytes), nil)
            case .failed(let reason): (nil, reason)
            }
        try database.cachedStatement(sql: "INSERT INTO outcome (step, row, elements, failure) VALUES (?, ?, ?, ?)")
            .execute(arguments: [step.rawValue, Int64(row), elements, failure])
    }
}

extension Ledger {
    /// Puts what rows came to into another step, where they have values of another kind, in place of what they came to in
    /// their own, and settings with them, in one transaction.
    package func move(
        _ outcomes: [(row: UInt64, result: RowResult)], from step: StepID, to other: StepID,
        settings: [String: [UInt8]]
    ) throws {
        try database.write { database in
            for (row, result) in outcomes { try Self.insert(result, of: row, step: other, in: database) }
            try database.execute(sql: "DELETE FROM outcome WHERE step = ?", arguments: [step.rawValue])
            try database.execute(
                sql: "UPDATE truncated SET step = ? WHERE step = ?", arguments: [other.rawValue, step.rawValue])
            for (name, value) in settings { try Self.set(name, to: value, in: database) }
        }
    }
}

// MARK: - Reading them

extension Ledger {
    /// The rows of a step of which a text was cut, of those that are settled and did not fail.
    package func truncatedRows(of step: StepID) throws -> Set<UInt64> {
        try database.read { database in
            let rows = try Int64.fetchCursor(
                database, sql: "SELECT row FROM truncated WHERE step = ?", arguments: [step.rawValue])
            var truncated: Set<UInt64> = []
            while let row = try rows.next() { truncated.insert(UInt64(row)) }
            return truncated
        }
    }

    /// How many rows of a step are settled.
    package struct Tally: Hashable, Sendable {
        package var rows = 0
        package var failedRows = 0
        package var tokens = 0

        package init(rows: Int = 0, failedRows: Int = 0, tokens: Int = 0) {
            self.rows = rows
            self.failedRows = failedRows
            self.tokens = tokens
        }
    }

    package func tally(of step: StepID) throws -> Tally {
        try database.read { database in
            guard
                let row = try Row.fetchOne(
                    database,
                    sql: """
                        SELECT COALESCE(SUM(rows), 0) AS rows, COALESCE(SUM(failed_rows), 0) AS failed,
                            COALESCE(SUM(result.tokens), 0) AS tokens
                        FROM result JOIN unit ON unit.id = result.unit WHERE step = ?
                        """, arguments: [step.rawValue])
            else { return Tally() }
            return Tally(rows: row["rows"], failedRows: row["failed"], tokens: row["tokens"])
        }
    }

    /// Calls `body` with every settled row of a step in the order of the input, one at a time.
    package func forEachRow(of step: StepID, _ body: (_ row: UInt64, RowResult) throws -> Void) throws {
        try forEachRow(of: step, in: 0..<UInt64(Int64.max), body)
    }

    /// What the settled rows among some of a step came to.
    package func results(of step: StepID, rows: Range<UInt64>) throws -> [UInt64: RowResult] {
        var results: [UInt64: RowResult] = [:]
        try forEachRow(of: step, in: rows) { results[$0] = $1 }
        return results
    }

    private func forEachRow(
        of step: StepID, in rows: Range<UInt64>, _ body: (_ row: UInt64, RowResult) throws -> Void
    ) throws {
        try database.read { database in
            let cursor = try Row.fetchCursor(
                database,
                sql: """
                    SELECT row, elements, failure FROM outcome WHERE step = ? AND row >= ? AND row < ? ORDER BY row
                    """,
                arguments: [step.rawValue, Int64(rows.lowerBound), Int64(rows.upperBound)])
            var elementType: Tensor.ElementType?
            while let row = try cursor.next() {
                let index: Int64 = row["row"]
                let result: RowResult
                if let elements: Data = row["elements"] {
                    let known = try elementType ?? workStep(step, in: database).work.elementType
                    elementType = known
                    result = .values(try Tensor(flat: known, bytes: [UInt8](elements)))
                } else {
                    result = .failed(reason: row["failure"])
                }
                try body(UInt64(index), result)
            }
        }
    }
}

extension Tensor {
    fileprivate init(flat elementType: ElementType, bytes: [UInt8]) throws {
        try self.init(elementType: elementType, shape: [bytes.count / elementType.byteCount], bytes: bytes)
    }
}
