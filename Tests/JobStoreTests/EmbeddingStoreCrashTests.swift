import Diagnostics
import FileSystem
import Foundation
import JobStoreFixtures
import Protocol
import Testing

@testable import JobStore

@Suite struct EmbeddingStoreCrashTests {
    private let job: TemporaryStore

    init() throws { job = try TemporaryStore() }

    /// Killed after the vectors were written and before the ledger knew.
    @Test func whatWasWrittenAndNotCommittedIsWrittenOver() throws {
        try job.add([[0, 1], [2, 3, 4, 5]])
        try job.commit(job.result(1, rows: [0, 1]))
        let kept = try #require(job.result(2, rows: [9, 9, 9, 9]).kept)
        let records = (0..<4).map { EmbeddingStore.Record(kept, texts: 2 * $0..<2 * $0 + 2) }
        let places = try job.store.write(records, step: .rows, behind: .init(shard: 0, text: 4))
        #expect(places.map { [$0.shard, $0.text] } == [[0, 4], [1, 0], [1, 2], [1, 4]])
        try job.restart()
        #expect(try job.ledger.storedCount(of: .rows) == 2)
        // What comes is shorter than what was there.
        _ = try job.ledger.apply([.split(UnitID(2))])
        try job.commit(job.result(3, rows: [2, 3], failed: [1]))
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
        let results = [job.result(1, rows: [0, 1]), job.result(2, rows: [2, 3])]
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
        let job = try TemporaryStore([Readout(30, .lastToken)])
        try job.add([Array(0..<8)])
        try job.commit(job.result(1, rows: Array(0..<8)))
        let path = job.folder + "/rows-00001"
        let unsealed = try Data(contentsOf: URL(filePath: path + ".partial"))
        try job.seal()
        let sealed = try job.contents()
        let whole = try #require(sealed["rows-00001.safetensors"])
        let vectors = TemporaryStore.headerBytes + job.shardBytes
        let withoutHeader = Data(repeating: 0, count: TemporaryStore.headerBytes) + whole[TemporaryStore.headerBytes...]
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

    /// Of several readouts, another file is put together.
    @Test func sealingOfSeveralReadoutsThatWasInterruptedIsDoneAgain() throws {
        try job.add([Array(0..<8)])
        try job.commit(job.result(1, rows: Array(0..<8)))
        let path = job.folder + "/rows-00001"
        let unsealed = try Data(contentsOf: URL(filePath: path + ".partial"))
        try job.seal()
        let sealed = try job.contents()
        #expect(sealed.count == 3)
        let whole = try #require(sealed["rows-00001.safetensors"])
        for interrupted in [nil, Data(), whole.dropLast(50), whole + Data(repeating: 7, count: 99), whole] {
            try FileManager.default.removeItem(atPath: path + ".safetensors")
            try unsealed.write(to: URL(filePath: path + ".partial"))
            try interrupted?.write(to: URL(filePath: path + ".sealing"))
            try job.restart()
            try job.seal()
            #expect(try job.contents() == sealed)
        }
        // It had its name, and the partial one was still there.
        try unsealed.write(to: URL(filePath: path + ".partial"))
        try job.restart()
        try job.seal()
        #expect(try job.contents() == sealed)
    }

    @Test func aShardThatLostItsEndIsAnError() throws {
        try job.add([[0]])
        try job.commit(job.result(1, rows: [0]))
        let path = job.folder + "/rows-00000.partial"
        let count = TemporaryStore.headerBytes + 2 * job.layout.bytesPerText
        #expect(truncate(path, off_t(count - 1)) == 0)
        let error = #expect(throws: Problem.self) { try job.seal() }
        #expect(error?.description == "\(path): expected at least \(count) bytes, found \(count - 1)")
    }
}
