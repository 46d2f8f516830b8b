import Diagnostics
import Digest
import Foundation
import ModelFiles
import Protocol
import Testing

@testable import Coordinator

/// The model's files as workers get them.
@Suite struct ServedModelTests {
    private final class Folder {
        let path = FileManager.default.temporaryDirectory.appending(path: "legend-served-\(UUID().uuidString)").path

        init() throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try write("config.json", "{}")
            try write("merges.txt", "")
            // Two chunks, and the beginning and the end of others.
            try write("model.safetensors", String(repeating: "abcdefgh", count: 3 << 17))
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)"))
        }

        func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: "\(path)/\(name)"))) }
    }

    @Test func chunksAreTheFilesOneBehindTheOther() throws {
        let folder = try Folder()
        let served = try ServedModel(ModelParts(path: folder.path))
        let open = try OpenModel(served)
        #expect(open.offer.manifest?.files.map(\.name) == ["config.json", "merges.txt", "model.safetensors"])
        #expect(open.offer.chunkCount == 4 && open.offer.digest == served.digest)
        let chunks = try (0..<4).map { try open.chunk($0) }
        #expect(chunks.allSatisfy { $0.digest == served.digest } && chunks.map(\.index) == [0, 1, 2, 3])
        let all = try folder.bytes("config.json") + folder.bytes("model.safetensors")
        #expect(chunks.flatMap(\.bytes) == all)
    }

    @Test func theLedgersDigestCountsAsLongAsNothingChanges() throws {
        let folder = try Folder()
        let served = try ServedModel(ModelParts(path: folder.path))
        let known = served.serialized()
        #expect(try ServedModel(serialized: known, ifStill: ModelParts(path: folder.path)) == served)
        // Its name is known of tokenizers: the model is another one with it.
        try folder.write("tokenizer.json", "{}")
        #expect(try ServedModel(serialized: known, ifStill: ModelParts(path: folder.path)) == nil)
        #expect(ServedModel(serialized: Array("{}".utf8), ifStill: served.parts) == nil)
    }

    @Test func aFileThatChangesIsNamedAndNotSentAnyMore() throws {
        let folder = try Folder()
        let served = try ServedModel(ModelParts(path: folder.path))
        let open = try OpenModel(served)
        let file = try FileHandle(forWritingTo: URL(filePath: folder.path + "/model.safetensors"))
        try file.seekToEnd()
        try file.write(contentsOf: Data("more".utf8))
        try file.close()
        let problem = #expect(throws: Problem.self) { try open.chunk(1) }
        #expect(problem?.description.contains("model.safetensors was changed; start the coordinator again") == true)
        let again = #expect(throws: Problem.self) { try OpenModel(served) }
        #expect(again?.description.contains("model.safetensors was changed") == true)
    }

    @Test func anEmptyFileIsNoModel() throws {
        let folder = try Folder()
        try folder.write("model.gguf", "")
        let served = try ServedModel(ModelParts(path: folder.path + "/model.gguf"))
        let problem = #expect(throws: Problem.self) { try OpenModel(served) }
        #expect(problem?.description.hasSuffix("model.gguf is empty") == true)
    }
}
