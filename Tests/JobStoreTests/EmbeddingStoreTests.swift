internal import Diagnostics
internal import FileSystem
import Foundation
import JobStoreFixtures
import Protocol
import Safetensors
import Testing

@testable import JobStore

/// Three rows of two responses, two layers, one token and three numbers fill a shard.
private let layout = EmbeddingLayout(
    layers: [3, 30], tokens: ["last"], hiddenSize: 3, metadata: ["format": "test", "run": "a"])
private let shardBytes = 3 * layout.bytesPerRow
private let headerBytes = 4096

/// A store and the ledger that says what is in it, as a job has them.
private final class TemporaryStore {
    let temporary: TemporaryLedger
    private(set) var store: EmbeddingStore
    var folder: String { temporary.folder + "/embeddings" }

    init() throws {
        temporary = try TemporaryLedger()
        store = try Self.open(temporary.folder)
    }

    static func open(
        _ folder: String, run: String = "a", state: String = "/state", rowsHeld: Int = 0
    ) throws -> EmbeddingStore {
        try EmbeddingStore(
            folder: folder + "/embeddings", steps: [.anchors, .rows], run: run, state: state, rowsHeld: rowsHeld,
            headerBytes: headerBytes, shardBytesMax: shardBytes)
    }

    var ledger: Ledger { get throws { try temporary.open } }

    /// As after `kill -9`.
    func restart() throws {
        try temporary.reopen()
        store = try Self.open(temporary.folder, rowsHeld: ledger.storedCount(of: .rows))
    }

    /// Adds units of rows, the first one being unit 1.
    func add(_ units: [[UInt64]]) throws {
        let text = RenderedItem(prompt: RenderedText("p"), responses: [RenderedText("a"), RenderedText("b")])
        var ingestion = Ledger.Ingestion()
        try ledger.add(units.joined().map { .init(row: $0, text: text) }, ingestion: ingestion, of: .rows)
        ingestion.phase = .complete
        try ledger.add(units.map { .init(rows: $0, tokens: 1) }, ingestion: ingestion, of: .rows)
    }

    /// A row's vectors are told by its number; the second one of each row is large.
    static func vectors(of row: UInt64) -> [[Float]] {
        (0..<4).map { vector in (0..<3).map { Float(row * 100 + UInt64(vector * 10 + $0)) * (vector == 1 ? 4096 : 1) } }
    }

    static func result(_ unit: UInt64, rows: [UInt64], failed: [Int] = [], notFinite: Int? = nil) -> UnitResult {
        var vectors = HalfVectors()
        for (item, row) in rows.enumerated() {
            for vector in Self.vectors(of: row) {
                vectors.append(failed.contains(item) ? [0, 0, 0] : item == notFinite ? [.nan, 0, 0] : vector)
            }
        }
        return UnitResult(
            lease: Lease(unit: UnitID(unit), attempt: 1), rows: rows,
            output: .scores(Tensor(rows.flatMap { [Double($0), 0] }, shape: [rows.count, 2, 1]), direction: "d"),
            failures: failed.map { .init(item: $0, reason: "too long") },
            kept: KeptEmbeddings(
                vectors: Tensor(halves: vectors.elements, shape: [rows.count, 2, 2, 1, 3]),
                exponents: vectors.exponents))
    }

    @discardableResult
    func commit(_ results: UnitResult...) throws -> [Ledger.Outcome] {
        try ledger.apply(results.map { .result($0, worker: "w") }, store: store)
    }

    func seal() throws { try store.seal(.rows, layout, ledger: ledger) }

    func open() throws -> StoredStates {
        try StoredStates(.rows, folder: folder, layout, ledger: ledger, shardBytesMax: shardBytes)
    }

    /// Every row in the order of the slots, with its vectors.
    func rows() throws -> [(row: UInt64, vectors: [[Float]?])] {
        var rows: [(UInt64, [[Float]?])] = []
        try open().forEachRow { row in rows.append((row.row, (0..<4).map(row.vector))) }
        return rows
    }

    func expectRows(_ expected: [UInt64], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let rows = try rows()
        #expect(rows.map(\.row) == expected, sourceLocation: sourceLocation)
        for row in rows { #expect(row.vectors == Self.vectors(of: row.row), sourceLocation: sourceLocation) }
    }

    var files: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0 != "job.json" }.sorted() }
    }

    func contents() throws -> [String: Data] {
        try Dictionary(uniqueKeysWithValues: files.map { ($0, try Data(contentsOf: URL(filePath: "\(folder)/\($0)"))) })
    }
}

