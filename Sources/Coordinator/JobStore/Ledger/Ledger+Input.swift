internal import Diagnostics
package import Foundation
internal import GRDB
package import Protocol
internal import Synchronization

// From rows to units: the rows' texts are added while the input is read, and units, which refer to them, once all are
// there.

extension Ledger {
    /// How far the reading of a step's input has come.
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

        /// What the reader notes of the records so far, in a form of its own.
        package var notes: Data?

        package var isComplete: Bool { phase == .complete }

        package init() {}
    }

    package func ingestion(of step: StepID) throws -> Ingestion {
        try setting("ingestion.\(step.rawValue)").map { try JSONDecoder().decode(Ingestion.self, from: Data($0)) }
            ?? Ingestion()
    }

    private static func set(_ ingestion: Ingestion, of step: StepID, in database: Database) throws {
        try set("ingestion.\(step.rawValue)", to: [UInt8](JSONEncoder().encode(ingestion)), in: database)
    }
}

// MARK: - Texts

extension Ledger {
    /// As much of a row's text as a unit's cost depends on.
    package struct Text: Hashable, Sendable {
        package var row: UInt64

        /// UTF-8.
        package var prompt: [UInt8]
        package var responses: Int
        package var responseBytes: Int

        /// The responses, as UTF-8, where they were asked for and a neighbour has the same prompt; else none.
        package var sharedTexts: [[UInt8]]

        package init(
            row: UInt64, prompt: [UInt8], responses: Int, responseBytes: Int, sharedTexts: [[UInt8]] = []
        ) {
            self.row = row
            self.prompt = prompt
            self.responses = responses
            self.responseBytes = responseBytes
            self.sharedTexts = sharedTexts
        }

        package var byteCount: Int { prompt.count + responseBytes }
    }

    /// The rows of a step of which there are texts, ascending.
    package func rows(of step: StepID) throws -> [UInt64] {
        try database.read { database in
            try Int64.fetchAll(
                database, sql: "SELECT row FROM text WHERE step = ? ORDER BY row", arguments: [step.rawValue]
            ).map { UInt64($0) }
        }
    }

    /// Adds rows' texts, and how far the reading has come with them, in one transaction.
    package func add(_ items: [UnitPayload.Item], ingestion: Ingestion, of step: WorkStep) throws {
        try database.write { database in
            try Self.insert(step, in: database)
            let insertion = try database.cachedStatement(
                sql: "INSERT INTO text (step, row, responses, prompt, rest, response_bytes) VALUES (?, ?, ?, ?, ?, ?)")
            for item in items {
                let (prompt, rest) = try item.serialized()
                try insertion.execute(arguments: [
                    step.id.rawValue, Int64(item.row), item.text.responses.count, Data(prompt), Data(rest),
                    item.text.responseByteCount,
                ])
            }
            try Self.set(ingestion, of: step.id, in: database)
        }
    }

    private static func insert(_ step: WorkStep, in database: Database) throws {
        try database.execute(
            sql: "INSERT OR IGNORE INTO step (id, name, work, responses) VALUES (?, ?, ?, ?)",
            arguments: [
                step.id.rawValue, step.name, try JSONEncoder().encode(step.work),
                try step.responses.map { try JSONEncoder().encode($0) },
            ])
    }

    /// - Throws: `Problem` where it has no texts.
    func workStep(_ id: StepID, in database: Database) throws -> WorkStep {
        if let known = knownSteps.withLock({ $0[id] }) { return known }
        guard
            let row = try Row.fetchOne(
                database.cachedStatement(sql: "SELECT name, work, responses FROM step WHERE id = ?"),
                arguments: [id.rawValue])
        else { throw Problem("\(id) has no texts in the ledger") }
        let responses: Data? = row["responses"]
        let step = WorkStep(
            id: id, name: row["name"], work: try JSONDecoder().decode(WorkKind.self, from: row["work"]),
            responses: try responses.map { try JSONDecoder().decode([String].self, from: $0) })
        knownSteps.withLock { $0[id] = step }
        return step
    }

