import Engine
import Foundation
import GGUFFixtures
import ModelFiles
import TestEnvironment
import Testing

extension TinyLlama {
    /// What is read of one.
    fileprivate static func files(of name: String) -> [TestData] {
        ["config.json", "model.safetensors", "reference.safetensors"].map { .shared("reference/tiny/\(name)/\($0)") }
    }
}

/// Tiny Llamas with random weights: heads of 12 components, grouped queries, and Llama 3's rotary scaling.
@Suite(.needs(TinyLlama.files(of: "llama") + TinyLlama.files(of: "llama3-rope")))
struct TinyLlamaTests {
    private func tiny(_ name: String) throws -> TinyLlama {
        try TinyLlama(folder: TestData.shared("reference/tiny/\(name)").path)
    }

    private func embedder(_ bytes: [UInt8], _ backend: Backend = .oneDNN) throws -> Embedder {
        let path = NSTemporaryDirectory() + "tiny-\(UUID().uuidString).gguf"
        try Data(bytes).write(to: URL(filePath: path))
        defer { unlink(path) }
        return try Embedder(modelPath: path, precision: .f32, backend: backend, loadingThreads: 2)
    }

    @Test(arguments: ["llama", "llama3-rope"], Backend.allCases)
    func everyTokensStatesAgreeWithTheReference(_ name: String, _ backend: Backend) throws {
        let tiny = try tiny(name)
        let lane = try embedder(tiny.gguf(), backend).makeLane()
        var worst = 0.0
        #expect(tiny.samples.map(\.tokens.count) == [1, 5, 37, 90])
        for (tokens, states) in tiny.samples {
            let prefixes = tokens.indices.map { TokenSequence(tokens: Array(tokens[...$0]), responseStart: 0) }
            let found = try lane.embed(prefixes, layers: Array(0...tiny.layerCount), poolings: [.lastToken]) { _ in true
            }
            #expect(found.tokensComputed == tokens.count)
            for token in tokens.indices {
                for layer in 0...tiny.layerCount {
                    let start = (layer * tokens.count + token) * tiny.hiddenSize
                    worst = max(
                        worst,
                        relativeError(
                            found[sequence: token, layer: layer], states[start..<(start + tiny.hiddenSize)]))
                }
            }
        }
        print("\(name) \(backend): largest relative error \(worst)")
        #expect(worst <= 1e-4)
    }

    @Test func aMissingTensorIsNamed() throws {
        let tiny = try tiny("llama")
        expectError("\"blk.1.ffn_up.weight\"", "present") {
            _ = try embedder(tiny.gguf(without: "blk.1.ffn_up.weight"))
        }
    }

    @Test func anExtraTensorIsNamed() throws {
        let tiny = try tiny("llama")
        expectError("\"blk.0.attn_sinks.weight\"", "only tensors of the llama architecture") {
            _ = try embedder(
                tiny.gguf { $0.addTensor("blk.0.attn_sinks.weight", shape: [4], Array(repeating: 0, count: 4)) })
        }
    }

    @Test func aTensorOfAnotherShapeIsNamed() throws {
        let tiny = try tiny("llama")
        expectError("\"output_norm.weight\"", "expected [48]", "found [47]") {
            let bytes = tiny.gguf(without: "output_norm.weight") {
                $0.addTensor("output_norm.weight", shape: [47], Array(repeating: 1, count: 47))
            }
            _ = try embedder(bytes)
        }
    }

    @Test func anotherArchitectureIsRefusedWithTheSupportedOnes() throws {
        var file = GGUFBuilder()
        file.set("general.architecture", .string("mamba"))
        expectError("general.architecture", "one of the supported: llama", "mamba") { _ = try embedder(file.build()) }
    }

    @Test func impossibleSizesAreRefused() throws {
        for (key, value, expected) in [
            ("attention.head_count_kv", 3, "a divisor of the 4 heads"), ("rope.dimension_count", 13, "at most 12"),
            ("block_count", 0, "1 to"), ("embedding_length", UInt32.max, "1 to"),
            ("expert_shared_count", 8, "mixtures"),
            ("attention.sliding_window", UInt32.max, "a number of tokens"),
        ] {
            var file = GGUFBuilder()
            file.set("general.architecture", .string("llama"))
            let good: [(String, UInt32)] = [
                ("block_count", 3), ("embedding_length", 48), ("feed_forward_length", 96), ("context_length", 256),
                ("attention.head_count", 4), ("attention.head_count_kv", 2), ("rope.dimension_count", 12),
            ]
            for (name, size) in good where name != key { file.set("llama.\(name)", .uint32(size)) }
            file.set("llama.attention.layer_norm_rms_epsilon", .float32(1e-5))
            file.set("llama.\(key)", .uint32(value))
            expectError("\"llama.\(key)\"", expected) { _ = try embedder(file.build()) }
        }
    }

    private func expectError(_ parts: String..., from body: () throws -> Void) {
        do {
            try body()
            Issue.record("no error; expected one with \(parts)")
        } catch {
            for part in parts { #expect("\(error)".contains(part)) }
        }
    }
}
