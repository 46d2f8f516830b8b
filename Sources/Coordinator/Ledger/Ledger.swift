internal import Foundation
internal import GRDB
package import Protocol

/// What a job has done so far, on disk: its units, their results, the failed attempts, the direction.
///
/// The coordinator may be killed at any instant; whatever a transaction here has committed, the next start finds. One
/// SQLite database in WAL mode, in the job's state folder. A unit is *settled* once its outcome is here.
package final class Ledger: Sendable {
    private let database: DatabasePool
    private let lock: LedgerLock

    /// Opens the ledger in a folder, or makes both.
    ///
    /// - Parameter startsAnew: removes what an earlier job left there.
    /// - Throws: `LedgerError` where another coordinator uses it, or it cannot be opened.
    package init(folder: String, startsAnew: Bool = false) throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw LedgerError("cannot make the state folder \(folder): \(error.localizedDescription)")
        }
        lock = try LedgerLock(folder: folder)
        let path = folder + "/ledger.sqlite"
        if startsAnew { try Self.remove(path) }
        do {
            var configuration = GRDB.Configuration()
            configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            database = try DatabasePool(path: path, configuration: configuration)
            try Self.migrator.migrate(database)
        } catch {
            throw LedgerError("cannot open \(path): \(error)")
        }
    }

    private static func remove(_ path: String) throws {
        for file in [path, path + "-wal", path + "-shm"] where FileManager.default.fileExists(atPath: file) {
            do {
                try FileManager.default.removeItem(atPath: file)
            } catch {
                throw LedgerError("cannot remove \(file): \(error.localizedDescription)")
            }
        }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
                    CREATE TABLE setting (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
                    CREATE TABLE unit (
                        id INTEGER PRIMARY KEY AUTOINCREMENT,
                        stage INTEGER NOT NULL,
                        first_row INTEGER NOT NULL,
                        rows INTEGER NOT NULL,
                        tokens INTEGER NOT NULL,
                        failures INTEGER NOT NULL DEFAULT 0,
                        -- Null once the unit is settled.
                        payload BLOB
                    );
                    CREATE INDEX unit_open ON unit (stage, id) WHERE payload IS NOT NULL;
                    CREATE TABLE result (
                        unit INTEGER PRIMARY KEY REFERENCES unit (id),
                        stage INTEGER NOT NULL,
                        first_row INTEGER NOT NULL,
                        rows INTEGER NOT NULL,
                        failed_rows INTEGER NOT NULL,
                        tokens INTEGER NOT NULL,
                        attempt INTEGER NOT NULL,
                        worker TEXT NOT NULL,
                        header BLOB NOT NULL,
                        elements BLOB NOT NULL
                    );
                    CREATE INDEX result_order ON result (stage, first_row);
                    CREATE TABLE failure (
                        unit INTEGER NOT NULL,
                        attempt INTEGER NOT NULL,
                        worker TEXT NOT NULL,
                        reason TEXT NOT NULL
                    );
                    """)
        }
        return migrator
    }

    /// Settings: small facts about the job, by name.
    package func setting(_ name: String) throws -> [UInt8]? {
        try database.read { database in
            try Data.fetchOne(database, sql: "SELECT value FROM setting WHERE name = ?", arguments: [name]).map(
                Array.init)
        }
    }

    package func set(_ name: String, to value: [UInt8]) throws {
        try database.write { try Self.set(name, to: value, in: $0) }
    }

    fileprivate static func set(_ name: String, to value: [UInt8], in database: Database) throws {
        try database.execute(
            sql: "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            arguments: [name, Data(value)])
    }
}

/// Why a ledger cannot be used.
package struct LedgerError: Error, CustomStringConvertible, Sendable {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Keeps a second coordinator off the same ledger for as long as this process lives.
private final class LedgerLock: Sendable {
    private let descriptor: Int32

    init(folder: String) throws {
        let path = folder + "/lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw LedgerError("cannot open \(path): \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw LedgerError("another legend-coordinator runs this job: it holds \(path)")
        }
    }

    deinit {
        close(descriptor)
    }
}

// MARK: - Units

extension Ledger {
    /// A unit on its way into the ledger.
    package struct NewUnit: Sendable {
        package var payload: UnitPayload
        package var tokens: Int

        package init(payload: UnitPayload, tokens: Int) {
            self.payload = payload
            self.tokens = tokens
        }

        var serialized: (bytes: [UInt8], firstRow: UInt64) {
            get throws { (try payload.serialized(), payload.items[0].row) }
        }
    }

    /// How far the reading of a stage's input has come.
    package struct Ingestion: Codable, Hashable, Sendable {
        /// Records of the input, bad ones included, that are in units or known to be bad.
        package var records = 0

        /// Rows in units.
        package var rows = 0
        package var isComplete = false

        package init() {}
    }

    package func ingestion(of stage: Stage) throws -> Ingestion {
        try setting("ingestion.\(stage)").map { try JSONDecoder().decode(Ingestion.self, from: Data($0)) }
            ?? Ingestion()
    }

    /// Adds units, and how far the reading has come with them, in one transaction.
    package func add(_ units: [NewUnit], ingestion: Ingestion, of stage: Stage) throws {
        let value = [UInt8](try JSONEncoder().encode(ingestion))
        try database.write { database in
            for unit in units { try Self.insert(unit, in: database) }
            try Self.set("ingestion.\(stage)", to: value, in: database)
        }
    }

    private static func insert(_ unit: NewUnit, in database: Database) throws {
        let (bytes, firstRow) = try unit.serialized
        try database.execute(
            sql: "INSERT INTO unit (stage, first_row, rows, tokens, payload) VALUES (?, ?, ?, ?, ?)",
            arguments: [
                Int(unit.payload.stage.rawValue), Int64(firstRow), unit.payload.items.count, unit.tokens, Data(bytes),
            ])
    }

    /// Units of a stage that are not settled, with ids above `after`, ascending.
    package func openUnits(of stage: Stage, after: UnitID, limit: Int) throws -> [UnitSummary] {
        try database.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT id, rows, tokens, failures FROM unit
                    WHERE stage = ? AND id > ? AND payload IS NOT NULL ORDER BY id LIMIT ?
                    """,
                arguments: [Int(stage.rawValue), Int64(after.rawValue), limit]
            ).map { row in
                let id: Int64 = row["id"]
                return UnitSummary(
                    id: UnitID(UInt64(id)), rows: row["rows"], tokens: row["tokens"], failures: row["failures"])
            }
        }
    }

    /// The unit's texts; nil once it is settled.
    package func payload(of unit: UnitID) throws -> UnitPayload? {
        try database.read { try Self.payload(of: unit, in: $0) }
    }

    private static func payload(of unit: UnitID, in database: Database) throws -> UnitPayload? {
        try Data.fetchOne(
            database, sql: "SELECT payload FROM unit WHERE id = ? AND payload IS NOT NULL",
            arguments: [Int64(unit.rawValue)]
        ).map { try UnitPayload(serialized: [UInt8]($0)) }
    }
}

