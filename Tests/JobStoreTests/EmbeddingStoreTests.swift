import Diagnostics
import Digest
import FileSystem
import Foundation
import JobStoreFixtures
import Protocol
import Safetensors
import Testing

@testable import JobStore

extension [UInt8] {
    fileprivate func chunks(of count: Int) -> [[UInt8]] {
        stride(from: 0, to: self.count, by: count).map { Array(self[$0..<$0 + count]) }
    }
}

@Suite struct EmbeddingStoreTests {
    private let job: TemporaryStore

    init() throws { job = try TemporaryStore() }

    private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian, Array.init)
    }

    @Test func rowsComeBackFromTheirShardsInWhateverOrderTheirUnitsWereCommitted() throws {
        try job.add([[5, 0], [1], [2, 3, 4], [6, 7]])
        try job.commit(job.result(3, rows: [2, 3, 4]), job.result(1, rows: [5, 0]))
        try job.commit(job.result(4, rows: [6, 7]))
        try job.commit(job.result(2, rows: [1]))
        #expect(try job.files == ["rows-00000.partial", "rows-00001.partial", "rows-00002.partial"])
        try job.seal()
        #expect(try job.files == ["rows-00000.safetensors", "rows-00001.safetensors", "rows-00002.safetensors"])
        try job.expectRows([2, 3, 4, 5, 0, 6, 7, 1])
        var inOrder: [UInt64] = []
        try job.states().forEachRowInOrder(1) { row in
            inOrder.append(row.row)
            let vectors = job.vectors(of: row.row)
            #expect([row.vector(0), row.vector(1)] == [vectors[1], vectors[3]])
        }
        #expect(inOrder == Array(0...7))
    }

    /// Read without the reader that the store has for itself.
    @Test func aSealedShardIsASafetensorsFile() throws {
        try job.add([[9, 4]])
        try job.commit(job.result(1, rows: [9, 4], notFinite: 1))
        try job.seal()
        let bytes = try [UInt8](Data(contentsOf: URL(filePath: job.folder + "/rows-00000.safetensors")))
        let dataStart = try SafetensorsHeader.byteCount(prefix: bytes.prefix(8), fileBytes: bytes.count)
        #expect(dataStart == TemporaryStore.headerBytes)
        let header = try SafetensorsHeader(serialized: bytes[..<dataStart], dataBytes: bytes.count - dataStart)
        let ofReadouts = ["3/last", "30/mean-response"]
        #expect(
            header.tensors.mapValues(\.shape) == [
                "vectors/3/last": [2, 2, 3], "vectors/30/mean-response": [2, 2, 3], "rows": [2],
                "crc32/3/last": [2], "crc32/30/mean-response": [2], "scale/3/last": [2, 2],
                "scale/30/mean-response": [2, 2],
            ])
        #expect(header.tensors.values.map(\.range.upperBound).max() == bytes.count - dataStart)
        #expect(header.metadata["step"] == "rows" && header.metadata["shards"] == "1")
        #expect(
            header.metadata["format"] == "legend-embeddings-2" && header.metadata["responses"] == "chosen, rejected")
        #expect(header.metadata["readouts"] == ofReadouts.joined(separator: ", "))
        func data(_ name: String) throws -> [UInt8] {
            let range = try #require(header.tensors[name]).range
            return Array(bytes[(dataStart + range.lowerBound)..<(dataStart + range.upperBound)])
        }
        #expect(try data("rows") == [9, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0])
        let scales = try ofReadouts.map {
            try Tensor(elementType: .f32, shape: [4], bytes: data("scale/" + $0)).floats()
        }
        // 920 * 4096 is 2^21.8.
        #expect(scales[0][..<2] == [1, 1] && scales[1][..<2] == [128, 1])
        #expect(scales.allSatisfy { $0[2...].allSatisfy(\.isNaN) })
        let vectors = try ofReadouts.map { try data("vectors/" + $0) }
        #expect(vectors[0][..<2] == [0x08, 0x63])  // 900 in f16
        for (slot, name) in ofReadouts.enumerated() {
            let checksums = vectors[slot].chunks(of: 12).flatMap { row in
                Self.littleEndian(Int64(CRC32.checksum(row)))
            }
            #expect(try data("crc32/" + name) == checksums)
        }
        #expect(try job.rows()[1].vectors == [nil, nil, nil, nil])
    }

    /// As all files were before there were several readouts: an older reader reads it.
    @Test func aShardOfOneReadoutHasTheFirstFormat() throws {
        let job = try TemporaryStore([Readout(30, .lastToken)])
        try job.add([[9, 4]])
        try job.commit(job.result(1, rows: [9, 4]))
        let partial = try Data(contentsOf: URL(filePath: job.folder + "/rows-00000.partial"))
        try job.seal()
        let bytes = try [UInt8](Data(contentsOf: URL(filePath: job.folder + "/rows-00000.safetensors")))
        let header = try SafetensorsHeader(
            serialized: bytes[..<TemporaryStore.headerBytes], dataBytes: bytes.count - TemporaryStore.headerBytes)
        #expect(
            header.tensors.mapValues(\.shape) == [
                "vectors": [2, 2, 1, 1, 3], "rows": [2], "crc32": [2], "scale": [2, 2, 1, 1],
            ])
        #expect(header.tensors.mapValues(\.type) == ["vectors": .f16, "rows": .i64, "crc32": .i64, "scale": .f32])
        #expect(header.tensors.mapValues(\.range.lowerBound) == ["vectors": 0, "rows": 24, "crc32": 40, "scale": 56])
        let about = """
            The hidden state of a response is vectors[i, response, layer, token] * scale[i, response, layer, token], of \
            the row rows[i] of the input (from 0). A scale is a power of two, 1 nearly always, or NaN where the state is \
            not finite. crc32[i] is zlib's of the bytes of vectors[i].
            """
        #expect(
            header.metadata == [
                "about": about, "format": "legend-embeddings-1", "layers": "[30]", "tokens": "last", "run": "a",
                "step": "rows",
                "shard": "0", "shards": "1", "responses": "chosen, rejected",
            ])
        let vectors = Array(bytes[TemporaryStore.headerBytes..<TemporaryStore.headerBytes + 24])
        #expect(vectors == Array(partial[TemporaryStore.headerBytes...]))
        let rows = ([9, 4] as [Int64]).flatMap(Self.littleEndian)
        let checksums = vectors.chunks(of: 12).map { Int64(CRC32.checksum($0)) }.flatMap(Self.littleEndian)
        // 912 * 4096 is 2^21.8, 412 * 4096 is 2^20.7.
        let scales = ([1, 128, 1, 64] as [Float]).map(\.bitPattern).flatMap(Self.littleEndian)
        #expect(Array(bytes[(TemporaryStore.headerBytes + 24)...]) == rows + checksums + scales)
        try job.expectRows([9, 4])
    }

    /// Each row says how many responses it has, and a row is not parted between shards.
    @Test(arguments: [
        [Readout(3, .lastToken)], [Readout(3, .lastToken), Readout(3, .meanText), Readout(30, .lastToken)],
    ])
    func rowsMayHaveAnyNumberOfResponses(_ readouts: [Readout]) throws {
        let job = try TemporaryStore(readouts)
        let responses = [0: 1, 1: 4, 2: 3, 3: 6, 4: 7, 5: 2]
        try job.addRagged([[0, 1, 2], [3, 4], [5]], responses: responses)
        try job.commit(job.result(2, rows: [3, 4], responses: [6, 7]))
        try job.commit(
            job.result(1, rows: [0, 1, 2], responses: [1, 4, 3], failed: [1]), job.result(3, rows: [5], responses: [2]))
        try job.store.seal(.ragged, job.layout, ledger: job.ledger)
        // Six texts fill a shard; the row with seven has one of its own.
        #expect(
            try job.ledger.storedShards(of: .rows).map { [$0.slots.lowerBound, $0.slots.count, $0.texts] } == [
                [0, 1, 6], [1, 1, 7], [2, 3, 6],
            ])
        // Read row by row, in parts that end within a shard and with it, and as a whole.
        for vectors in [1, 6, 7, 8, 10, 1000] {
            let rows = try job.rows(of: .ragged, chunkBytes: vectors * job.layout.bytesPerVector)
            #expect(rows.map(\.row) == [3, 4, 0, 2, 5])
            for row in rows {
                #expect(row.vectors == job.vectors(of: row.row, responses: responses[Int(row.row)] ?? 0))
            }
        }
        let bytes = try [UInt8](Data(contentsOf: URL(filePath: job.folder + "/ragged-00002.safetensors")))
        let header = try SafetensorsHeader(
            serialized: bytes[..<TemporaryStore.headerBytes], dataBytes: bytes.count - TemporaryStore.headerBytes)
        #expect(header.tensors["responses"]?.shape == [3] && header.metadata["responses"] == nil)
        let range = try #require(header.tensors["responses"]).range
        let counts = bytes[
            TemporaryStore.headerBytes + range.lowerBound..<TemporaryStore.headerBytes + range.upperBound]
        #expect(Array(counts).chunks(of: 8).map { $0[0] } == [1, 3, 2])
        #expect(header.tensors[job.layout.name(.vectors, ofSlot: 0)]?.shape == [6, 3])
        #expect(header.tensors[job.layout.name(.scale, ofSlot: 0)]?.shape == [6])
    }

    @Test func aFailedOrSplitOrRepeatedRowIsNotThereTwice() throws {
        try job.add([[0, 1, 2], [3, 4]])
        #expect(try job.commit(job.result(1, rows: [0, 1, 2], failed: [1])) == [.done])
        let again = job.result(1, rows: [0, 1, 2])
        #expect(try job.commit(again) == [.duplicate(isEqual: true)])
        _ = try job.ledger.apply([.split(UnitID(2))], store: job.store)
        #expect(try job.commit(job.result(2, rows: [3, 4])) == [.duplicate(isEqual: true)])
        _ = try job.ledger.apply([.quarantine(UnitID(3), reason: "bad")], store: job.store)
        try job.commit(job.result(4, rows: [4]))
        try job.seal()
        try job.expectRows([0, 2, 4])
    }

    // MARK: Whose it is

    @Test func aFolderOfAnotherJobIsRefused() throws {
        let error = #expect(throws: Problem.self) {
            try job.open(run: "b", state: "/other")
        }
        #expect(error?.description.contains("another job: give this one a job.embeddings of its own") == true)
        try FileManager.default.removeItem(atPath: job.folder + "/job.json")
        _ = try job.open()
        try FileManager.default.removeItem(atPath: job.folder + "/job.json")
        try Data().write(to: URL(filePath: job.folder + "/anchors-00000.safetensors"))
        let unknown = #expect(throws: Problem.self) { try job.open() }
        #expect(unknown?.description.contains("found anchors-00000.safetensors") == true)
    }

    @Test func aFolderThatWasMovedAwayIsNotFilledAnew() throws {
        try job.add([[0]])
        try job.commit(job.result(1, rows: [0]))
        try FileManager.default.removeItem(atPath: job.folder)
        let error = #expect(throws: Problem.self) { try job.restart() }
        #expect(error?.description.contains("expected the embeddings of 1 rows") == true)
        // The advice is to bring it back, to this place.
        #expect(!FileManager.default.fileExists(atPath: job.folder))
    }

    @Test func aShardThatIsGoneIsNotMadeAnew() throws {
        try job.add([[0], [1]])
        try job.commit(job.result(1, rows: [0]))
        try FileManager.default.removeItem(atPath: job.folder + "/rows-00000.partial")
        try job.restart()
        #expect(throws: FileError.self) { try job.commit(job.result(2, rows: [1])) }
    }

    @Test func aStateFolderThatWasMovedTakesItsStoreAlong() throws {
        let state = job.temporary.folder
        _ = try job.open(state: state + "/moved", rowsHeld: 1)
        _ = try job.open(state: state, rowsHeld: 1)
        // Its ledger is still there: this is a copy, which would write over the first one's rows.
        let error = #expect(throws: Problem.self) {
            try job.open(state: state + "/copy", rowsHeld: 1)
        }
        #expect(error?.description.contains("holds the embeddings of the job in \(state), of which this") == true)
        _ = try job.open(state: state, rowsHeld: 1)
    }

    @Test func aJobThatIsBegunAnewBeginsWithAnEmptyFolder() throws {
        try job.add([Array(0..<4)])
        try job.commit(job.result(1, rows: Array(0..<4)))
        try job.seal()
        try Data("mine".utf8).write(to: URL(filePath: job.folder + "/notes.txt"))
        _ = try job.open(run: "a")
        #expect(try job.files.count == 3)
        // Named like a shard, and of no step of the job; and with fewer digits than a shard.
        let own = ["model-00001.safetensors", "rows-1.safetensors"]
        for name in own { try Data("weights".utf8).write(to: URL(filePath: job.folder + "/" + name)) }
        _ = try job.open(run: "b")
        #expect(try job.files == ["model-00001.safetensors", "notes.txt", "rows-1.safetensors"])
    }

    // MARK: Damage

    @Test func aShardThatIsGoneAfterSealingIsAnError() throws {
        try job.add([[0]])
        try job.commit(job.result(1, rows: [0]))
        try job.seal()
        let path = job.folder + "/rows-00000.safetensors"
        try FileManager.default.removeItem(atPath: path)
        #expect(throws: FileError(path: path, cannot: "open", code: ENOENT)) { try job.rows() }
    }

    @Test func aDamagedShardIsRefusedWithWhatIsWrong() throws {
        try job.add([Array(0..<4)])
        try job.commit(job.result(1, rows: Array(0..<4)))
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
        flipped[TemporaryStore.headerBytes + 2 * job.layout.bytesPerVector + 3] ^= 1
        #expect(try problem(flipped) == " is damaged: the vectors of row 1 have another checksum")
        var other = good
        let run = try #require(other.firstRange(of: Data(#""run":"a""#.utf8)))
        other.replaceSubrange(run, with: Data(#""run":"b""#.utf8))
        #expect(try problem(other) == " is not of this job: run: expected a, found b")
        try job.expectRows([0, 1, 2, 3])
    }
}