    /// Calls `body` with every text of some steps in the order of the prompts' bytes, then of the steps and the rows, one at a
    /// time.
    ///
    /// Memory does not grow with their number: SQLite sorts on disk. `body` may change the ledger; what it changes is
    /// not seen here.
    ///
    /// - Parameter sharingTexts: whether texts have their responses where neighbours of one step share a prompt.
    package func forEachTextByPrompt(
        of steps: [StepID], sharingTexts: Bool = false, _ body: (StepID, Text) throws -> Void
    ) throws {
        try database.read { database in
            // The last one, until it is known whether the next one shares its prompt.
            var last: (step: StepID, text: Text)?
            let cursor = try Row.fetchCursor(
                database,
                sql: """
                    SELECT step, row, prompt, responses, response_bytes FROM text
                    WHERE step IN (\(steps.map { _ in "?" }.joined(separator: ", "))) ORDER BY prompt, step, row
                    """,
                arguments: StatementArguments(steps.map(\.rawValue)))
            while let row = try cursor.next() {
                let (index, prompt): (Int64, Data) = (row["row"], row["prompt"])
                let step = StepID(row["step"])
                var text = Text(
                    row: UInt64(index), prompt: [UInt8](prompt), responses: row["responses"],
                    responseBytes: row["response_bytes"])
                if sharingTexts, var before = last, before.step == step, before.text.prompt == text.prompt {
                    if before.text.sharedTexts.isEmpty {
                        before.text.sharedTexts = try Self.responses(of: before.text, step, in: database)
                        last = before
                    }
                    text.sharedTexts = try Self.responses(of: text, step, in: database)
                }
                if let last { try body(last.step, last.text) }
                last = (step, text)
            }
            if let last { try body(last.step, last.text) }
        }
    }

    private static func responses(of text: Text, _ step: StepID, in database: Database) throws -> [[UInt8]] {
        let rest = try Data.fetchOne(
            database.cachedStatement(sql: "SELECT rest FROM text WHERE step = ? AND row = ?"),
            arguments: [step.rawValue, Int64(text.row)])
        let item = try UnitPayload.Item(prompt: text.prompt, rest: [UInt8](rest ?? Data()))
        return item.text.responses.map { Array($0.text.utf8) }
    }
}

extension Ledger {
    /// Calls `body` with every text of a step, by row.
    ///
    /// - Throws: a database error, `Problem` for a text that is damaged, or what `body` throws.
    package func forEachItem(of step: StepID, _ body: (UnitPayload.Item) throws -> Void) throws {
        try database.read { database in
            let cursor = try Row.fetchCursor(
                database, sql: "SELECT prompt, rest FROM text WHERE step = ? ORDER BY row", arguments: [step.rawValue])
            while let row = try cursor.next() {
                let (prompt, rest): (Data, Data) = (row[0], row[1])
                try body(UnitPayload.Item(prompt: [UInt8](prompt), rest: [UInt8](rest)))
            }
        }
    }
}

// MARK: - Units

extension Ledger {
    /// A unit on its way into the ledger.
    package struct NewUnit: Hashable, Sendable {
        package struct Row: Hashable, Sendable {
            package var index: UInt64
            package var responses: Int

            package init(index: UInt64, responses: Int) {
                self.index = index
                self.responses = responses
            }

            package init(_ item: UnitPayload.Item) {
                self.init(index: item.row, responses: item.text.responses.count)
            }
        }

        /// In the order in which the unit holds them.
        package var rows: [Row]

        /// Estimated cost.
        package var tokens: Int

        package init(rows: [Row], tokens: Int) {
            self.rows = rows
            self.tokens = tokens
        }
    }

    /// A unit that is not settled.
    struct OpenUnit {
        var step: StepID
        var firstRank: Int64
        var rowCount: Int
        var textCount: Int
        var tokens: Int
    }

    /// Adds units of rows that are here, and how far the step's ingestion has come with them, in one transaction.
    package func add(_ units: [NewUnit], ingestion: Ingestion, of step: StepID) throws {
        try database.write { database in
            let insertion = try database.cachedStatement(
                sql: "INSERT INTO place (step, rank, row, responses) VALUES (?, ?, ?, ?)")
            var rank = try Int64.fetchOne(
                database, sql: "SELECT COALESCE(MAX(rank) + 1, 0) FROM place WHERE step = ?",
                arguments: [step.rawValue])!
            for unit in units {
                try Self.insert(
                    OpenUnit(
                        step: step, firstRank: rank, rowCount: unit.rows.count,
                        textCount: unit.rows.reduce(0) { $0 + $1.responses }, tokens: unit.tokens),
                    in: database)
                for row in unit.rows {
                    try insertion.execute(arguments: [step.rawValue, rank, Int64(row.index), row.responses])
                    rank += 1
                }
            }
            try Self.set(ingestion, of: step, in: database)
        }
    }

