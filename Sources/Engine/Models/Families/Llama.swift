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
    static let llamaBlock = normedBefore(.llama(bias: .whereSaid(.attentionBias)), .llama)

    /// A block with norms before attention and before feed-forward.
    ///
    /// - Parameter headNorms: what queries and keys are normalised over, each head or all of them; nil where they are not.
    static func normedBefore(
        _ projections: ProjectionKeys, _ feedForward: FeedForwardKeys,
        outputBias: LayerKey.Bias = .whereSaid(.attentionBias), headNorms: (query: Dimension, key: Dimension)? = nil
    ) -> BlockKeys {
        BlockKeys(
            attentionNorm: LayerKey("attn_norm", "input_layernorm", [.hidden]),
            projections: projections,
            queryNorm: headNorms.map { LayerKey("attn_q_norm", "self_attn.q_norm", [$0.query]) },
            keyNorm: headNorms.map { LayerKey("attn_k_norm", "self_attn.k_norm", [$0.key]) },
            attentionOutput: LayerKey("attn_output", "self_attn.o_proj", [.hidden, .query], bias: outputBias),
            feedForwardNorm: LayerKey("ffn_norm", "post_attention_layernorm", [.hidden]),
            feedForward: feedForward)
    }
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
