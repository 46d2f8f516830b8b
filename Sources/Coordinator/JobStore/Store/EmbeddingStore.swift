internal import Diagnostics
internal import FileSystem
internal import Foundation
package import Protocol
internal import Safetensors
internal import Synchronization

/// The folder in which a job keeps the embeddings of its rows, in shards of about a gibibyte.
///
/// The ledger says what is in it: a row is here once the ledger's transaction with its slot is committed, and what lies
/// beyond the ledger's last slot is written over. A shard that is being filled is `NAME.partial`: room for a header,
/// then the rows' vectors. ``seal(_:_:ledger:)`` makes safetensors files of a finished step's shards.
package final class EmbeddingStore: Sendable {
    package let folder: String
    private let steps: [WorkStep]
    private let headerBytes: Int
    private let shardBytesMax: Int

    /// A shard that is being filled.
    private final class OpenShard: Sendable {
        let index: Int
        let file: OpenFile

        init(_ index: Int, _ file: consuming OpenFile) {
            self.index = index
            self.file = file
        }
    }

    /// Of each step, the shard that was written last, and whether it is to be synced.
    private let open = Mutex<[WorkStep: (shard: OpenShard, isDirty: Bool)]>([:])

    /// Whose the folder is.
    private struct Owner: Codable {
        var run: String
        var state: String
    }

    /// Vectors of a shard, in bytes; of a job's whole life, since the ledger counts slots alone.
    package static let shardBytesMax = 1 << 30

    /// Makes the folder, or makes sure that it is this job's. What an earlier beginning of the same job left there is
    /// removed.
    ///
    /// - Parameters:
    ///   - steps: those of the job whose states may come here: other files in the folder are not the job's.
    ///   - run: names this beginning of the job.
    ///   - state: the job's state folder.
    ///   - rowsHeld: how many rows' embeddings the ledger counts here.
    ///   - headerBytes: room for each shard's header; of the job's whole life, too.
    /// - Throws: `Problem`, also where the folder is another job's.
    package init(
        folder: String, steps: [WorkStep], run: String, state: String, rowsHeld: Int, headerBytes: Int,
        shardBytesMax: Int = EmbeddingStore.shardBytesMax
    ) throws {
        self.folder = folder
        self.steps = steps
        self.headerBytes = headerBytes
        self.shardBytesMax = shardBytesMax
        let path = folder + "/job.json"
        let isThere = FileManager.default.fileExists(atPath: folder)
        let shards = isThere ? try Self.shards(of: steps, in: folder) : []
        if let data = FileManager.default.contents(atPath: path) {
            let owner = try? JSONDecoder().decode(Owner.self, from: data)
            let isOwn = owner.map { FilePlace($0.state).isSame(as: FilePlace(state)) } ?? false
            // A state folder that was moved takes its store along; where it was copied, the first one has it.
            let isMoved =
                owner.map { $0.run == run && !FileManager.default.fileExists(atPath: $0.state + "/lock") } ?? false
            guard isOwn || isMoved else {
                let advice =
                    owner?.run == run
                    ? "of which this state is a copy: go on there, or begin anew with --restart and another job.embeddings"
                    : "another job: give this one a job.embeddings of its own"
                throw Problem(
                    "\(folder) holds the embeddings of the job in \(owner?.state ?? "no known folder"), \(advice)",
                    isOfConfiguration: true)
            }
            if owner?.run == run {
                if !isOwn { try Self.write(Owner(run: run, state: state), to: path) }
                return
            }
        } else if let first = shards.first {
            throw Problem(
                "\(folder): expected an empty folder or this job's embeddings, found \(first)", isOfConfiguration: true)
        }
        guard rowsHeld == 0 else {
            throw Problem(
                """
                \(folder): expected the embeddings of \(rowsHeld) rows that this job has put there, found none: bring \
                the folder back, or begin anew with --restart
                """)
        }
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw Problem("cannot make the folder for embeddings \(folder): \(error.localizedDescription)")
        }
        for shard in shards { try FolderEntry.remove(folder + "/" + shard) }
        try Self.write(Owner(run: run, state: state), to: path)
    }

    private static func write(_ owner: Owner, to path: String) throws {
        try AtomicFile.write([UInt8](JSONEncoder().encode(owner)), to: path)
    }

    /// Files of shards, sealed or not, by name.
    private static func shards(of steps: [WorkStep], in folder: String) throws -> [String] {
        let names = Set(steps.map { Substring($0.name) })
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder)
                .filter { file in
                    let match = file.wholeMatch(of: #/(.+)-[0-9]+\.(safetensors|partial)/#)
                    return match.map { names.contains($0.1) } ?? false
                }.sorted()
        } catch {
            throw Problem("cannot read the folder \(folder): \(error.localizedDescription)")
        }
    }

    static func rowsPerShard(bytesPerRow: Int, shardBytesMax: Int = EmbeddingStore.shardBytesMax) -> Int {
        max(1, shardBytesMax / bytesPerRow)
    }
}

