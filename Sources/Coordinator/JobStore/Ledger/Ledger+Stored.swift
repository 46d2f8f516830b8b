internal import Foundation
internal import GRDB
package import Protocol

// Which rows' embeddings are in the store, and where: what the store has beyond is not the job's.

extension Ledger: StoredRows {
    /// Puts the embeddings of a result's good rows into the store, behind those that are there.
    static func keep(
        _ kept: KeptEmbeddings, of result: UnitResult, rows: [UInt64], step: WorkStep, store: EmbeddingStore,
        in database: Database
    ) throws {
        let failed = Set(result.failures.map(\.item))
        let texts = result.texts
        let good = rows.indices.filter { !failed.contains($0) }
        let firstSlot = try storedCount(of: step.id, in: database)
        let records = good.map { EmbeddingStore.Record(kept, texts: texts[$0]) }
        let places = try store.write(records, step: step, behind: storeEnd(of: step.id, in: database))
        let insertion = try database.cachedStatement(
            sql: """
                INSERT INTO stored (step, slot, row, shard, text, responses, exponents, crc32)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """)
        for (offset, (item, record)) in zip(good, records).enumerated() {
            try insertion.execute(arguments: [
                step.id.rawValue, firstSlot + offset, Int64(rows[item]), places[offset].shard, places[offset].text,
                record.texts, Data(record.exponents.map { UInt8(bitPattern: $0) }), bytes(record.checksums),
            ])
        }
    }

    /// Behind the last row of a step; nil where there is none.
    private static func storeEnd(of step: StepID, in database: Database) throws -> EmbeddingStore.Place? {
        try Row.fetchOne(
            database.cachedStatement(
                sql: "SELECT shard, text + responses FROM stored WHERE step = ? ORDER BY slot DESC LIMIT 1"),
            arguments: [step.rawValue]
        ).map { EmbeddingStore.Place(shard: $0[0], text: $0[1]) }
    }

    /// A step's shards, in their order.
    package func storedShards(of step: StepID) throws -> [StoredShard] {
        try database.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT MIN(slot), MAX(slot), SUM(responses) FROM stored WHERE step = ? GROUP BY shard ORDER BY shard
                    """, arguments: [step.rawValue]
            ).map { row in
                let (first, last): (Int, Int) = (row[0], row[1])
                return StoredShard(slots: first..<last + 1, texts: row[2])
            }
        }
    }

    /// How many rows of a step are in the store.
    package func storedCount(of step: StepID) throws -> Int {
        try database.read { try Self.storedCount(of: step, in: $0) }
    }

    private static func storedCount(of step: StepID, in database: Database) throws -> Int {
        try Int.fetchOne(
            database.cachedStatement(sql: "SELECT COALESCE(MAX(slot) + 1, 0) FROM stored WHERE step = ?"),
            arguments: [step.rawValue]) ?? 0
    }

    /// Calls `body` with the rows in some slots of a step, in the slots' order, one at a time.
    package func forEachStoredRow(of step: StepID, slots: Range<Int>, _ body: (StoredRow) throws -> Void) throws {
        try forEachStoredRow(
            sql: "SELECT * FROM stored WHERE step = ? AND slot >= ? AND slot < ? ORDER BY slot",
            [step.rawValue, slots.lowerBound, slots.upperBound], body)
    }

    /// Calls `body` with all rows of a step that are in the store, in the order of the input, one at a time.
    package func forEachStoredRow(of step: StepID, _ body: (StoredRow) throws -> Void) throws {
        try forEachStoredRow(sql: "SELECT * FROM stored WHERE step = ? ORDER BY row", [step.rawValue], body)
    }

    private func forEachStoredRow(
        sql: String, _ arguments: StatementArguments, _ body: (StoredRow) throws -> Void
    ) throws {
        try database.read { database in
            let cursor = try Row.fetchCursor(database, sql: sql, arguments: arguments)
            while let row = try cursor.next() {
                let (index, exponents, checksums): (Int64, Data, Data) = (row["row"], row["exponents"], row["crc32"])
                try body(
                    StoredRow(
                        row: UInt64(index), slot: row["slot"],
                        place: EmbeddingStore.Place(shard: row["shard"], text: row["text"]),
                        responses: row["responses"], exponents: exponents.map { Int8(bitPattern: $0) },
                        checksums: Self.words(checksums)))
            }
        }
    }

    private static func bytes(_ words: [UInt32]) -> Data {
        Data(words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } })
    }

    private static func words(_ bytes: Data) -> [UInt32] {
        let bytes = [UInt8](bytes)
        return stride(from: 0, to: bytes.count - 3, by: 4).map { start in
            bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
    }
}
