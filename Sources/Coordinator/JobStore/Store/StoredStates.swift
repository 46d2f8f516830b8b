internal import Diagnostics
internal import Digest
internal import Margins
package import Protocol

/// The kept embeddings of a step that is complete, in their sealed shards.
package final class StoredStates {
    package let count: Int
    private let ledger: any StoredRows
    private let step: WorkStep
    private let folder: String
    private let layout: EmbeddingLayout
    private let rowsPerShard: Int
    private var current: (index: Int, shard: EmbeddingShard)?

    /// What is read at a time, in bytes.
    private static let chunkBytes = 4 << 20

    /// Looks at every shard's header.
    ///
    /// - Throws: `Problem` where one is missing or damaged, or is another job's.
    package init(
        _ step: WorkStep, folder: String, _ layout: EmbeddingLayout, ledger: any StoredRows,
        shardBytesMax: Int = EmbeddingStore.shardBytesMax
    ) throws {
        self.ledger = ledger
        self.step = step
        self.folder = folder
        self.layout = layout
        count = try ledger.storedCount(of: step.id)
        rowsPerShard = EmbeddingStore.rowsPerShard(bytesPerRow: layout.bytesPerRow, shardBytesMax: shardBytesMax)
        for index in 0..<shardCount { _ = try shard(index) }
    }

    private var shardCount: Int { (count + rowsPerShard - 1) / rowsPerShard }

    private func shard(_ index: Int) throws -> EmbeddingShard {
        if let current, current.index == index { return current.shard }
        let name = EmbeddingShard.Name(step: step, index: index)
        let expected = layout.header(
            of: name, shards: shardCount, count: min(rowsPerShard, count - index * rowsPerShard))
        let shard = try EmbeddingShard(name, in: folder, layout, expected: expected)
        current = (index, shard)
        return shard
    }

    /// Calls `body` with all rows in the order in which they lie here, one at a time.
    package func forEachRow(_ body: (EmbeddedRow) throws -> Void) throws {
        let rowsAtOnce = max(1, Self.chunkBytes / layout.bytesPerRow)
        for first in stride(from: 0, to: count, by: rowsAtOnce) {
            var rows: [StoredRow] = []
            try ledger.forEachStoredRow(of: step.id, slots: first..<min(first + rowsAtOnce, count)) { rows.append($0) }
            for row in try read(rows) { try body(row) }
        }
    }

    /// Calls `body` with all rows in the order of the input, one at a time.
    package func forEachRowInOrder(_ body: (EmbeddedRow) throws -> Void) throws {
        try ledger.forEachStoredRow(of: step.id) { try body(read([$0])[0]) }
    }

    /// - Parameter rows: neighbours, at least one.
    private func read(_ rows: [StoredRow]) throws -> [EmbeddedRow] {
        var bytes: [UInt8] = []
        var slots = rows[0].slot..<rows[0].slot + rows.count
        while let first = slots.first {
            let place = first % rowsPerShard
            let part = min(slots.count, rowsPerShard - place)
            bytes += try shard(first / rowsPerShard).vectors(place..<place + part)
            slots = first + part..<slots.upperBound
        }
        return try rows.enumerated().map { index, row in
            let own = bytes[index * layout.bytesPerRow..<(index + 1) * layout.bytesPerRow]
            guard CRC32.checksum(own) == row.crc32 else {
                let path = try shard(row.slot / rowsPerShard).path
                throw Problem("\(path) is damaged: the vectors of row \(row.row) have another checksum")
            }
            return EmbeddedRow(row: row.row, bytes: own, exponents: row.exponents)
        }
    }
}

/// A row's kept embeddings.
package struct EmbeddedRow: Sendable {
    package let row: UInt64
    fileprivate let bytes: ArraySlice<UInt8>
    fileprivate let exponents: [Int8]

    /// The vector at this place of the layout, `[hidden]`; nil where it is not finite.
    package func vector(_ index: Int) -> [Float]? {
        guard exponents[index] != HalfVectors.notFinite else { return nil }
        let count = bytes.count / exponents.count
        let start = bytes.startIndex + index * count
        return HalfVectors.vector(bytes[start..<start + count], scale: HalfVectors.scale(exponents[index]))
    }
}
