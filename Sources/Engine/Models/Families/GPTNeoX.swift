/// GPT-NeoX and Pythia (Black et al., arXiv 2204.06745): layer norms, biases everywhere, hidden units without a gate, a part
/// of each head is rotated, and attention and feed-forward read the same residual stream.
extension Architecture {
    static let gptNeoX = Architecture(
        name: "gptneox",
        modelTypes: ["gpt_neox"],
        norm: .layer,
        activation: .gelu,
        rotaryPairs: ByFormat(.halves),
        tensors: ModelKeys(
            folderPrefix: "gpt_neox.",
            folderBlocks: "layers.",
            tokenEmbedding: LayerKey("token_embd", "embed_in", [.vocabulary, .hidden]),
            outputNorm: LayerKey("output_norm", "final_layer_norm", [.hidden], bias: .always),
            vocabularyProjection: LayerKey("output", "embed_out", [.vocabulary, .hidden]),
            block: BlockKeys(
                attentionNorm: LayerKey("attn_norm", "input_layernorm", [.hidden], bias: .always),
                projections: .fused(
                    LayerKey(
                        "attn_qkv", "attention.query_key_value", [.projected, .hidden],
                        bias: .whereSaid(.attentionBias)),
                    rows: ByFormat(gguf: .byKind, folder: .byHead)),
                attentionOutput: LayerKey(
                    "attn_output", "attention.dense", [.hidden, .query], bias: .whereSaid(.attentionBias)),
                feedForwardNorm: LayerKey("ffn_norm", "post_attention_layernorm", [.hidden], bias: .always),
                feedForward: .plain(
                    up: LayerKey("ffn_up", "mlp.dense_h_to_4h", [.feedForward, .hidden], bias: .always),
                    down: LayerKey("ffn_down", "mlp.dense_4h_to_h", [.hidden, .feedForward], bias: .always))),
            buffers: ["attention.bias", "attention.masked_bias", "rotary_emb.inv_freq"]),
        folderDefaults: [
            .rotaryBase: 10_000, .rotaryShare: 0.25, .layerEpsilon: 1e-5, .contextLength: 2048, .attentionBias: 1,
            .isParallel: 1,
        ])
}
