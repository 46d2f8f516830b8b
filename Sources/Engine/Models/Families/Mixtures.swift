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
            .normedBefore(
                .llama(bias: .never),
                .experts(
                    ExpertKeys(
                        router: LayerKey("ffn_gate_inp", "block_sparse_moe.gate", [.experts, .hidden]),
                        folder: "block_sparse_moe.experts.",
                        gate: ("ffn_gate_exps", "w1"), up: ("ffn_up_exps", "w3"), down: ("ffn_down_exps", "w2"))),
                outputBias: .never)),
        folderDefaults: [.rotaryBase: 1_000_000, .rmsEpsilon: 1e-5, .expertCount: 8, .expertsUsed: 2])

    /// Qwen 3 with experts (Yang et al., arXiv 2505.09388).
    static let qwen3MoE = Architecture(
        name: "qwen3moe",
        modelTypes: ["qwen3_moe"],
        norm: .rms,
        activation: .silu,
        rotaryPairs: ByFormat(.halves),
        tensors: .gated(
            .normedBefore(
                .llama(bias: .whereSaid(.attentionBias)), .experts(.numbered), headNorms: (.head, .head))),
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
            .normedBefore(
                .llama(bias: .whereSaid(.attentionBias)), .experts(.numbered), headNorms: (.query, .keyValue))),
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
