import Engine
import Foundation
import GGUFFixtures
import ModelFiles
import SeededRandom
import Tokenizers

/// A Llama with random weights that is made in the test: as a file that says whatever the test wants.
struct RandomLlama {
    var layers = 2
    var hidden = 64
    var feedForward = 96
    var heads = 4
    var keyValueHeads = 2
    var context = 512
    var rotaryBase: Float = 10_000
    var vocabulary = 40
    /// For `rope_freqs.weight`; none where it is empty.
    var rotaryDivisors: [Float] = []

    private var headSize: Int { hidden / heads }

    /// The file's bytes.
    ///
    /// - Parameter edit: Adds keys, or replaces those that are there.
    func gguf(edit: (inout GGUFBuilder) -> Void = { _ in }) -> [UInt8] {
        var random = SeededGenerator(seed: 11)
        var file = GGUFBuilder()
        setMetadata(&file)
        func add(_ name: String, _ shape: [Int], scale: Float) {
            let values = (0..<shape.reduce(1, *)).map { _ in Float.random(in: -scale...scale, using: &random) }
            file.addTensor(name, shape: shape, values)
        }
        func addNorm(_ name: String) { file.addTensor(name, shape: [hidden], Array(repeating: 1, count: hidden)) }
        add("token_embd.weight", [vocabulary, hidden], scale: 1)
        addNorm("output_norm.weight")
        // So that sums have about the size of what is summed.
        let scale = (3 / Float(hidden)).squareRoot()
        for layer in 0..<layers {
            let name = "blk.\(layer)."
            addNorm(name + "attn_norm.weight")
            addNorm(name + "ffn_norm.weight")
            add(name + "attn_q.weight", [heads * headSize, hidden], scale: 2 * scale)
            add(name + "attn_k.weight", [keyValueHeads * headSize, hidden], scale: 2 * scale)
            add(name + "attn_v.weight", [keyValueHeads * headSize, hidden], scale: scale)
            add(name + "attn_output.weight", [hidden, heads * headSize], scale: scale)
            add(name + "ffn_gate.weight", [feedForward, hidden], scale: scale)
            add(name + "ffn_up.weight", [feedForward, hidden], scale: scale)
            add(name + "ffn_down.weight", [hidden, feedForward], scale: scale)
        }
        if !rotaryDivisors.isEmpty {
            file.addTensor("rope_freqs.weight", shape: [rotaryDivisors.count], rotaryDivisors)
        }
        edit(&file)
        return file.build()
    }

    private func setMetadata(_ file: inout GGUFBuilder) {
        file.set("general.architecture", .string("llama"))
        for (key, value) in [
            ("block_count", layers), ("embedding_length", hidden), ("feed_forward_length", feedForward),
            ("context_length", context), ("attention.head_count", heads), ("attention.head_count_kv", keyValueHeads),
        ] { file.set("llama." + key, .uint32(UInt32(value))) }
        file.set("llama.attention.layer_norm_rms_epsilon", .float32(1e-5))
        file.set("llama.rope.freq_base", .float32(rotaryBase))
        file.set("tokenizer.ggml.model", .string("gpt2"))
        file.set("tokenizer.ggml.pre", .string("gpt-2"))
        file.set("tokenizer.ggml.tokens", .strings((0..<vocabulary).map { "t\($0)" }))
        file.set("tokenizer.ggml.merges", .strings([String]()))
    }

    func embedder(
        _ precision: Precision = .f32, _ backend: Backend = .native, attention: AttentionPrecision = .automatic,
        predictsTokens: Bool = false, edit: (inout GGUFBuilder) -> Void = { _ in }
    ) throws -> Embedder {
        let path = NSTemporaryDirectory() + "random-\(UUID().uuidString).gguf"
        try Data(gguf(edit: edit)).write(to: URL(filePath: path))
        defer { unlink(path) }
        return try Embedder(
            modelPath: path, precision: precision, backend: backend, attention: attention,
            predictsTokens: predictsTokens, loadingThreads: 2)
    }

    /// So many tokens, always the same.
    func sequence(_ count: Int) -> TokenSequence {
        TokenSequence(tokens: (0..<count).map { Int32(($0 * 7 + 3) % vocabulary) }, responseStart: 0)
    }
}
