import Foundation
import JSON
import ModelFiles
import Safetensors
import SeededRandom
import Testing

/// Models in folders, as Hugging Face's libraries write them.
struct ModelFolderTests {
    private final class Folder {
        let path = NSTemporaryDirectory() + "folder-\(UUID().uuidString)"

        init(_ configuration: String = "{\"model_type\": \"llama\"}") throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try write("config.json", Array(configuration.utf8))
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ name: String, _ bytes: [UInt8]) throws {
            try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
        }

        func write(_ name: String, tensors: [String: TensorFile.Tensor]) throws {
            try write(name, TensorFile(tensors: tensors, metadata: [:]).serialized())
        }

        func index(_ homes: [String: String]) throws {
            let map = homes.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \"\($0.value)\"" }
            try write("model.safetensors.index.json", Array("{\"weight_map\": {\(map.joined(separator: ", "))}}".utf8))
        }
    }

    private static let pair = TensorFile.Tensor(shape: [1, 2], values: [1, 2])

    private func expectRefusal(_ words: [String], _ folder: Folder) {
        let error = #expect(throws: ModelFileError.self) { try ModelFile(path: folder.path) }
        for word in words { #expect(error?.description.contains(word) == true, "\(String(describing: error))") }
    }

    @Test func oneFileIsAModel() throws {
        let folder = try Folder()
        try folder.write("model.safetensors", tensors: ["b": Self.pair, "a": Self.pair])
        let file = try ModelFile(path: folder.path)
        #expect(file.tensorNames == ["a", "b"])
        #expect(try file.tensor("a").type == .f32 && file.tensor("a").shape == [1, 2])
        let error = #expect(throws: ModelFileError.self) { try file.tensor("c") }
        #expect(error?.description.contains("tensor \"c\"") == true)
    }

    @Test func anIndexListsSeveralFiles() throws {
        let folder = try Folder()
        try folder.write("model-1.safetensors", tensors: ["a": Self.pair])
        try folder.write("model-2.safetensors", tensors: ["b": Self.pair])
        try folder.index(["a": "model-1.safetensors", "b": "model-2.safetensors"])
        #expect(try ModelFile(path: folder.path).tensorNames == ["a", "b"])
    }

    @Test func whatAnIndexSaysWronglyIsNamed() throws {
        let folder = try Folder()
        try folder.write("model-1.safetensors", tensors: ["a": Self.pair])
        try folder.index(["a": "model-1.safetensors", "b": "model-1.safetensors"])
        expectRefusal(["model-1.safetensors", "\"b\"", "as model.safetensors.index.json says"], folder)
        try folder.index(["a": "model-2.safetensors"])
        expectRefusal(["model-2.safetensors"], folder)
        for name in ["../other.safetensors", "/etc/passwd", "weights.bin", ".hidden.safetensors"] {
            try folder.index(["a": name])
            expectRefusal(["weight_map", name], folder)
        }
        try folder.write("model.safetensors.index.json", Array("{}".utf8))
        expectRefusal(["weight_map", "found none"], folder)
    }

    @Test func aTensorInTwoFilesIsRefused() throws {
        let folder = try Folder()
        try folder.write("model-1.safetensors", tensors: ["a": Self.pair, "c": Self.pair])
        try folder.write("model-2.safetensors", tensors: ["b": Self.pair, "c": Self.pair])
        try folder.index(["a": "model-1.safetensors", "b": "model-2.safetensors"])
        expectRefusal(["\"c\"", "it in one file"], folder)
    }

    @Test func pickledWeightsSayWhatToDo() throws {
        let folder = try Folder()
        expectRefusal(["model.safetensors or model.safetensors.index.json", "neither"], folder)
        try folder.write("pytorch_model.bin", [0x80, 2])
        expectRefusal(["pytorch_model.bin is not read", "save_pretrained"], folder)
    }

    @Test func aConfigurationThatIsNoneSaysWhere() throws {
        for (text, words) in [("[1]", "a JSON object"), ("{\"a\": }", "byte 6"), ("{\"a\": 1} x", "byte 9")] {
            expectRefusal(["config.json", words], try Folder(text))
        }
        let folder = try Folder()
        try FileManager.default.removeItem(atPath: folder.path + "/config.json")
        expectRefusal(["config.json"], folder)
    }

    @Test func numbersThatWeightsDoNotHaveAreNamedWhenTheyAreTaken() throws {
        let folder = try Folder()
        var header = SafetensorsHeader(metadata: [:])
        header.append("ids", .i64, shape: [1])
        try folder.write("model.safetensors", header.serialized() + [UInt8](repeating: 0, count: 8))
        let file = try ModelFile(path: folder.path)
        let error = #expect(throws: ModelFileError.self) { try file.tensor("ids") }
        #expect(error?.description.contains("F32, F16 or BF16") == true && error?.description.contains("I64") == true)
    }

    /// A file that was damaged is an error, and never a crash.
    @Test func damagedFilesAreErrors() throws {
        let folder = try Folder()
        try folder.write("model.safetensors", tensors: ["a": Self.pair, "b": Self.pair])
        let sound = [UInt8](try Data(contentsOf: URL(filePath: folder.path + "/model.safetensors")))
        var random = SeededGenerator(seed: 5)
        var refused = 0
        for _ in 0..<500 {
            var bytes = sound
            if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random)) }
            for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            try folder.write("model.safetensors", bytes)
            do {
                let file = try ModelFile(path: folder.path)
                for name in file.tensorNames { _ = try file.tensor(name).withBytes { $0.reduce(0) { $0 &+ Int($1) } } }
            } catch is ModelFileError {
                refused += 1
            }
        }
        #expect(refused > 250)
    }
}
