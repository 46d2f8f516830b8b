import ModelFiles

/// Llama 1 to 3.3 and what is built alike, such as SmolLM2 (Touvron et al., arXiv 2302.13971, and Meta's later reports).
///
/// A block normalises before attention and before feed-forward; heads share key-value heads in groups; no linear layer
/// has a bias; nothing is capped; every token sees all before it.
extension Architecture {
    static let llama = Architecture(
        name: "llama",
        norm: .rms,
        activation: .silu,
        rotaryPairs: .neighbours,  // converters permute Hugging Face's queries and keys into Meta's order
        tensors: ModelKeys(
            tokenEmbedding: TensorKey(
                "token_embd.weight", huggingFace: "model.embed_tokens.weight", [.vocabulary, .hidden]),
            outputNorm: TensorKey("output_norm.weight", huggingFace: "model.norm.weight", [.hidden]),
            rotaryDivisors: TensorKey("rope_freqs.weight", huggingFace: nil, [.rotaryPairs]),  // since Llama 3.1
            vocabularyProjection: TensorKey(
                "output.weight", huggingFace: "lm_head.weight", [.vocabulary, .hidden]),
            block: BlockKeys(
                attentionNorm: TensorKey("attn_norm.weight", huggingFace: "input_layernorm.weight", [.hidden]),
                query: TensorKey("attn_q.weight", huggingFace: "self_attn.q_proj.weight", [.query, .hidden]),
                key: TensorKey("attn_k.weight", huggingFace: "self_attn.k_proj.weight", [.keyValue, .hidden]),
                value: TensorKey("attn_v.weight", huggingFace: "self_attn.v_proj.weight", [.keyValue, .hidden]),
                attentionOutput: TensorKey(
                    "attn_output.weight", huggingFace: "self_attn.o_proj.weight", [.hidden, .query]),
                feedForwardNorm: TensorKey(
                    "ffn_norm.weight", huggingFace: "post_attention_layernorm.weight", [.hidden]),
                gate: TensorKey("ffn_gate.weight", huggingFace: "mlp.gate_proj.weight", [.feedForward, .hidden]),
                up: TensorKey("ffn_up.weight", huggingFace: "mlp.up_proj.weight", [.feedForward, .hidden]),
                down: TensorKey("ffn_down.weight", huggingFace: "mlp.down_proj.weight", [.hidden, .feedForward]))),
        warnings: llamaWarnings)

    /// Files of Llama 3.1 and later that were converted before the format had a place for the divisors of the rotary
    /// frequencies (July 2024) lack them.
    @Sendable private static func llamaWarnings(
        _ file: GGUFFile, _ configuration: ModelConfiguration, hasRotaryDivisors: Bool
    ) throws -> [String] {
        guard !hasRotaryDivisors, configuration.positionDivisor == 1 else { return [] }
        let names = try ["general.name", "general.basename", "general.base_model.0.name"].compactMap {
            try file.metadata.stringIfPresent($0)
        }
        let isNamed = names.contains { $0.contains(#/(?i)llama[-_ ]?3\.[123](?![0-9])/#) }
        guard isNamed || configuration.rotaryBase == 500_000 && configuration.contextLength > 8192 else { return [] }
        return [
            """
            it looks like Llama 3.1 or later, but its file has no tensor rope_freqs.weight, as those that were converted \
            before August 2024: its hidden states are not the model's. Convert it anew, or take a newer file
            """
        ]
    }
}
