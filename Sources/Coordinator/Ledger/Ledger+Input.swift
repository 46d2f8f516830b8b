internal import Foundation
internal import GRDB
package import Protocol

// From rows to units: the rows' texts are added while the input is read, and units, which refer to them, once all are
// there.

extension Ledger {
    /// How far the reading of a stage's input has come.
    package struct Ingestion: Codable, Hashable, Sendable {
        package enum Phase: String, Codable, Sendable {
            case reading

            /// All rows are in the ledger, and their units not yet.
            case sorting

            /// All units are in the ledger.
            case complete
        }

        package var phase = Phase.reading

        /// Records of the input, bad ones included, that are in the ledger or known to be bad.
        package var records = 0

        /// Rows in the ledger.
        package var rows = 0

        /// Of the records so far; nil in a ledger that an earlier version began.
        package var notices: RowNotices? = RowNotices()

        package var isComplete: Bool { phase == .complete }

        package init() {}
    }

    package func ingestion(of stage: Stage) throws -> Ingestion {
        try setting("ingestion.\(stage)").map { try JSONDecoder().decode(Ingestion.self, from: Data($0)) }
            ?? Ingestion()
    }

    private static func set(_ ingestion: Ingestion, of stage: Stage, in database: Database) throws {
        try set("ingestion.\(stage)", to: [UInt8](JSONEncoder().encode(ingestion)), in: database)
    }
}

// MARK: - Texts

extension Ledger {
    /// As much of a row's text as a unit's cost depends on.
    package struct Text: Hashable, Sendable {
        package var row: UInt64

        /// UTF-8.
        package var prompt: [UInt8]
        package var responseBytes: Int

        package init(row: UInt64, prompt: [UInt8], responseBytes: Int) {
            self.row = row
            self.prompt = prompt
            self.responseBytes = responseBytes
        }

        var byteCount: Int { prompt.count + responseBytes }
    }

    /// Adds rows' texts, and how far the reading has come with them, in one transaction.
    package func add(_ items: [UnitPayload.Item], ingestion: Ingestion, of stage: Stage) throws {
        try database.write { database in
            let insertion = try database.cachedStatement(
                sql: "INSERT INTO text (stage, row, prompt, rest, response_bytes) VALUES (?, ?, ?, ?, ?)")
            for item in items {
                let (prompt, rest) = try item.serialized()
                try insertion.execute(arguments: [
                    Int(stage.rawValue), Int64(item.row), Data(prompt), Data(rest), item.text.responseByteCount,
                ])
            }
            try Self.set(ingestion, of: stage, in: database)
        }
    }

    /// Calls `body` with every text of a stage in the order of the prompts' bytes, then of the rows, one at a time.
    ///
    /// Memory does not grow with their number: SQLite sorts on disk. `body` may change the ledger; what it changes is
    /// not seen here.
    package func forEachTextByPrompt(of stage: Stage, _ body: (Text) throws -> Void) throws {
        try database.read { database in
            let cursor = try Row.fetchCursor(
                database, sql: "SELECT row, prompt, response_bytes FROM text WHERE stage = ? ORDER BY prompt, row",
                arguments: [Int(stage.rawValue)])
            while let row = try cursor.next() {
                let (index, prompt): (Int64, Data) = (row["row"], row["prompt"])
                try body(Text(row: UInt64(index), prompt: [UInt8](prompt), responseBytes: row["response_bytes"]))
            }
        }
    }
}

// MARK: - Units

extension Ledger {
    /// A unit on its way into the ledger.
    package struct NewUnit: Hashable, Sendable {
        /// In the order in which the unit holds them.
        package var rows: [UInt64]

        /// Estimated cost.
        package var tokens: Int

        package init(rows: [UInt64], tokens: Int) {
            self.rows = rows
            self.tokens = tokens
        }
    }

    /// A unit that is not settled.
    struct OpenUnit {
        var stage: Stage
        var firstRank: Int64
        var rowCount: Int
        var tokens: Int
    }