// MARK: - Writing

extension EmbeddingStore {
    /// Writes rows' vectors, all of the same size, into slots from `firstSlot` on. They are safe after ``sync()``.
    package func write(_ records: [ArraySlice<UInt8>], step: WorkStep, firstSlot: Int) throws {
        guard let bytesPerRow = records.first?.count else { return }
        let rowsPerShard = Self.rowsPerShard(bytesPerRow: bytesPerRow, shardBytesMax: shardBytesMax)
        var written = 0
        while written < records.count {
            let slot = firstSlot + written
            let (shard, place) = (slot / rowsPerShard, slot % rowsPerShard)
            let count = min(records.count - written, rowsPerShard - place)
            let bytes = Array(records[written..<written + count].joined())
            try openShard(shard, step: step, isBegun: place > 0).file.write(
                bytes, at: headerBytes + place * bytesPerRow)
            written += count
        }
    }

    /// The open shard, marked to be synced; a full one before it is synced at once.
    ///
    /// - Parameter isBegun: whether it has rows.
    private func openShard(_ index: Int, step: WorkStep, isBegun: Bool) throws -> OpenShard {
        try open.withLock { open in
            if let known = open[step]?.shard, known.index == index {
                open[step]?.isDirty = true
                return known
            }
            if let full = open[step], full.isDirty { try full.shard.file.syncData() }
            let path = EmbeddingShard.Name(step: step, index: index).path(in: folder, isSealed: false)
            let shard = OpenShard(index, try OpenFile(path, isBegun ? .writing : .making))
            if !isBegun { try FolderEntry.sync(folder) }
            open[step] = (shard, true)
            return shard
        }
    }

    /// Puts what was written on disk.
    package func sync() throws {
        try open.withLock { open in
            for step in open.keys where open[step]?.isDirty == true {
                try open[step]?.shard.file.syncData()
                open[step]?.isDirty = false
            }
        }
    }
}

// MARK: - Sealing

extension EmbeddingStore {
    /// Makes safetensors files of a step's shards, of which no more rows will come. Those that are such files already
    /// stay.
    package func seal(_ step: WorkStep, _ layout: EmbeddingLayout, ledger: some StoredRows) throws {
        open.withLock { $0[step] = nil }
        let total = try ledger.storedCount(of: step.id)
        let rowsPerShard = Self.rowsPerShard(bytesPerRow: layout.bytesPerRow, shardBytesMax: shardBytesMax)
        let shards = (total + rowsPerShard - 1) / rowsPerShard
        for index in 0..<shards {
            let name = EmbeddingShard.Name(step: step, index: index)
            let (partial, path) = (name.path(in: folder, isSealed: false), name.path(in: folder, isSealed: true))
            if FileManager.default.fileExists(atPath: path) { continue }
            let slots = index * rowsPerShard..<min((index + 1) * rowsPerShard, total)
            let header = layout.header(of: name, shards: shards, count: slots.count)
            try complete(partial, header, step: step, slots: slots, ledger: ledger)
            try FolderEntry.rename(partial, to: path)
        }
        // What was written there and never committed.
        for file in try Self.shards(of: [step], in: folder) where file.hasSuffix(".partial") {
            try FolderEntry.remove(folder + "/" + file)
        }
        try FolderEntry.sync(folder)
    }

    /// Puts behind a shard's vectors what the ledger knows of its rows, and the header before them.
    private func complete(
        _ path: String, _ header: SafetensorsHeader, step: WorkStep, slots: Range<Int>, ledger: some StoredRows
    ) throws {
        guard let vectors = header.tensors["vectors"]?.range else { preconditionFailure("a layout without vectors") }
        let file = try OpenFile(path, .writing)
        var end = headerBytes + vectors.count
        let byteCount = try file.status().byteCount
        guard byteCount >= end else {
            throw Problem("\(path): expected at least \(end) bytes, found \(byteCount)")
        }
        try file.truncate(to: end)
        func append(_ bytesOf: (StoredRow) -> [UInt8]) throws {
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
        // The order of the header's tensors.
        try append { Self.littleEndian(Int64($0.row)) }
        try append { Self.littleEndian(Int64($0.crc32)) }
        try append { $0.exponents.flatMap { Self.littleEndian(HalfVectors.scale($0).bitPattern) } }
        try file.write(header.serialized(byteCount: headerBytes), at: 0)
        try file.syncData()
    }

    private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian, Array.init)
    }
}
