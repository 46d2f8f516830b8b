/// Qwen 2 and 2.5 (Yang et al., arXiv 2407.10671): Llama with biases of queries, keys and values.
extension Architecture {
    static let qwen2 = Architecture(
        name: "qwen2",
        modelTypes: ["qwen2"],
        norm: .rms,
        activation: .silu,
        rotaryPairs: ByFormat(.halves),
        tensors: .gated(
            BlockKeys(
                attentionNorm: LayerKey("attn_norm", "input_layernorm", [.hidden]),
                projections: .llama(bias: .always),
                attentionOutput: LayerKey("attn_output", "self_attn.o_proj", [.hidden, .query]),
                feedForwardNorm: LayerKey("ffn_norm", "post_attention_layernorm", [.hidden]),
                feedForward: .llama)),
        folderDefaults: [.rotaryBase: 10_000, .rmsEpsilon: 1e-6, .contextLength: 32_768, .usesWindow: 0])

    /// Qwen 3 (Yang et al., arXiv 2505.09388): Llama with a norm of each query and key.
    static let qwen3 = Architecture(
        name: "qwen3",
        modelTypes: ["qwen3"],
        norm: .rms,
        activation: .silu,
        rotaryPairs: ByFormat(.halves),
        tensors: .gated(
            BlockKeys(
                attentionNorm: LayerKey("attn_norm", "input_layernorm", [.hidden]),
                projections: .llama(bias: .whereSaid(.attentionBias)),
                queryNorm: LayerKey("attn_q_norm", "self_attn.q_norm", [.head]),
                keyNorm: LayerKey("attn_k_norm", "self_attn.k_norm", [.head]),
                attentionOutput: LayerKey(
                    "attn_output", "self_attn.o_proj", [.hidden, .query], bias: .whereSaid(.attentionBias)),
                feedForwardNorm: LayerKey("ffn_norm", "post_attention_layernorm", [.hidden]),
                feedForward: .llama)),
        folderDefaults: [
            .rotaryBase: 10_000, .rmsEpsilon: 1e-6, .contextLength: 32_768, .headDimension: 128, .usesWindow: 0,
        ])
}
