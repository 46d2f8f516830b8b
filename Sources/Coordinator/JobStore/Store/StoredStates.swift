internal import Diagnostics
internal import Digest
package import Protocol

/// The kept embeddings of a step that is complete, in their sealed shards.
package final class StoredStates {
    package let count: Int
    private let ledger: any StoredRows
    private let step: WorkStep
    private let folder: String
    private let layout: EmbeddingLayout
    private let shards: [StoredShard]
    private var current: (index: Int, shard: EmbeddingShard)?

    private let chunkBytes: Int

    /// Looks at every shard's header.
    ///
    /// - Parameter chunkBytes: how much of the vectors is read at a time, and the rest of a row.
    /// - Throws: `FileError` where a shard is missing or cannot be read; `Problem` where one is damaged, or is another
    ///   job's; a ledger error.
    package init(
        _ step: WorkStep, folder: String, _ layout: EmbeddingLayout, ledger: any StoredRows, chunkBytes: Int = 4 << 20
    ) throws {
        self.chunkBytes = chunkBytes
        self.ledger = ledger
        self.step = step
        self.folder = folder
        self.layout = layout
        count = try ledger.storedCount(of: step.id)
        shards = try ledger.storedShards(of: step.id)
        for index in shards.indices { _ = try shard(index) }
    }

    private func shard(_ index: Int) throws -> EmbeddingShard {
        if let current, current.index == index { return current.shard }
        let name = EmbeddingShard.Name(step: step, index: index)
        let expected = layout.header(
            of: name, shards: shards.count, rows: shards[index].slots.count, texts: shards[index].texts)
        let shard = try EmbeddingShard(name, in: folder, layout, expected: expected)
        current = (index, shard)
        return shard
    }

    /// Calls `body` with all rows in the order in which they lie here, one at a time.
    ///
    /// - Parameter slot: the readout's place in the layout.
    package func forEachRow(_ slot: Int, _ body: (EmbeddedRow) throws -> Void) throws {
        var rows: [StoredRow] = []
        var texts = 0
        func flush() throws {
            for row in try read(rows, slot) { try body(row) }
            rows.removeAll(keepingCapacity: true)
            texts = 0
        }
        try ledger.forEachStoredRow(of: step.id, slots: 0..<count) { row in
            rows.append(row)
            texts += row.responses
            if texts * layout.bytesPerVector >= chunkBytes { try flush() }
        }
        try flush()
    }

    /// Calls `body` with all rows in the order of the input, one at a time.
    ///
    /// - Parameter slot: the readout's place in the layout.
    package func forEachRowInOrder(_ slot: Int, _ body: (EmbeddedRow) throws -> Void) throws {
        try ledger.forEachStoredRow(of: step.id) { try body(read([$0], slot)[0]) }
    }

    /// - Parameter rows: neighbours.
    private func read(_ rows: [StoredRow], _ slot: Int) throws -> [EmbeddedRow] {
        var embedded: [EmbeddedRow] = []
        var rest = rows[...]
        while let first = rest.first {
            let run = rest.prefix { $0.place.shard == first.place.shard }
            let shard = try shard(first.place.shard)
            let bytes = try shard.vectors(ofSlot: slot, first.place.text..<run[run.endIndex - 1].texts.upperBound)
            for row in run {
                let start = (row.place.text - first.place.text) * layout.bytesPerVector
                let own = bytes[start..<start + row.responses * layout.bytesPerVector]
                guard CRC32.checksum(own) == row.checksums[slot] else {
                    throw Problem("\(shard.path) is damaged: the vectors of row \(row.row) have another checksum")
                }
                let exponents = row.exponents[slot * row.responses..<(slot + 1) * row.responses]
                embedded.append(EmbeddedRow(row: row.row, bytes: own, exponents: Array(exponents)))
            }
            rest = rest.dropFirst(run.count)
        }
        return embedded
    }
}

/// A row's kept embeddings of one readout.
package struct EmbeddedRow: Sendable {
    package let row: UInt64
    fileprivate let bytes: ArraySlice<UInt8>

    /// Of each response.
    fileprivate let exponents: [Int8]

    package var responses: Int { exponents.count }

    /// A response's vector, `[hidden]`; nil where it is not finite.
    package func vector(_ response: Int) -> [Float]? {
        guard exponents[response] != HalfVectors.notFinite else { return nil }
        let count = bytes.count / exponents.count
        let start = bytes.startIndex + response * count
        return HalfVectors.vector(bytes[start..<start + count], scale: HalfVectors.scale(exponents[response]))
    }
}