    /// Adds units of rows that are here, and how far the stage's ingestion has come with them, in one transaction.
    package func add(_ units: [NewUnit], ingestion: Ingestion, of stage: Stage) throws {
        try database.write { database in
            let insertion = try database.cachedStatement(
                sql: "INSERT INTO place (stage, rank, row) VALUES (?, ?, ?)")
            var rank = try Int64.fetchOne(
                database, sql: "SELECT COALESCE(MAX(rank) + 1, 0) FROM place WHERE stage = ?",
                arguments: [Int(stage.rawValue)])!
            for unit in units {
                try Self.insert(
                    OpenUnit(stage: stage, firstRank: rank, rowCount: unit.rows.count, tokens: unit.tokens),
                    in: database)
                for row in unit.rows {
                    try insertion.execute(arguments: [Int(stage.rawValue), rank, Int64(row)])
                    rank += 1
                }
            }
            try Self.set(ingestion, of: stage, in: database)
        }
    }

    static func insert(_ unit: OpenUnit, in database: Database) throws {
        try database.cachedStatement(sql: "INSERT INTO unit (stage, first_rank, rows, tokens) VALUES (?, ?, ?, ?)")
            .execute(arguments: [Int(unit.stage.rawValue), unit.firstRank, unit.rowCount, unit.tokens])
    }

    /// Takes a stage's units back, none of which was given out yet.
    package func removeUnits(of stage: Stage) throws {
        try database.write { database in
            for table in ["unit", "place"] {
                try database.execute(
                    sql: "DELETE FROM \(table) WHERE stage = ?", arguments: [Int(stage.rawValue)])
            }
        }
    }

    /// Units of a stage that are not settled, with ids above `after`, ascending.
    package func openUnits(of stage: Stage, after: UnitID, limit: Int) throws -> [UnitSummary] {
        try database.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT id, rows, tokens, failures FROM unit
                    WHERE stage = ? AND id > ? AND NOT is_settled ORDER BY id LIMIT ?
                    """,
                arguments: [Int(stage.rawValue), Int64(after.rawValue), limit]
            ).map { row in
                let id: Int64 = row["id"]
                return UnitSummary(
                    id: UnitID(UInt64(id)), rows: row["rows"], tokens: row["tokens"], failures: row["failures"])
            }
        }
    }

    /// nil where the unit is settled or unknown.
    static func openUnit(_ id: UnitID, in database: Database) throws -> OpenUnit? {
        guard
            let row = try Row.fetchOne(
                database.cachedStatement(
                    sql: "SELECT stage, first_rank, rows, tokens FROM unit WHERE id = ? AND NOT is_settled"),
                arguments: [Int64(id.rawValue)]),
            let stage = Stage(rawValue: row[0])
        else { return nil }
        return OpenUnit(stage: stage, firstRank: row[1], rowCount: row[2], tokens: row[3])
    }

    static func rows(of unit: OpenUnit, in database: Database) throws -> [UInt64] {
        try Int64.fetchAll(
            database.cachedStatement(
                sql: "SELECT row FROM place WHERE stage = ? AND rank >= ? AND rank < ? ORDER BY rank"),
            arguments: [Int(unit.stage.rawValue), unit.firstRank, unit.firstRank + Int64(unit.rowCount)]
        ).map(UInt64.init)
    }

    /// The units' texts; nil for a unit that is settled.
    package func payloads(of units: [UnitID]) throws -> [UnitPayload?] {
        try database.read { database in
            try units.map { try Self.payload(of: $0, in: database) }
        }
    }

    private static func payload(of unit: UnitID, in database: Database) throws -> UnitPayload? {
        let texts = try Row.fetchCursor(
            database.cachedStatement(
                sql: """
                    SELECT stage, prompt, rest
                    FROM unit CROSS JOIN place USING (stage) CROSS JOIN text USING (stage, row)
                    WHERE unit.id = ? AND NOT is_settled AND rank >= first_rank AND rank < first_rank + rows
                    ORDER BY rank
                    """),
            arguments: [Int64(unit.rawValue)])
        var stage: Stage?
        var items: [UnitPayload.Item] = []
        while let text = try texts.next() {
            stage = Stage(rawValue: text[0])
            let (prompt, rest): (Data, Data) = (text[1], text[2])
            items.append(try UnitPayload.Item(prompt: [UInt8](prompt), rest: [UInt8](rest)))
        }
        return stage.map { UnitPayload(stage: $0, items: items) }
    }
}
