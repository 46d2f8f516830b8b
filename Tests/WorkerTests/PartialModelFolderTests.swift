import Digest
internal import FileSystem
import Foundation
import Protocol
import SeededRandom
import Testing

@testable import Worker

/// Models of several files in the cache.
@Suite struct PartialModelFolderTests {
    private static let digest = String(repeating: "b", count: 64)

    /// A folder that is removed with the value.
    private final class Folder: Sendable {
        let path = FileManager.default.temporaryDirectory.appending(path: "legend-cache-\(UUID().uuidString)").path

        deinit { try? FileManager.default.removeItem(atPath: path) }

        var cache: ModelCache { ModelCache(folder: path) }
        var partial: String { cache.partialFolder(of: PartialModelFolderTests.digest) }
        var final: String { cache.folder(of: PartialModelFolderTests.digest) }

        func names(_ folder: String) -> [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
        }

        var models: [String] { names(path + "/models") }
    }

    private static let files = [
        ("config.json", "{}"), ("tokenizer.json", ""), ("merges.txt", "abcdef"), ("model.safetensors", "0123456789"),
    ]

    private func offer(_ files: [(String, String)] = Self.files) throws -> ModelOffer {
        let manifest = try FileManifest(files.map { .init(name: $0.0, byteCount: UInt64($0.1.utf8.count)) })
        return ModelOffer(digest: Self.digest, manifest: manifest)
    }

    private static let bytes = Array(files.map(\.1).joined().utf8)

    @Test func theFilesGetTheirPlaceWhenAllAreWhole() throws {
        let (folder, offer) = (Folder(), try offer())
        let partial = try PartialModel(offer, in: folder.cache) { Issue.record("nobody else has it") }
        for byte in Self.bytes.prefix(9) { try partial.append([byte]) }
        #expect(folder.models == ["\(Self.digest).partial", "\(Self.digest).parts"] && !partial.isComplete)
        #expect(folder.cache.cached(Self.digest) == nil)
        try partial.append(Array(Self.bytes[9...]))
        let manifest = try #require(offer.manifest)
        #expect(try partial.digest() == SHA256Digest(of: Data(manifest.header + Self.bytes)).description)
        #expect(try partial.complete() == folder.final)
        #expect(folder.models == [Self.digest])
        #expect(folder.cache.cached(Self.digest).map { $0 == (folder.final, folder.final) } == true)
        for (name, text) in Self.files {
            #expect(FileManager.default.contents(atPath: "\(folder.final)/\(name)") == Data(text.utf8), "\(name)")
        }
    }

    /// Whoever was killed when, what is there is the beginning without a gap.
    @Test(arguments: [0, 1, 2, 5, 8, 9, 17, 18])
    func whatAnEarlierProcessLeftIsThere(_ count: Int) throws {
        let (folder, offer) = (Folder(), try offer())
        try PartialModel(offer, in: folder.cache) {}.append(Array(Self.bytes[..<count]))
        let again = try PartialModel(offer, in: folder.cache) { Issue.record("nobody has it any more") }
        #expect(again.byteCount == UInt64(count))
        try again.append(Array(Self.bytes[count...]))
        let manifest = try #require(offer.manifest)
        #expect(try again.digest() == SHA256Digest(of: Data(manifest.header + Self.bytes)).description)
    }

    @Test func whatIsBehindAGapOrTooLongIsNotTakenForTheModels() throws {
        let (folder, offer) = (Folder(), try offer())
        try PartialModel(offer, in: folder.cache) {}.append(Self.bytes)
        // As a disk may leave it that lost what was written last.
        try Data("abc".utf8).write(to: URL(filePath: folder.partial + "/merges.txt"))
        do {
            let gap = try PartialModel(offer, in: folder.cache) {}
            defer { withExtendedLifetime(gap) {} }
            #expect(gap.byteCount == 5 && !folder.names(folder.partial).contains("model.safetensors"))
            try gap.append(Array("def0123456789".utf8))
        }
        try Data("{}}".utf8).write(to: URL(filePath: folder.partial + "/config.json"))
        #expect(try PartialModel(offer, in: folder.cache) {}.byteCount == 0)
        #expect(folder.names(folder.partial) == [])
    }

