internal import Diagnostics
internal import FileSystem
internal import Foundation
package import Protocol
internal import Synchronization

/// The folder in which a job keeps the embeddings of its rows, in shards of about a gibibyte.
///
/// The ledger says what is in it: a row is here once the ledger's transaction with its slot is committed, and what lies
/// beyond the ledger's last slot is written over. A shard that is being filled is `NAME.partial`: room for a header,
/// then the rows' vectors as they came. ``seal(_:_:ledger:)`` makes safetensors files of a finished step's shards.
package final class EmbeddingStore: Sendable {
    package let folder: String
    private let steps: [WorkStep]
    let headerBytes: Int
    private let shardBytesMax: Int

    /// A shard that is being filled.
    final class OpenShard: Sendable {
        let index: Int
        let file: OpenFile

        init(_ index: Int, _ file: consuming OpenFile) {
            self.index = index
            self.file = file
        }
    }

    /// Of each step, the shard that was written last, and whether it is to be synced.
    let open = Mutex<[WorkStep: (shard: OpenShard, isDirty: Bool)]>([:])

    /// Where a row is: the shard, and the first of its texts there.
    package struct Place: Hashable, Sendable {
        var shard: Int
        var text: Int
    }

    /// Whose the folder is.
    private struct Owner: Codable {
        var run: String
        var state: String
    }

    /// Vectors of a shard, in bytes.
    package static let shardBytesMax = 1 << 30

    /// Makes the folder, or makes sure that it is this job's. What an earlier beginning of the same job left there is
    /// removed.
    ///
    /// - Parameters:
    ///   - steps: those of the job whose states may come here: other files in the folder are not the job's.
    ///   - run: names this beginning of the job.
    ///   - state: the job's state folder.
    ///   - rowsHeld: how many rows' embeddings the ledger counts here.
    ///   - headerBytes: room for each shard's header; the same for the job's whole life.
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
    static func shards(of steps: [WorkStep], in folder: String) throws -> [String] {
        let names = Set(steps.map { Substring($0.name) })
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder)
                .filter { file in
                    let match = file.wholeMatch(of: #/(.+)-[0-9]{5,}\.(safetensors|partial|sealing)/#)
                    return match.map { names.contains($0.1) } ?? false
                }.sorted()
        } catch {
            throw Problem("cannot read the folder \(folder): \(error.localizedDescription)")
        }
    }
}

// MARK: - Writing

extension EmbeddingStore {
    /// Writes rows' vectors, the first one behind `end`. They are safe after ``sync()``.
    ///
    /// - Parameters:
    ///   - records: all of the same readouts.
    ///   - end: behind the step's last row; nil where there is none.
    /// - Returns: where each row is.
    func write(_ records: [Record], step: WorkStep, behind end: Place?) throws -> [Place] {
        let places = places(of: records, behind: end)
        var rest = records.indices[...]
        while let first = rest.first {
            let run = rest.prefix { places[$0].shard == places[first].shard }
            let place = places[first]
            let shard = try openShard(place.shard, step: step, isBegun: place.text > 0)
            try shard.file.write(
                run.flatMap { records[$0].bytes }, at: headerBytes + place.text * records[first].bytesPerText)
            rest = rest.dropFirst(run.count)
        }
        return places
    }

    /// A shard ends with the row with which it is full: none is parted.
    private func places(of records: [Record], behind end: Place?) -> [Place] {
        var next = end ?? Place(shard: 0, text: 0)
        return records.map { record in
            let textsMax = max(1, shardBytesMax / record.bytesPerText)
            if next.text > 0, next.text + record.texts > textsMax { next = Place(shard: next.shard + 1, text: 0) }
            defer { next.text += record.texts }
            return next
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
            let path = EmbeddingShard.Name(step: step, index: index).path(in: folder, .partial)
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
