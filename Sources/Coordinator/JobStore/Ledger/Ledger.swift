internal import Diagnostics
internal import Foundation
internal import GRDB
internal import Protocol
internal import Synchronization

/// What a job has done so far, on disk: its rows' texts, the units made of them, their results, the failed attempts,
/// the direction.
///
/// The coordinator may be killed at any instant; whatever a transaction here has committed, the next start finds. One
/// SQLite database in WAL mode, in the job's state folder. A unit is *settled* once its outcome is here.
package final class Ledger: Sendable {
    let database: DatabasePool
    private let folder: String
    private let lock: LedgerLock

    /// Those that were read: each unit and each result needs its own, which never changes.
    let knownSteps = Mutex<[StepID: WorkStep]>([:])

    /// Opens the ledger in a folder, or makes both.
    ///
    /// - Parameter startsAnew: removes what an earlier job left there.
    /// - Throws: `Problem` where another coordinator uses it, the file system lacks what it needs, or it cannot be
    ///   opened.
    package init(folder: String, startsAnew: Bool = false) throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw Problem("cannot make the state folder \(folder) (job.state): \(error.localizedDescription)")
        }
        self.folder = folder
        lock = try LedgerLock(folder: folder)
        if let shortcoming = StateFolder.shortcoming(of: folder) { throw Problem("\(shortcoming)") }
        let path = folder + "/ledger.sqlite"
        if startsAnew { try Self.remove(path) }
        do {
            var configuration = GRDB.Configuration()
            // Who reads the file while it is opened after a crash locks it for a moment.
            configuration.busyMode = .timeout(10)
            configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            database = try DatabasePool(path: path, configuration: configuration)
            let migrator = Self.migrator
            guard try !database.read(migrator.hasBeenSuperseded) else {
                throw Problem("it is of another version of this program; begin the job anew with --restart")
            }
            try migrator.migrate(database)
        } catch let error as DatabaseError {
            throw Problem(StateFolder.explanation(of: error, in: folder))
        } catch {
            throw Problem("cannot open \(path): \(error)")
        }
    }

    private static func remove(_ path: String) throws {
        for file in [path, path + "-wal", path + "-shm"] where FileManager.default.fileExists(atPath: file) {
            do {
                try FileManager.default.removeItem(atPath: file)
            } catch {
                throw Problem("cannot remove \(file): \(error.localizedDescription)")
            }
        }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("12") { database in
            try database.execute(
                sql: """
                    CREATE TABLE setting (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
                    -- Those of which there are texts: the name, the kind of work, and what a row's responses are called
                    -- (JSON), unless each row has as many as it has.
                    CREATE TABLE step (
                        id INTEGER PRIMARY KEY,
                        name TEXT NOT NULL,
                        work BLOB NOT NULL,
                        responses BLOB
                    );
                    -- What the input's good rows are rendered to; see UnitPayload.Item.serialized().
                    CREATE TABLE text (
                        step INTEGER NOT NULL,
                        row INTEGER NOT NULL,
                        -- How many there are.
                        responses INTEGER NOT NULL,
                        prompt BLOB NOT NULL,
                        rest BLOB NOT NULL,
                        response_bytes INTEGER NOT NULL,
                        PRIMARY KEY (step, row)
                    );
                    -- The order in which units hold the rows.
                    CREATE TABLE place (
                        step INTEGER NOT NULL,
                        rank INTEGER NOT NULL,
                        row INTEGER NOT NULL,
                        -- As in text: each result is compared with it.
                        responses INTEGER NOT NULL,
                        PRIMARY KEY (step, rank)
                    ) WITHOUT ROWID;
                    CREATE TABLE unit (
                        id INTEGER PRIMARY KEY AUTOINCREMENT,
                        step INTEGER NOT NULL,
                        first_rank INTEGER NOT NULL,
                        rows INTEGER NOT NULL,
                        texts INTEGER NOT NULL,
                        tokens INTEGER NOT NULL,
                        failures INTEGER NOT NULL DEFAULT 0,
                        is_settled INTEGER NOT NULL DEFAULT 0
                    );
                    CREATE INDEX unit_open ON unit (step, id) WHERE NOT is_settled;
                    CREATE TABLE result (
                        unit INTEGER PRIMARY KEY REFERENCES unit (id),
                        failed_rows INTEGER NOT NULL,
                        tokens INTEGER NOT NULL,
                        attempt INTEGER NOT NULL,
                        worker TEXT NOT NULL,
                        -- SHA-256 of all elements, to compare later results with.
                        digest BLOB NOT NULL
                    );
                    -- What the results say of each row: its texts' elements of a tensor, or why there are none.
                    CREATE TABLE outcome (
                        step INTEGER NOT NULL,
                        row INTEGER NOT NULL,
                        elements BLOB,
                        failure TEXT,
                        PRIMARY KEY (step, row)
                    ) WITHOUT ROWID;
                    -- Those of which a text was cut.
                    CREATE TABLE truncated (
                        step INTEGER NOT NULL,
                        row INTEGER NOT NULL,
                        PRIMARY KEY (step, row)
                    ) WITHOUT ROWID;
                    CREATE TABLE failure (
                        unit INTEGER NOT NULL,
                        attempt INTEGER NOT NULL,
                        worker TEXT NOT NULL,
                        reason TEXT NOT NULL
                    );
                    -- The rows whose hidden states are in the store, in the store's order.
                    CREATE TABLE stored (
                        step INTEGER NOT NULL,
                        slot INTEGER NOT NULL,
                        row INTEGER NOT NULL,
                        -- Where the row is: the shard, and the first of its texts there.
                        shard INTEGER NOT NULL,
                        text INTEGER NOT NULL,
                        responses INTEGER NOT NULL,
                        -- One signed byte for each of the row's vectors, readout by readout.
                        exponents BLOB NOT NULL,
                        -- Four little-endian bytes for each readout: of the row's vectors in the store.
                        crc32 BLOB NOT NULL,
                        PRIMARY KEY (step, slot)
                    ) WITHOUT ROWID;
                    """)
        }
        return migrator
    }

    /// - Throws: `Problem` where the folder was moved or removed: what is written now, no later start would find.
    package func checkPlace() throws {
        guard lock.isInPlace else {
            throw Problem(
                "\(folder) was moved or removed while the job ran: bring it back, and run the same command to go on")
        }
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

    static func set(_ name: String, to value: [UInt8], in database: Database) throws {
        try database.execute(
            sql: "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            arguments: [name, Data(value)])
    }
}
