/// Mixtral (Jiang et al., arXiv 2401.04088): Mistral with eight experts, of which each token goes through two. Its GGUF files
/// are of the architecture `llama`.
extension Architecture {
    static let mixtral = Architecture(
        name: "llama",
        modelTypes: ["mixtral"],
        norm: .rms,
        activation: .silu,
        rotaryPairs: ByFormat(gguf: .neighbours, folder: .halves),
        tensors: .gated(
            BlockKeys(
                attentionNorm: LayerKey("attn_norm", "input_layernorm", [.hidden]),
                projections: .llama(bias: .never),
                attentionOutput: LayerKey("attn_output", "self_attn.o_proj", [.hidden, .query]),
                feedForwardNorm: LayerKey("ffn_norm", "post_attention_layernorm", [.hidden]),
                feedForward: .experts(
                    ExpertKeys(
                        router: LayerKey("ffn_gate_inp", "block_sparse_moe.gate", [.experts, .hidden]),
                        folder: "block_sparse_moe.experts.",
                        gate: ("ffn_gate_exps", "w1"), up: ("ffn_up_exps", "w3"), down: ("ffn_down_exps", "w2"))))),
        folderDefaults: [.rotaryBase: 1_000_000, .rmsEpsilon: 1e-5, .expertCount: 8, .expertsUsed: 2])

    /// Qwen 3 with experts (Yang et al., arXiv 2505.09388).
    static let qwen3MoE = Architecture(
        name: "qwen3moe",
        modelTypes: ["qwen3_moe"],
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
                feedForward: .experts(.numbered))),
        folderDefaults: [
            .rotaryBase: 10_000, .rmsEpsilon: 1e-6, .usesWindow: 0, .expertCount: 128, .expertsUsed: 8,
            .expertFeedForwardSize: 768, .normalizesExperts: 0,
        ])

    /// OLMoE (Muennighoff et al., arXiv 2409.02060): 64 experts, and norms of all queries and all keys as one vector each.
    static let olmoE = Architecture(
        name: "olmoe",
        modelTypes: ["olmoe"],
        norm: .rms,
        activation: .silu,
        rotaryPairs: ByFormat(.halves),
        tensors: .gated(
            BlockKeys(
                attentionNorm: LayerKey("attn_norm", "input_layernorm", [.hidden]),
                projections: .llama(bias: .whereSaid(.attentionBias)),
                queryNorm: LayerKey("attn_q_norm", "self_attn.q_norm", [.query]),
                keyNorm: LayerKey("attn_k_norm", "self_attn.k_norm", [.keyValue]),
                attentionOutput: LayerKey(
                    "attn_output", "self_attn.o_proj", [.hidden, .query], bias: .whereSaid(.attentionBias)),
                feedForwardNorm: LayerKey("ffn_norm", "post_attention_layernorm", [.hidden]),
                feedForward: .experts(.numbered))),
        normalizesExperts: false,
        folderDefaults: [
            .rotaryBase: 10_000, .rmsEpsilon: 1e-5, .expertCount: 64, .expertsUsed: 8, .contextLength: 4096,
        ])
}

extension ExpertKeys {
    fileprivate static let numbered = ExpertKeys(
        router: LayerKey("ffn_gate_inp", "mlp.gate", [.experts, .hidden]), folder: "mlp.experts.",
        gate: ("ffn_gate_exps", "gate_proj"), up: ("ffn_up_exps", "up_proj"), down: ("ffn_down_exps", "down_proj"))
}
