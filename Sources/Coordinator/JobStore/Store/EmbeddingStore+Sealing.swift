internal import Diagnostics
internal import FileSystem
internal import Foundation
package import Protocol
internal import Safetensors
internal import Synchronization

extension EmbeddingStore {
    /// Makes safetensors files of a step's shards, of which no more rows will come. Those that are such files already
    /// stay.
    package func seal(_ step: WorkStep, _ layout: EmbeddingLayout, ledger: some StoredRows) throws {
        open.withLock { $0[step] = nil }
        let shards = try ledger.storedShards(of: step.id)
        for (index, shard) in shards.enumerated() {
            let name = EmbeddingShard.Name(step: step, index: index)
            let path = name.path(in: folder, .sealed)
            if FileManager.default.fileExists(atPath: path) { continue }
            let header = layout.header(of: name, shards: shards.count, rows: shard.slots.count, texts: shard.texts)
            let (partial, sealing) = (name.path(in: folder, .partial), name.path(in: folder, .sealing))
            try checkLength(of: partial, shard, layout)
            if layout.readouts.count > 1 {
                try transpose(partial, into: sealing, name.step, shard, layout, header, ledger)
            }
            let ready = layout.readouts.count > 1 ? sealing : partial
            try complete(ready, header, layout, step: step, slots: shard.slots, ledger: ledger)
            try FolderEntry.rename(ready, to: path)
            guard ready != partial else { continue }
            // The vectors lie in two files, of which the new one must have its name for good before the other goes.
            try FolderEntry.sync(folder)
            try FolderEntry.remove(partial)
        }
        // What was written there and never committed, and what an interrupted sealing left beside its shards.
        try FolderEntry.sync(folder)
        for file in try Self.shards(of: [step], in: folder) where !file.hasSuffix(".safetensors") {
            try FolderEntry.remove(folder + "/" + file)
        }
        try FolderEntry.sync(folder)
    }

    /// Cuts off what was written behind the shard's last row.
    private func checkLength(of partial: String, _ shard: StoredShard, _ layout: EmbeddingLayout) throws {
        let file = try OpenFile(partial, .writing)
        let end = headerBytes + shard.texts * layout.bytesPerText
        let byteCount = try file.status().byteCount
        guard byteCount >= end else {
            throw Problem("\(partial): expected at least \(end) bytes, found \(byteCount)")
        }
        try file.truncate(to: end)
    }

    /// Copies vectors to where the header has them: rows came with all readouts, and each readout's tensor has all rows.
    private func transpose(
        _ partial: String, into sealing: String, _ step: WorkStep, _ shard: StoredShard,
        _ layout: EmbeddingLayout, _ header: SafetensorsHeader, _ ledger: some StoredRows
    ) throws {
        let source = try OpenFile(partial, .reading)
        let file = try OpenFile(sealing, .replacing)
        let starts = layout.readouts.indices.map { start(of: layout.name(.vectors, ofSlot: $0), in: header) }
        var rows: [StoredRow] = []
        func flush() throws {
            guard let first = rows.first, let last = rows.last else { return }
            let texts = first.texts.lowerBound..<last.texts.upperBound
            let bytes = try source.read(
                texts.count * layout.bytesPerText, at: headerBytes + texts.lowerBound * layout.bytesPerText)
            for (slot, start) in starts.enumerated() {
                let own = rows.flatMap { row in
                    let count = row.responses * layout.bytesPerVector
                    let begin = (row.place.text - texts.lowerBound) * layout.bytesPerText + slot * count
                    return bytes[begin..<begin + count]
                }
                try file.write(own, at: start + texts.lowerBound * layout.bytesPerVector)
            }
            rows.removeAll(keepingCapacity: true)
        }
        try ledger.forEachStoredRow(of: step.id, slots: shard.slots) { row in
            rows.append(row)
            let texts = row.texts.upperBound - rows[0].place.text
            if texts * layout.bytesPerText >= Self.chunkBytes { try flush() }
        }
        try flush()
    }

    /// What is moved at a time, in bytes.
    private static let chunkBytes = 4 << 20

    /// Puts behind a shard's vectors what the ledger knows of its rows, and the header before them.
    private func complete(
        _ path: String, _ header: SafetensorsHeader, _ layout: EmbeddingLayout, step: WorkStep, slots: Range<Int>,
        ledger: some StoredRows
    ) throws {
        let file = try OpenFile(path, .writing)
        func write(_ tensor: String, _ bytesOf: (StoredRow) -> [UInt8]) throws {
            var end = start(of: tensor, in: header)
            var buffer: [UInt8] = []
            func flush() throws {
                try file.write(buffer, at: end)
                end += buffer.count
                buffer.removeAll(keepingCapacity: true)
            }
            try ledger.forEachStoredRow(of: step.id, slots: slots) { row in
                buffer += bytesOf(row)
                if buffer.count >= 1 << 18 { try flush() }
            }
            try flush()
        }
        try write("rows") { Self.littleEndian(Int64($0.row)) }
        if step.responses == nil { try write("responses") { Self.littleEndian(Int64($0.responses)) } }
        for slot in layout.readouts.indices {
            try write(layout.name(.crc32, ofSlot: slot)) { Self.littleEndian(Int64($0.checksums[slot])) }
            try write(layout.name(.scale, ofSlot: slot)) { row in
                row.exponents[slot * row.responses..<(slot + 1) * row.responses].flatMap {
                    Self.littleEndian(HalfVectors.scale($0).bitPattern)
                }
            }
        }
        try file.write(header.serialized(byteCount: headerBytes), at: 0)
        try file.syncData()
    }

    private func start(of tensor: String, in header: SafetensorsHeader) -> Int {
        guard let range = header.tensors[tensor]?.range else { preconditionFailure("a layout without \(tensor)") }
        return headerBytes + range.lowerBound
    }

    private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian, Array.init)
    }
}
