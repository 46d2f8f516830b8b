import Foundation
import GGUFFixtures
import ModelFiles
import Safetensors
import SeededRandom
import Testing

/// A tiny Llama with random weights, whose tokens are bytes, in several files.
struct ManyFileModel: CustomTestStringConvertible {
    /// Its files, by name.
    let files: [String: [UInt8]]

    /// What a configuration names, in the folder where the files are; empty for that folder.
    let name: String

    let testDescription: String

    private static let layers = 2
    private static let hidden = 64
    private static let feedForward = 96
    private static let heads = 4
    private static let keyValueHeads = 2
    private static let context = 8192

    /// Most of no token, so that there is something to send, and little to compute.
    private static let rows = 40_000

    private static var headSize: Int { hidden / heads }

    var byteCount: Int { files.values.reduce(0) { $0 + $1.count } }

    func write(to folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, bytes) in files { try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)")) }
    }

    /// Of a layer: its name in GGUF, that of Hugging Face's, and its shape.
    private static let matrices = [
        ("attn_q", "self_attn.q_proj", [hidden, hidden]),
        ("attn_k", "self_attn.k_proj", [keyValueHeads * headSize, hidden]),
        ("attn_v", "self_attn.v_proj", [keyValueHeads * headSize, hidden]),
        ("attn_output", "self_attn.o_proj", [hidden, hidden]),
        ("ffn_gate", "mlp.gate_proj", [feedForward, hidden]),
        ("ffn_up", "mlp.up_proj", [feedForward, hidden]),
        ("ffn_down", "mlp.down_proj", [hidden, feedForward]),
    ]

    /// Each weight with both of its names.
    private static func weights() -> [(gguf: String, folder: String, tensor: TensorFile.Tensor)] {
        var random = SeededGenerator(seed: 7)
        func values(_ count: Int, scale: Float) -> [Float] {
            (0..<count).map { _ in Float.random(in: -scale...scale, using: &random) }
        }
        func norm(_ gguf: String, _ folder: String) -> (gguf: String, folder: String, tensor: TensorFile.Tensor) {
            (gguf, folder, .init(shape: [hidden], values: Array(repeating: 1, count: hidden)))
        }
        let embedding = values(256 * hidden, scale: 1) + Array(repeating: 0, count: (rows - 256) * hidden)
        var all: [(gguf: String, folder: String, tensor: TensorFile.Tensor)] = [
            (
                "token_embd.weight", "model.embed_tokens.weight",
                TensorFile.Tensor(shape: [rows, hidden], values: embedding)
            ),
            norm("output_norm.weight", "model.norm.weight"),
        ]
        for layer in 0..<layers {
            let (gguf, folder) = ("blk.\(layer).", "model.layers.\(layer).")
            all.append(norm(gguf + "attn_norm.weight", folder + "input_layernorm.weight"))
            all.append(norm(gguf + "ffn_norm.weight", folder + "post_attention_layernorm.weight"))
            for (own, other, shape) in matrices {
                let tensor = TensorFile.Tensor(shape: shape, values: values(shape[0] * shape[1], scale: 0.3))
                all.append((gguf + own + ".weight", folder + other + ".weight", tensor))
            }
        }
        return all
    }

    /// A folder as Hugging Face's libraries write it, with what they leave there besides.
    static func folder() throws -> ManyFileModel {
        let weights = weights()
        let shards = [weights.prefix(1), weights.dropFirst()]
        var files: [String: [UInt8]] = [:]
        var homes: [String: String] = [:]
        for (index, shard) in shards.enumerated() {
            let name = "model-0000\(index + 1)-of-00002.safetensors"
            let tensors = Dictionary(shard.map { ($0.folder, $0.tensor) }, uniquingKeysWith: { first, _ in first })
            files[name] = try TensorFile(tensors: tensors, metadata: ["format": "pt"]).serialized()
            for tensor in tensors.keys { homes[tensor] = name }
        }
        func json(_ name: String, _ object: [String: Any]) throws {
            files[name] = [UInt8](try JSONSerialization.data(withJSONObject: object, options: .sortedKeys))
        }
        try json("model.safetensors.index.json", ["metadata": ["total_size": 1], "weight_map": homes])
        try json(
            "config.json",
            [
                "model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": hidden,
                "intermediate_size": feedForward, "num_hidden_layers": layers, "num_attention_heads": heads,
                "num_key_value_heads": keyValueHeads, "max_position_embeddings": context, "rms_norm_eps": 1e-5,
                "rope_theta": 10_000, "hidden_act": "silu", "tie_word_embeddings": true, "vocab_size": rows,
            ])
        let tokens = TokenizerVocabulary().tokens
        let vocabulary = Dictionary(zip(tokens, 0...), uniquingKeysWith: { first, _ in first })
        let bytes: [String: Any] = ["type": "ByteLevel", "add_prefix_space": false, "use_regex": true]
        try json(
            "tokenizer.json",
            [
                "version": "1.0", "added_tokens": [Any](), "normalizer": NSNull(), "pre_tokenizer": bytes,
                "model": ["type": "BPE", "vocab": vocabulary, "merges": [String]()] as [String: Any],
            ])
        try json("tokenizer_config.json", ["tokenizer_class": "GPT2TokenizerFast"])
        files["merges.txt"] = []
        return ManyFileModel(files: files, name: "", testDescription: "a folder")
    }

    /// As gguf-split leaves it; a part behind the first is named.
    static func splitGGUF() -> ManyFileModel {
        let weights = weights()
        var files: [String: [UInt8]] = [:]
        func name(_ part: Int) -> String { "tiny-0000\(part + 1)-of-00003.gguf" }
        for (part, tensors) in [weights.prefix(1), weights[1..<6], weights[6...]].enumerated() {
            var file = part == 0 ? GGUFBuilder(vocabulary: TokenizerVocabulary()) : GGUFBuilder()
            if part == 0 { setMetadata(&file) }
            file.set("split.no", .uint16(UInt16(part)))
            file.set("split.count", .uint16(3))
            file.set("split.tensors.count", .int32(Int32(weights.count)))
            for weight in tensors {
                let bytes = weight.tensor.values.withUnsafeBytes { [UInt8]($0) }
                file.addTensor(weight.gguf, type: .f32, shape: weight.tensor.shape, bytes: bytes)
            }
            files[name(part)] = file.build()
        }
        return ManyFileModel(files: files, name: name(1), testDescription: "a split GGUF file")
    }

    private static func setMetadata(_ file: inout GGUFBuilder) {
        file.set("general.architecture", .string("llama"))
        for (key, value) in [
            ("block_count", layers), ("embedding_length", hidden), ("feed_forward_length", feedForward),
            ("context_length", context), ("attention.head_count", heads), ("attention.head_count_kv", keyValueHeads),
        ] { file.set("llama." + key, .uint32(UInt32(value))) }
        file.set("llama.attention.layer_norm_rms_epsilon", .float32(1e-5))
        file.set("llama.rope.freq_base", .float32(10_000))
    }
}
