/// Qwen 2 and 2.5 (Yang et al., arXiv 2407.10671): Llama with biases of queries, keys and values.
extension Architecture {
    static let qwen2 = Architecture(
        name: "qwen2",
        modelTypes: ["qwen2"],
        norm: .rms,
        activation: .silu,
        rotaryPairs: ByFormat(.halves),
        tensors: .gated(.normedBefore(.llama(bias: .always), .llama, outputBias: .never)),
        folderDefaults: [.rotaryBase: 10_000, .rmsEpsilon: 1e-6, .contextLength: 32_768, .usesWindow: 0])

    /// Qwen 3 (Yang et al., arXiv 2505.09388): Llama with a norm of each query and key.
    static let qwen3 = Architecture(
        name: "qwen3",
        modelTypes: ["qwen3"],
        norm: .rms,
        activation: .silu,
        rotaryPairs: ByFormat(.halves),
        tensors: .gated(
            .normedBefore(.llama(bias: .whereSaid(.attentionBias)), .llama, headNorms: (.head, .head))),
        folderDefaults: [
            .rotaryBase: 10_000, .rmsEpsilon: 1e-6, .contextLength: 32_768, .headDimension: 128, .usesWindow: 0,
        ])
}