// MARK: - Results

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
    package func apply(_ changes: [Change]) throws -> [Outcome] {
        try database.write { database in try changes.map { try Self.apply($0, in: database) } }
    }

    private static func apply(_ change: Change, in database: Database) throws -> Outcome {
        switch change {
        case .result(let result, let worker): return try settle(result, worker: worker, in: database)
        case .split(let id):
            guard let payload = try payload(of: id, in: database) else { return .duplicate(isEqual: true) }
            let tokens =
                try Int.fetchOne(
                    database, sql: "SELECT tokens FROM unit WHERE id = ?", arguments: [Int64(id.rawValue)]) ?? 0
            let middle = payload.items.count / 2
            for items in [payload.items[..<middle], payload.items[middle...]] where !items.isEmpty {
                let half = UnitPayload(stage: payload.stage, items: Array(items))
                try insert(NewUnit(payload: half, tokens: tokens / 2), in: database)
            }
            try database.execute(sql: "DELETE FROM unit WHERE id = ?", arguments: [Int64(id.rawValue)])
        case .quarantine(let id, let reason):
            guard let payload = try payload(of: id, in: database) else { return .duplicate(isEqual: true) }
            let rows = payload.items.map(\.row)
            let result = UnitResult(
                lease: Lease(unit: id, attempt: 0), rows: rows,
                values: try Tensor(elementType: .f32, shape: [rows.count, 0], bytes: []),
                failures: rows.indices.map { .init(item: $0, reason: reason) })
            return try settle(result, worker: "", in: database)
        case .failure(let lease, let worker, let reason):
            try database.execute(
                sql: "UPDATE unit SET failures = failures + 1 WHERE id = ?", arguments: [Int64(lease.unit.rawValue)])
            try database.execute(
                sql: "INSERT INTO failure (unit, attempt, worker, reason) VALUES (?, ?, ?, ?)",
                arguments: [Int64(lease.unit.rawValue), Int64(lease.attempt), worker, reason])
        case .setting(let name, let value): try set(name, to: value, in: database)
        }
        return .done
    }

    private static func settle(_ result: UnitResult, worker: String, in database: Database) throws -> Outcome {
        let id = Int64(result.lease.unit.rawValue)
        guard let payload = try payload(of: result.lease.unit, in: database) else {
            let known = try Data.fetchOne(
                database, sql: "SELECT elements FROM result WHERE unit = ?", arguments: [id])
            // A unit that was split meanwhile has no result to compare with.
            return .duplicate(isEqual: known.map { [UInt8]($0) == result.values.bytes } ?? true)
        }
        // A unit that was not in the scheduler's hands may be another one than the result's worker thinks.
        guard payload.items.count == result.rows.count,
            worker.isEmpty || payload.stage == Stage(resultOf: result.values.elementType)
        else { return .rejected }
        var result = result
        result.rows = payload.items.map(\.row)
        let frames = try Protocol.Message.worker(.result(result)).frames()
        try database.execute(
            sql: """
                INSERT INTO result
                    (unit, stage, first_row, rows, failed_rows, tokens, attempt, worker, header, elements)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                id, Int(payload.stage.rawValue), Int64(result.rows[0]), result.rows.count, result.failures.count,
                Int64(result.tokensTotal), Int64(result.lease.attempt), worker, Data(frames[0]), Data(frames[1]),
            ])
        try database.execute(sql: "UPDATE unit SET payload = NULL WHERE id = ?", arguments: [id])
        return .done
    }

    /// How many rows of a stage are settled.
    package struct Tally: Hashable, Sendable {
        package var rows = 0
        package var failedRows = 0
        package var tokens = 0
    }

    package func tally(of stage: Stage) throws -> Tally {
        try database.read { database in
            guard
                let row = try Row.fetchOne(
                    database,
                    sql: """
                        SELECT COALESCE(SUM(rows), 0) AS rows, COALESCE(SUM(failed_rows), 0) AS failed,
                            COALESCE(SUM(tokens), 0) AS tokens
                        FROM result WHERE stage = ?
                        """, arguments: [Int(stage.rawValue)])
            else { return Tally() }
            return Tally(rows: row["rows"], failedRows: row["failed"], tokens: row["tokens"])
        }
    }

    /// Calls `body` with every result of a stage in the order of its rows, one at a time.
    package func forEachResult(of stage: Stage, _ body: (UnitResult) throws -> Void) throws {
        try database.read { database in
            let cursor = try Row.fetchCursor(
                database, sql: "SELECT header, elements FROM result WHERE stage = ? ORDER BY first_row",
                arguments: [Int(stage.rawValue)])
            while let row = try cursor.next() {
                let header: Data = row["header"]
                let elements: Data = row["elements"]
                let frames = [[UInt8](header), [UInt8](elements)]
                guard case .worker(.result(let result)) = try Protocol.Message(frames: frames) else {
                    throw LedgerError("the ledger holds a result that is none")
                }
                try body(result)
            }
        }
    }
}
