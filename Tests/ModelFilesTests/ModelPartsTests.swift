import Diagnostics
import Digest
import Foundation
import ModelFiles
import Testing

/// Which files a model is made of, and its digest.
struct ModelPartsTests {
    private final class Folder {
        let path = NSTemporaryDirectory() + "model-parts-\(UUID().uuidString)"

        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ name: String, _ text: String = "x") throws {
            try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)"))
        }

        func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }
    }

    /// One with an index, and much that is no part of the model.
    private func sharded() throws -> Folder {
        let folder = try Folder()
        for name in [
            "tokenizer.json", "README.md", "pytorch_model.bin", "model.safetensors", "b-2.safetensors",
            "a-1.safetensors",
            "other.safetensors", ".gitattributes", "config.json", "tokenizer_config.json", "chat_template.jinja",
        ] { try folder.write(name, name) }
        try folder.write(
            "model.safetensors.index.json",
            #"{"weight_map": {"x": "b-2.safetensors", "y": "a-1.safetensors", "z": "b-2.safetensors"}}"#)
        return folder
    }

    private func names(_ path: String) throws -> [String] {
        try #require(try ModelParts(path: path).manifest).files.map(\.name)
    }

    @Test func aFolderIsExactlyTheFilesThatAreRead() throws {
        let folder = try sharded()
        let expected = [
            "config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja",
            "model.safetensors.index.json", "a-1.safetensors", "b-2.safetensors",
        ]
        #expect(try names(folder.path) == expected)
        #expect(try names(folder.path + "/") == expected)
        try folder.remove("model.safetensors.index.json")
        #expect(try names(folder.path) == expected.prefix(4) + ["model.safetensors"])
    }

    @Test func theDigestIsTheSameWhereverTheFolderLies() throws {
        let (one, other) = (try sharded(), try sharded())
        let digest = try ModelParts(path: one.path).digest()
        #expect(try ModelParts(path: other.path).digest() == digest)
        try other.write("README.md", "another text")
        #expect(try ModelParts(path: other.path).digest() == digest)
        for (name, text) in [("config.json", "Config.json"), ("merges.txt", ""), ("b-2.safetensors", "")] {
            let changed = try sharded()
            try changed.write(name, text)
            #expect(try ModelParts(path: changed.path).digest() != digest, "\(name)")
        }
    }

    @Test func oneFileHasItsOwnDigest() throws {
        let folder = try Folder()
        try folder.write("model.gguf", "text")
        let parts = try ModelParts(path: folder.path + "/model.gguf")
        #expect(parts.manifest == nil && parts.byteCount == 4)
        #expect(try parts.digest() == SHA256Digest(of: Data("text".utf8)).description)
    }

    private func expectRefusal(_ words: [String], _ path: String) {
        let error = #expect(throws: ModelFileError.self) { try ModelParts(path: path) }
        for word in words { #expect(error?.description.contains(word) == true, "\(String(describing: error))") }
    }

    @Test func allFilesThatAreMissingAreNamed() throws {
        let folder = try sharded()
        try folder.remove("a-1.safetensors")
        try folder.remove("b-2.safetensors")
        expectRefusal(["expected all 7 files", "a-1.safetensors", "b-2.safetensors"], folder.path)
        try folder.remove("config.json")
        expectRefusal(["with config.json"], folder.path)
        expectRefusal(["expected all 1 file of the model", "nothing.gguf"], folder.path + "/nothing.gguf")
    }

    @Test func namesThatCannotBeSentAreRefused() throws {
        let folder = try sharded()
        try folder.write("ä.safetensors")
        try folder.write("model.safetensors.index.json", #"{"weight_map": {"x": "ä.safetensors"}}"#)
        expectRefusal(["the name of file 5", "ASCII letters"], folder.path)
        // A folder in a file's place.
        try folder.write("model.safetensors.index.json", #"{"weight_map": {"x": "a-1.safetensors"}}"#)
        try folder.remove("tokenizer.json")
        try FileManager.default.createDirectory(
            atPath: folder.path + "/tokenizer.json", withIntermediateDirectories: false)
        expectRefusal(["found no file", "tokenizer.json"], folder.path)
    }

    @Test func aModelThatChangesMeanwhileIsNoticed() throws {
        let folder = try sharded()
        let parts = try ModelParts(path: folder.path)
        try folder.write("merges.txt", "new")
        let problem = #expect(throws: Problem.self) { try parts.digest() }
        #expect(problem?.description.contains("merges.txt changed while") == true, "\(String(describing: problem))")
        let grown = try ModelParts(path: folder.path)
        try folder.write("config.json", "longer than it was")
        let error = #expect(throws: (any Error).self) { try grown.digest() }
        #expect(error.map { "\($0)" }?.contains("config.json") == true)
    }

    @Test func whatToOpenOfAFolderIsSaid() {
        #expect(ModelParts.path(inFolder: "f", names: ["config.json", "model.safetensors"]) == "f")
        #expect(
            ModelParts.path(inFolder: "f", names: ["model-00002-of-00002.gguf", "model-00001-of-00002.gguf"])
                == "f/model-00001-of-00002.gguf")
    }
}
