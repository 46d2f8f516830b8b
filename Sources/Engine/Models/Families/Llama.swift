import ModelFiles

/// Llama 1 to 3.3 and what is built alike, such as SmolLM2 (Touvron et al., arXiv 2302.13971, and Meta's later reports).
///
/// A block normalises before attention and before feed-forward; heads share key-value heads in groups.
extension Architecture {
    static let llama = Architecture(
        name: "llama",
        modelTypes: ["llama"],
        norm: .rms,
        activation: .silu,
        // Converters permute Hugging Face's queries and keys into Meta's order.
        rotaryPairs: ByFormat(gguf: .neighbours, folder: .halves),
        tensors: .gated(.llamaBlock),
        folderDefaults: [.rotaryBase: 10_000, .rmsEpsilon: 1e-6, .contextLength: 2048],
        warnings: llamaWarnings)

    /// Files of Llama 3.1 and later that were converted before the format had a place for the divisors of the rotary
    /// frequencies (July 2024) lack them.
    @Sendable private static func llamaWarnings(
        _ settings: ModelSettings, _ configuration: ModelConfiguration, hasRotaryDivisors: Bool
    ) throws -> [String] {
        guard case .gguf(let file) = settings.file, !hasRotaryDivisors,
            let rotary = configuration.layers[0].rotary, rotary.scaling == .none
        else { return [] }
        let names = try ["general.name", "general.basename", "general.base_model.0.name"].compactMap {
            try file.metadata.stringIfPresent($0)
        }
        let isNamed = names.contains { $0.contains(#/(?i)llama[-_ ]?3\.[123](?![0-9])/#) }
        guard isNamed || rotary.base == 500_000 && configuration.contextLength > 8192 else { return [] }
        return [
            """
            it looks like Llama 3.1 or later, but its file has no tensor rope_freqs.weight, as those that were converted \
            before August 2024: its hidden states are not the model's. Convert it anew, or take a newer file
            """
        ]
    }
}

extension ModelKeys {
    /// A model of blocks, with the names that most families share.
    static func gated(_ block: BlockKeys) -> ModelKeys {
        ModelKeys(
            folderPrefix: "model.",
            folderBlocks: "layers.",
            tokenEmbedding: LayerKey("token_embd", "embed_tokens", [.vocabulary, .hidden]),
            outputNorm: LayerKey("output_norm", "norm", [.hidden]),
            rotaryDivisors: ["rope_freqs.weight", "rope_factors_short.weight"],
            vocabularyProjection: LayerKey("output", "lm_head", [.vocabulary, .hidden]),
            block: block)
    }
}

extension BlockKeys {
    static let llamaBlock = BlockKeys(
        attentionNorm: LayerKey("attn_norm", "input_layernorm", [.hidden]),
        projections: .llama(bias: .whereSaid(.attentionBias)),
        attentionOutput: LayerKey(
            "attn_output", "self_attn.o_proj", [.hidden, .query], bias: .whereSaid(.attentionBias)),
        feedForwardNorm: LayerKey("ffn_norm", "post_attention_layernorm", [.hidden]),
        feedForward: .llama)
}

extension ProjectionKeys {
    static func llama(bias: LayerKey.Bias) -> ProjectionKeys {
        .separate(
            query: LayerKey("attn_q", "self_attn.q_proj", [.query, .hidden], bias: bias),
            key: LayerKey("attn_k", "self_attn.k_proj", [.keyValue, .hidden], bias: bias),
            value: LayerKey("attn_v", "self_attn.v_proj", [.keyValue, .hidden], bias: bias))
    }
}

extension FeedForwardKeys {
    static let llama = FeedForwardKeys.gated(
        gate: LayerKey("ffn_gate", "mlp.gate_proj", [.feedForward, .hidden], bias: .whereSaid(.feedForwardBias)),
        up: LayerKey("ffn_up", "mlp.up_proj", [.feedForward, .hidden], bias: .whereSaid(.feedForwardBias)),
        down: LayerKey("ffn_down", "mlp.down_proj", [.hidden, .feedForward], bias: .whereSaid(.feedForwardBias)))
}
