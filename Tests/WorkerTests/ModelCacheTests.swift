import Digest
internal import FileSystem
import Foundation
import Protocol
import Testing

@testable import Worker

@Suite struct ModelCacheTests {
    private static let offer = ModelOffer(digest: String(repeating: "a", count: 64), byteCount: 10)

    /// A folder that is removed with the value.
    private final class Folder: Sendable {
        let path = FileManager.default.temporaryDirectory.appending(path: "legend-cache-\(UUID().uuidString)").path

        deinit { try? FileManager.default.removeItem(atPath: path) }

        var cache: ModelCache { ModelCache(folder: path) }
        var files: [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: path + "/models")) ?? []).sorted()
        }
    }

    @Test(
        arguments: [
            ("/o", ["LEGEND_CACHE": "/l", "XDG_CACHE_HOME": "/x"], "/o"),
            (nil, ["LEGEND_CACHE": "/l", "XDG_CACHE_HOME": "/x"], "/l"),
            (nil, ["LEGEND_CACHE": "", "XDG_CACHE_HOME": "/x"], "/x/legend"),
            (nil, ["XDG_CACHE_HOME": "x"], "/home/me/.cache/legend"), (nil, [:], "/home/me/.cache/legend"),
        ] as [(String?, [String: String], String)])
    func theFolderIsTheOperatorsOrTheUsers(_ option: String?, _ environment: [String: String], _ folder: String) {
        #expect(ModelCache(option: option, environment: environment, home: "/home/me").folder == folder)
    }

    @Test func aFileGetsItsNameWhenItIsWhole() throws {
        let folder = Folder()
        let file = try PartialModel(Self.offer, in: folder.cache) { Issue.record("nobody else has it") }
        try file.append([1, 2, 3])
        try file.truncate(to: 2)
        try file.append([9])
        #expect(file.byteCount == 3 && !file.isComplete)
        #expect(folder.files == ["\(Self.offer.digest).partial"])
        #expect(try file.complete() == folder.cache.path(of: Self.offer.digest))
        #expect(folder.files == ["\(Self.offer.digest).gguf"])
        #expect(FileManager.default.contents(atPath: folder.cache.path(of: Self.offer.digest)) == Data([1, 2, 9]))
    }

    @Test func whatAnEarlierProcessLeftIsThere() throws {
        let folder = Folder()
        try PartialModel(Self.offer, in: folder.cache) {}.append([1, 2, 3])
        let again = try PartialModel(Self.offer, in: folder.cache) { Issue.record("nobody has it any more") }
        #expect(again.byteCount == 3)
    }

    /// The second one waits on a thread of its own until the first one is done, and then finds the whole file.
    @Test func twoWorkersTakeTurns() async throws {
        let folder = Folder()
        var first: PartialModel? = try PartialModel(Self.offer, in: folder.cache) {}
        let (waits, waiting) = AsyncStream.makeStream(of: Void.self)
        let second = Task {
            try await onOwnThread {
                let file = try PartialModel(Self.offer, in: folder.cache) { waiting.finish() }
                defer { withExtendedLifetime(file) {} }
                let isComplete = file.isComplete
                if isComplete { try file.remove() }
                return (isComplete, file.byteCount)
            }
        }
        for await _ in waits {}
        try first?.append([1])
        _ = try first?.complete()
        first = nil
        #expect(try await second.value == (true, 0))
        #expect(folder.files == ["\(Self.offer.digest).gguf"])
    }

    @Test func tooLittleSpaceIsSaidBeforeAnythingIsWritten() throws {
        let folder = Folder()
        let huge = ModelOffer(digest: Self.offer.digest, byteCount: 1 << 50)
        let file = try PartialModel(huge, in: folder.cache) {}
        let error = #expect(throws: ModelCacheError.self) { try file.checkSpace() }
        let text = error?.description ?? ""
        #expect(
            text.hasPrefix("too little space in \(folder.path)/models: the model needs 1125899907 MB more"), "\(text)")
        #expect(text.hasSuffix("choose another folder with --cache or LEGEND_CACHE"))
    }

    @Test func aFolderThatCannotBeMadeIsNamed() throws {
        let folder = Folder()
        try Data().write(to: URL(filePath: folder.path))
        let error = #expect(throws: ModelCacheError.self) { try PartialModel(Self.offer, in: folder.cache) {} }
        #expect(error?.description.hasPrefix("cannot make the folder \(folder.path)/models") == true)
    }

    @Test func onlyTheDamagedFileIsRemovedNotItsSuccessor() throws {
        let folder = Folder()
        let path = folder.cache.path(of: Self.offer.digest)
        try PartialModel(Self.offer, in: folder.cache) {}.append([1])
        _ = try PartialModel(Self.offer, in: folder.cache) {}.complete()
        #expect(folder.cache.cached(Self.offer.digest)?.place == path)
        let damaged = FileStatus(path: path)
        let successor = try PartialModel(Self.offer, in: folder.cache) {}
        try successor.append([2])
        _ = try successor.complete()
        try folder.cache.remove(path, ifStill: damaged)
        #expect(FileManager.default.contents(atPath: path) == Data([2]))
        try folder.cache.remove(path, ifStill: FileStatus(path: path))
        #expect(folder.files == [])
    }
}
