import Engine
import Foundation
import GGUFFixtures
import ModelFiles
import Tokenizers

/// A tiny random Llama of Hugging Face's as a GGUF file, with the hidden states that transformers computes for it.
struct TinyLlama {
    private struct Configuration: Decodable {
        struct Rotary: Decodable {
            let ropeTheta: Float
            let ropeType: String
            let factor: Double?
            let lowFreqFactor: Double?
            let highFreqFactor: Double?
            let originalMaxPositionEmbeddings: Double?
        }
        let hiddenSize, intermediateSize, numHiddenLayers, numAttentionHeads, numKeyValueHeads: Int
        let headDim, maxPositionEmbeddings, vocabSize: Int
        let rmsNormEps: Float
        let ropeParameters: Rotary
    }

    let layerCount: Int
    let hiddenSize: Int
    /// Token ids and hidden states `[layers + 1, tokens, hidden]`.
    let samples: [(tokens: [Int32], states: [Float])]
    private let configuration: Configuration
    private let weights: SafeTensors

    /// - Parameter folder: In Hugging Face's form.
    init(folder: String) throws {
        let json = try Data(contentsOf: URL(filePath: folder + "/config.json"))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        configuration = try decoder.decode(Configuration.self, from: json)
        weights = try SafeTensors(path: folder + "/model.safetensors")
        layerCount = configuration.numHiddenLayers
        hiddenSize = configuration.hiddenSize
        let reference = try SafeTensors(path: folder + "/reference.safetensors")
        let ids = try Self.tokenIDs(path: folder + "/reference.safetensors")
        samples = ids.enumerated().map { ($0.element, reference["\($0.offset).hidden_states"]?.values ?? []) }
    }

    /// The model's file, without the tensor `missing`, and with changes by `edit`.
    func gguf(without missing: String? = nil, edit: (inout GGUFBuilder) -> Void = { _ in }) -> [UInt8] {
        var file = metadata()
        func add(_ name: String, _ source: String, heads: Int? = nil) {
            guard name != missing, let tensor = weights[source] else { return }
            let values = heads.map { permuted(tensor, heads: $0) } ?? tensor.values
            file.addTensor(name, shape: tensor.shape, values)
        }
        add("token_embd.weight", "model.embed_tokens.weight")
        add("output_norm.weight", "model.norm.weight")
        add("output.weight", "lm_head.weight")
        for layer in 0..<layerCount {
            let (name, source) = ("blk.\(layer).", "model.layers.\(layer).")
            add(name + "attn_norm.weight", source + "input_layernorm.weight")
            add(name + "attn_q.weight", source + "self_attn.q_proj.weight", heads: configuration.numAttentionHeads)
            add(name + "attn_k.weight", source + "self_attn.k_proj.weight", heads: configuration.numKeyValueHeads)
            add(name + "attn_v.weight", source + "self_attn.v_proj.weight")
            add(name + "attn_output.weight", source + "self_attn.o_proj.weight")
            add(name + "ffn_norm.weight", source + "post_attention_layernorm.weight")
            add(name + "ffn_gate.weight", source + "mlp.gate_proj.weight")
            add(name + "ffn_up.weight", source + "mlp.up_proj.weight")
            add(name + "ffn_down.weight", source + "mlp.down_proj.weight")
        }
        let divisors = rotaryDivisors()
        if !divisors.isEmpty { file.addTensor("rope_freqs.weight", shape: [divisors.count], divisors) }
        edit(&file)
        return file.build()
    }

    private func metadata() -> GGUFBuilder {
        var file = GGUFBuilder()
        file.set("general.architecture", .string("llama"))
        let sizes = [
            "block_count": layerCount, "embedding_length": hiddenSize,
            "feed_forward_length": configuration.intermediateSize,
            "context_length": configuration.maxPositionEmbeddings,
            "attention.head_count": configuration.numAttentionHeads,
            "attention.head_count_kv": configuration.numKeyValueHeads,
            "rope.dimension_count": configuration.headDim,
        ]
        for (key, value) in sizes.sorted(by: { $0.key < $1.key }) { file.set("llama." + key, .uint32(UInt32(value))) }
        file.set("llama.attention.layer_norm_rms_epsilon", .float32(configuration.rmsNormEps))
        file.set("llama.rope.freq_base", .float32(configuration.ropeParameters.ropeTheta))
        file.set("tokenizer.ggml.model", .string("gpt2"))
        file.set("tokenizer.ggml.pre", .string("gpt-2"))
        file.set("tokenizer.ggml.tokens", .strings((0..<configuration.vocabSize).map { "t\($0)" }))
        file.set("tokenizer.ggml.merges", .strings([String]()))
        file.set("tokenizer.ggml.add_bos_token", .bool(false))
        return file
    }

    /// GGUF's rotation takes neighbouring components as a pair, Hugging Face's the `i`-th of either half of a head.
    private func permuted(_ tensor: SafeTensors.Tensor, heads: Int) -> [Float] {
        let (width, size) = (tensor.shape[1], tensor.shape[0] / heads)
        return (0..<tensor.shape[0]).flatMap { row in
            let component = row % size
            let source = row / size * size + component % 2 * (size / 2) + component / 2
            return tensor.values[(source * width)..<((source + 1) * width)]
        }
    }

    /// By how much Llama 3's long-context scaling divides each frequency (`_compute_llama3_parameters`): nothing for
    /// short wavelengths, `factor` for long ones, in between a blend of both.
    private func rotaryDivisors() -> [Float] {
        let rotary = configuration.ropeParameters
        guard rotary.ropeType == "llama3", let factor = rotary.factor, let low = rotary.lowFreqFactor,
            let high = rotary.highFreqFactor, let context = rotary.originalMaxPositionEmbeddings
        else { return [] }
        return (0..<configuration.headDim / 2).map { pair in
            let exponent = 2 * Double(pair) / Double(configuration.headDim)
            let wavelength = 2 * Double.pi * pow(Double(rotary.ropeTheta), exponent)
            if wavelength < context / high { return 1 }
            if wavelength > context / low { return Float(factor) }
            let blend = (context / wavelength - low) / (high - low)
            return Float(1 / ((1 - blend) / factor + blend))
        }
    }

    /// The 64-bit integer tensors `0.input_ids`, `1.input_ids`, ...
    private static func tokenIDs(path: String) throws -> [[Int32]] {
        let file = try Data(contentsOf: URL(filePath: path))
        let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = try JSONSerialization.jsonObject(with: file[8..<(8 + length)]) as? [String: Any] ?? [:]
        var ids: [[Int32]] = []
        while let entry = header["\(ids.count).input_ids"] as? [String: Any],
            let range = entry["data_offsets"] as? [Int]
        {
            let bytes = file[(8 + length + range[0])..<(8 + length + range[1])]
            ids.append(
                bytes.withUnsafeBytes { raw in
                    stride(from: 0, to: raw.count, by: 8).map {
                        Int32(truncatingIfNeeded: raw.loadUnaligned(fromByteOffset: $0, as: Int64.self))
                    }
                })
        }
        return ids
    }
}