    static func insert(_ unit: OpenUnit, in database: Database) throws {
        try database.cachedStatement(
            sql: "INSERT INTO unit (step, first_rank, rows, texts, tokens) VALUES (?, ?, ?, ?, ?)"
        ).execute(arguments: [unit.step.rawValue, unit.firstRank, unit.rowCount, unit.textCount, unit.tokens])
    }

    /// Takes a step's units back, none of which was given out yet.
    package func removeUnits(of step: StepID) throws {
        try database.write { database in
            for table in ["unit", "place"] {
                try database.execute(
                    sql: "DELETE FROM \(table) WHERE step = ?", arguments: [step.rawValue])
            }
        }
    }

    /// Units of a step that are not settled, with ids above `after`, ascending.
    package func openUnits(of step: StepID, after: UnitID, limit: Int) throws -> [UnitSummary] {
        try database.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT id, rows, texts, tokens, failures FROM unit
                    WHERE step = ? AND id > ? AND NOT is_settled ORDER BY id LIMIT ?
                    """,
                arguments: [step.rawValue, Int64(after.rawValue), limit]
            ).map { row in
                let id: Int64 = row["id"]
                return UnitSummary(
                    id: UnitID(UInt64(id)), rows: row["rows"], texts: row["texts"], tokens: row["tokens"],
                    failures: row["failures"])
            }
        }
    }

    /// nil where the unit is settled or unknown.
    static func openUnit(_ id: UnitID, in database: Database) throws -> OpenUnit? {
        guard
            let row = try Row.fetchOne(
                database.cachedStatement(
                    sql: "SELECT step, first_rank, rows, texts, tokens FROM unit WHERE id = ? AND NOT is_settled"),
                arguments: [Int64(id.rawValue)])
        else { return nil }
        return OpenUnit(
            step: StepID(row[0]), firstRank: row[1], rowCount: row[2], textCount: row[3], tokens: row[4])
    }

    static func rows(of unit: OpenUnit, in database: Database) throws -> [(row: UInt64, responses: Int)] {
        try Row.fetchAll(
            database.cachedStatement(
                sql: "SELECT row, responses FROM place WHERE step = ? AND rank >= ? AND rank < ? ORDER BY rank"),
            arguments: [unit.step.rawValue, unit.firstRank, unit.firstRank + Int64(unit.rowCount)]
        ).map { row in
            let index: Int64 = row[0]
            return (UInt64(index), row[1])
        }
    }

    /// The units' texts; nil for a unit that is settled.
    package func payloads(of units: [UnitID]) throws -> [UnitPayload?] {
        try database.read { database in
            try units.map { try payload(of: $0, in: database) }
        }
    }

    private func payload(of unit: UnitID, in database: Database) throws -> UnitPayload? {
        let texts = try Row.fetchCursor(
            database.cachedStatement(
                sql: """
                    SELECT step, prompt, rest, place.responses
                    FROM unit CROSS JOIN place USING (step) CROSS JOIN text USING (step, row)
                    WHERE unit.id = ? AND NOT is_settled AND rank >= first_rank AND rank < first_rank + rows
                    ORDER BY rank
                    """),
            arguments: [Int64(unit.rawValue)])
        var step: StepID?
        var items: [UnitPayload.Item] = []
        var responses: [Int] = []
        while let text = try texts.next() {
            step = StepID(text[0])
            let (prompt, rest): (Data, Data) = (text[1], text[2])
            items.append(try UnitPayload.Item(prompt: [UInt8](prompt), rest: [UInt8](rest)))
            responses.append(text[3])
        }
        guard let step = try step.map({ try workStep($0, in: database) }) else { return nil }
        for (item, placed) in zip(items, responses) {
            let (found, expected) = (item.text.responses.count, step.responses?.count ?? placed)
            guard found == expected, found == placed else {
                throw Problem(
                    "row \(item.row) of the \(step.name) has \(found) responses in the ledger; expected \(expected)")
            }
        }
        return UnitPayload(work: step.work, responses: step.responses, items: items)
    }
}
