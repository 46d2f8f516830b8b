internal import Digest
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
        let good = rows.indices.filter { !failed.contains($0) }
        let firstSlot = try storedCount(of: step.id, in: database)
        let bytesPerRow = kept.vectors.bytes.count / rows.count
        let records = good.map { kept.vectors.bytes[$0 * bytesPerRow..<($0 + 1) * bytesPerRow] }
        try store.write(records, step: step, firstSlot: firstSlot)
        let vectorsPerRow = kept.exponents.count / rows.count
        let insertion = try database.cachedStatement(
            sql: "INSERT INTO stored (step, slot, row, exponents, crc32) VALUES (?, ?, ?, ?, ?)")
        for (offset, item) in good.enumerated() {
            let exponents = kept.exponents[item * vectorsPerRow..<(item + 1) * vectorsPerRow]
            try insertion.execute(arguments: [
                step.id.rawValue, firstSlot + offset, Int64(rows[item]),
                Data(exponents.map { UInt8(bitPattern: $0) }),
                Int64(CRC32.checksum(records[offset])),
            ])
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
                let (index, exponents, checksum): (Int64, Data, Int64) = (row["row"], row["exponents"], row["crc32"])
                try body(
                    StoredRow(
                        row: UInt64(index), slot: row["slot"], exponents: exponents.map { Int8(bitPattern: $0) },
                        crc32: UInt32(checksum)))
            }
        }
    }
}