    @Test func cuttingLeavesTheBeginning() throws {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<50 {
            let (folder, offer) = (Folder(), try offer())
            let partial = try PartialModel(offer, in: folder.cache) {}
            try partial.append(Self.bytes)
            for _ in 0..<4 {
                let cut = Int.random(in: 0...Int(partial.byteCount), using: &random)
                try partial.truncate(to: UInt64(cut))
                let more = Int.random(in: cut...Self.bytes.count, using: &random)
                try partial.append(Array(Self.bytes[cut..<more]))
            }
            try partial.append(Array(Self.bytes[Int(partial.byteCount)...]))
            _ = try partial.complete()
            let found = Self.files.map { FileManager.default.contents(atPath: "\(folder.final)/\($0.0)") ?? Data() }
            #expect(Array(found.joined()) == Self.bytes)
        }
    }

    @Test func twoWorkersTakeTurns() async throws {
        let (folder, offer) = (Folder(), try offer())
        var first: PartialModel? = try PartialModel(offer, in: folder.cache) {}
        let (waits, waiting) = AsyncStream.makeStream(of: Void.self)
        let second = Task {
            try await onOwnThread {
                let partial = try PartialModel(offer, in: folder.cache) { waiting.finish() }
                let isComplete = partial.isComplete
                if isComplete { try partial.remove() }
                return isComplete
            }
        }
        for await _ in waits {}
        try first?.append(Self.bytes)
        _ = try first?.complete()
        first = nil
        #expect(try await second.value)
        #expect(folder.models == [Self.digest])
    }

    /// The digest is right: these are the files that were offered. But who reads them by the folder reads others.
    @Test(arguments: [
        ([("model.safetensors", "x"), ("config.json", "{}")], "in another order"),
        ([("config.json", "{}"), ("model.safetensors", "x"), ("run.sh", "y")], "with run.sh"),
        ([("config.json", "{}"), ("tokenizer.json", "y")], "model.safetensors or model.safetensors.index.json"),
        ([("a.bin", "y")], "with config.json"),
    ])
    func filesThatAreNoModelAreNotKept(_ files: [(String, String)], _ words: String) throws {
        let folder = Folder()
        let partial = try PartialModel(offer(files), in: folder.cache) {}
        try partial.append(Array(files.map(\.1).joined().utf8))
        _ = try partial.digest()
        let failure = #expect(throws: ModelDownload.Failure.self) { try partial.complete() }
        #expect(failure?.description.contains(words) == true, "\(String(describing: failure))")
        #expect(folder.cache.cached(Self.digest) == nil && folder.names(folder.partial) == [])
    }

    @Test func tooLittleSpaceIsSaidBeforeAnythingIsWritten() throws {
        let folder = Folder()
        let manifest = try FileManifest([
            .init(name: "config.json", byteCount: 1 << 49), .init(name: "model.safetensors", byteCount: 1 << 49),
        ])
        let partial = try PartialModel(ModelOffer(digest: Self.digest, manifest: manifest), in: folder.cache) {}
        let error = #expect(throws: ModelCacheError.self) { try partial.checkSpace() }
        #expect(error?.description.contains("the model needs 1125899907 MB more") == true)
    }

    @Test func onlyTheDamagedFolderIsRemoved() throws {
        let (folder, offer) = (Folder(), try offer())
        let partial = try PartialModel(offer, in: folder.cache) {}
        try partial.append(Self.bytes)
        _ = try partial.complete()
        let another = FileStatus(path: folder.path)
        try folder.cache.remove(folder.final, ifStill: another)
        try folder.cache.remove(folder.final, ifStill: nil)
        #expect(folder.models == [Self.digest])
        try folder.cache.remove(folder.final, ifStill: FileStatus(path: folder.final))
        #expect(folder.models == [])
    }
}

/// What waits for a lock must not hold one of the few threads that all tests share.
func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Result(catching: body)) }.start()
    }
}