@Suite struct EmbeddingStoreTests {
    private let job: TemporaryStore

    init() throws { job = try TemporaryStore() }

    @Test func rowsComeBackFromTheirShardsInWhateverOrderTheirUnitsWereCommitted() throws {
        try job.add([[5, 0], [1], [2, 3, 4], [6, 7]])
        try job.commit(TemporaryStore.result(3, rows: [2, 3, 4]), TemporaryStore.result(1, rows: [5, 0]))
        try job.commit(TemporaryStore.result(4, rows: [6, 7]))
        try job.commit(TemporaryStore.result(2, rows: [1]))
        #expect(try job.files == ["rows-00000.partial", "rows-00001.partial", "rows-00002.partial"])
        try job.seal()
        #expect(try job.files == ["rows-00000.safetensors", "rows-00001.safetensors", "rows-00002.safetensors"])
        try job.expectRows([2, 3, 4, 5, 0, 6, 7, 1])
        var inOrder: [UInt64] = []
        try job.open().forEachRowInOrder { row in
            inOrder.append(row.row)
            #expect((0..<4).map(row.vector) == TemporaryStore.vectors(of: row.row))
        }
        #expect(inOrder == Array(0...7))
    }

    /// Read without the reader that the store has for itself.
    @Test func aSealedShardIsASafetensorsFile() throws {
        try job.add([[9, 4]])
        try job.commit(TemporaryStore.result(1, rows: [9, 4], notFinite: 1))
        try job.seal()
        let bytes = try [UInt8](Data(contentsOf: URL(filePath: job.folder + "/rows-00000.safetensors")))
        let dataStart = try SafetensorsHeader.byteCount(prefix: bytes.prefix(8), fileBytes: bytes.count)
        #expect(dataStart == headerBytes)
        let header = try SafetensorsHeader(serialized: bytes[..<dataStart], dataBytes: bytes.count - dataStart)
        #expect(
            header.tensors.mapValues(\.shape) == [
                "vectors": [2, 2, 2, 1, 3], "rows": [2], "crc32": [2], "scale": [2, 2, 2, 1],
            ])
        #expect(header.tensors.mapValues(\.type) == ["vectors": .f16, "rows": .i64, "crc32": .i64, "scale": .f32])
        #expect(header.tensors.values.map(\.range.upperBound).max() == bytes.count - dataStart)
        #expect(header.metadata["step"] == "rows" && header.metadata["shards"] == "1")
        func data(_ name: String) throws -> [UInt8] {
            let range = try #require(header.tensors[name]).range
            return Array(bytes[(dataStart + range.lowerBound)..<(dataStart + range.upperBound)])
        }
        #expect(try data("rows") == [9, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0])
        let scales = try Tensor(elementType: .f32, shape: [8], bytes: data("scale")).floats()
        // 920 * 4096 is 2^21.8.
        #expect(scales[..<4] == [1, 128, 1, 1] && scales[4...].allSatisfy(\.isNaN))
        #expect(try data("vectors")[..<2] == [0x08, 0x63])  // 900 in f16
        #expect(try job.rows()[1].vectors == [nil, nil, nil, nil])
    }

    @Test func aFailedOrSplitOrRepeatedRowIsNotThereTwice() throws {
        try job.add([[0, 1, 2], [3, 4]])
        #expect(try job.commit(TemporaryStore.result(1, rows: [0, 1, 2], failed: [1])) == [.done])
        let again = TemporaryStore.result(1, rows: [0, 1, 2])
        #expect(try job.commit(again) == [.duplicate(isEqual: true)])
        _ = try job.ledger.apply([.split(UnitID(2))], store: job.store)
        #expect(try job.commit(TemporaryStore.result(2, rows: [3, 4])) == [.duplicate(isEqual: true)])
        _ = try job.ledger.apply([.quarantine(UnitID(3), reason: "bad")], store: job.store)
        try job.commit(TemporaryStore.result(4, rows: [4]))
        try job.seal()
        try job.expectRows([0, 2, 4])
    }

    // MARK: Crashes

    /// Killed after the vectors were written and before the ledger knew.
    @Test func whatWasWrittenAndNotCommittedIsWrittenOver() throws {
        try job.add([[0, 1], [2, 3, 4, 5]])
        try job.commit(TemporaryStore.result(1, rows: [0, 1]))
        let kept = try #require(TemporaryStore.result(2, rows: [9, 9, 9, 9]).kept)
        let records = (0..<4).map { kept.vectors.bytes[$0 * layout.bytesPerRow..<($0 + 1) * layout.bytesPerRow] }
        try job.store.write(records, step: .rows, firstSlot: 2)
        try job.restart()
        #expect(try job.ledger.storedCount(of: .rows) == 2)
        // What comes is shorter than what was there.
        _ = try job.ledger.apply([.split(UnitID(2))])
        try job.commit(TemporaryStore.result(3, rows: [2, 3], failed: [1]))
        _ = try job.ledger.apply([.quarantine(UnitID(4), reason: "bad")])
        try job.seal()
        try job.expectRows([0, 1, 2])
        #expect(try job.files == ["rows-00000.safetensors"])
    }

    /// As on a full disk: the second of two results of a transaction cannot be written.
    @Test func aTransactionWhoseVectorsCannotBeWrittenChangesNothing() throws {
        try job.add([[0, 1], [2, 3]])
        let obstacle = job.folder + "/rows-00001.partial"
        try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: false)
        let results = [TemporaryStore.result(1, rows: [0, 1]), TemporaryStore.result(2, rows: [2, 3])]
        let error = #expect(throws: FileError.self) { try job.commit(results[0], results[1]) }
        #expect(error?.description == "\(obstacle): cannot open: Is a directory")
        #expect(try job.ledger.storedCount(of: .rows) == 0 && job.ledger.tally(of: .rows).rows == 0)
        try FileManager.default.removeItem(atPath: obstacle)
        try job.restart()
        try job.commit(results[1], results[0])
        try job.seal()
        try job.expectRows([2, 3, 0, 1])
    }

    /// At each step of sealing the second of three shards.
    @Test func sealingThatWasInterruptedIsDoneAgain() throws {
        try job.add([Array(0..<8)])
        try job.commit(TemporaryStore.result(1, rows: Array(0..<8)))
        let path = job.folder + "/rows-00001"
        let unsealed = try Data(contentsOf: URL(filePath: path + ".partial"))
        try job.seal()
        let sealed = try job.contents()
        let whole = try #require(sealed["rows-00001.safetensors"])
        let vectors = headerBytes + shardBytes
        let withoutHeader = Data(repeating: 0, count: headerBytes) + whole[headerBytes...]
        for interrupted in [
            unsealed, unsealed + whole[vectors..<vectors + 7], withoutHeader, whole[..<100] + withoutHeader[100...],
            whole,
            unsealed + Data(repeating: 7, count: 9999),
        ] {
            try FileManager.default.removeItem(atPath: path + ".safetensors")
            try interrupted.write(to: URL(filePath: path + ".partial"))
            try job.restart()
            try job.seal()
            #expect(try job.contents() == sealed)
        }
        try job.restart()
        try job.seal()
        #expect(try job.contents() == sealed)
    }

    @Test func aShardThatLostItsEndIsAnError() throws {
        try job.add([[0]])
        try job.commit(TemporaryStore.result(1, rows: [0]))
        let path = job.folder + "/rows-00000.partial"
        let count = headerBytes + layout.bytesPerRow
        #expect(truncate(path, off_t(count - 1)) == 0)
        let error = #expect(throws: Problem.self) { try job.seal() }
        #expect(error?.description == "\(path): expected at least \(count) bytes, found \(count - 1)")
    }

    // MARK: Whose it is

    @Test func aFolderOfAnotherJobIsRefused() throws {
        let error = #expect(throws: Problem.self) {
            try TemporaryStore.open(job.temporary.folder, run: "b", state: "/other")
        }
        #expect(error?.description.contains("another job: give this one a job.embeddings of its own") == true)
        try FileManager.default.removeItem(atPath: job.folder + "/job.json")
        _ = try TemporaryStore.open(job.temporary.folder)
        try FileManager.default.removeItem(atPath: job.folder + "/job.json")
        try Data().write(to: URL(filePath: job.folder + "/anchors-00000.safetensors"))
        let unknown = #expect(throws: Problem.self) { try TemporaryStore.open(job.temporary.folder) }
        #expect(unknown?.description.contains("found anchors-00000.safetensors") == true)
    }

    @Test func aFolderThatWasMovedAwayIsNotFilledAnew() throws {
        try job.add([[0]])
        try job.commit(TemporaryStore.result(1, rows: [0]))
        try FileManager.default.removeItem(atPath: job.folder)
        let error = #expect(throws: Problem.self) { try job.restart() }
        #expect(error?.description.contains("expected the embeddings of 1 rows") == true)
        // The advice is to bring it back, to this place.
        #expect(!FileManager.default.fileExists(atPath: job.folder))
    }

    @Test func aShardThatIsGoneIsNotMadeAnew() throws {
        try job.add([[0], [1]])
        try job.commit(TemporaryStore.result(1, rows: [0]))
        try FileManager.default.removeItem(atPath: job.folder + "/rows-00000.partial")
        try job.restart()
        #expect(throws: FileError.self) { try job.commit(TemporaryStore.result(2, rows: [1])) }
    }

    @Test func aStateFolderThatWasMovedTakesItsStoreAlong() throws {
        let state = job.temporary.folder
        _ = try TemporaryStore.open(state, state: state + "/moved", rowsHeld: 1)
        _ = try TemporaryStore.open(state, state: state, rowsHeld: 1)
        // Its ledger is still there: this is a copy, which would write over the first one's rows.
        let error = #expect(throws: Problem.self) {
            try TemporaryStore.open(state, state: state + "/copy", rowsHeld: 1)
        }
        #expect(error?.description.contains("holds the embeddings of the job in \(state), of which this") == true)
        _ = try TemporaryStore.open(state, state: state, rowsHeld: 1)
    }

    @Test func aJobThatIsBegunAnewBeginsWithAnEmptyFolder() throws {
        try job.add([Array(0..<4)])
        try job.commit(TemporaryStore.result(1, rows: Array(0..<4)))
        try job.seal()
        try Data("mine".utf8).write(to: URL(filePath: job.folder + "/notes.txt"))
        _ = try TemporaryStore.open(job.temporary.folder, run: "a")
        #expect(try job.files.count == 3)
        // Named like a shard, and of no step of the job.
        try Data("weights".utf8).write(to: URL(filePath: job.folder + "/model-00001.safetensors"))
        _ = try TemporaryStore.open(job.temporary.folder, run: "b")
        #expect(try job.files == ["model-00001.safetensors", "notes.txt"])
    }

    // MARK: Damage

    @Test func aShardThatIsGoneAfterSealingIsAnError() throws {
        try job.add([[0]])
        try job.commit(TemporaryStore.result(1, rows: [0]))
        try job.seal()
        let path = job.folder + "/rows-00000.safetensors"
        try FileManager.default.removeItem(atPath: path)
        #expect(throws: FileError(path: path, cannot: "open", code: ENOENT)) { try job.rows() }
    }

    @Test func aDamagedShardIsRefusedWithWhatIsWrong() throws {
        try job.add([Array(0..<4)])
        try job.commit(TemporaryStore.result(1, rows: Array(0..<4)))
        try job.seal()
        let path = job.folder + "/rows-00000.safetensors"
        let good = try Data(contentsOf: URL(filePath: path))
        func problem(_ damaged: Data) throws -> String {
            try FileManager.default.removeItem(atPath: path)
            try damaged.write(to: URL(filePath: path))
            defer { try? good.write(to: URL(filePath: path)) }
            let error = #expect(throws: Problem.self) { try job.rows() }
            return error.map { String($0.description.dropFirst(path.count)) } ?? ""
        }
        #expect(try problem(Data()).contains("expected at least 8 bytes, found 0"))
        #expect(try problem(good.dropLast()).contains("with offsets"))
        #expect(try problem(good + [0]) == " is damaged: expected \(good.count) bytes, found \(good.count + 1)")
        var flipped = good
        flipped[headerBytes + layout.bytesPerRow + 3] ^= 1
        #expect(try problem(flipped) == " is damaged: the vectors of row 1 have another checksum")
        var other = good
        let run = try #require(other.firstRange(of: Data(#""run":"a""#.utf8)))
        other.replaceSubrange(run, with: Data(#""run":"b""#.utf8))
        #expect(try problem(other) == " is not of this job: run: expected a, found b")
        try job.expectRows([0, 1, 2, 3])
    }
}
