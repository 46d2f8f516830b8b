/// GPT-2 (Radford et al. 2019): learned positions, layer norms, biases everywhere, hidden units without a gate.
extension Architecture {
    static let gpt2 = Architecture(
        name: "gpt2",
        modelTypes: ["gpt2"],
        norm: .layer,
        activation: .geluTanh,
        rotaryPairs: nil,
        tensors: ModelKeys(
            folderPrefix: "transformer.",
            folderBlocks: "h.",
            tokenEmbedding: LayerKey("token_embd", "wte", [.vocabulary, .hidden]),
            positionEmbedding: LayerKey("position_embd", "wpe", [.positions, .hidden]),
            outputNorm: LayerKey("output_norm", "ln_f", [.hidden], bias: .always),
            vocabularyProjection: LayerKey("output", "lm_head", [.vocabulary, .hidden]),
            block: BlockKeys(
                attentionNorm: LayerKey("attn_norm", "ln_1", [.hidden], bias: .always),
                projections: .fused(
                    LayerKey(
                        "attn_qkv", "attn.c_attn", [.projected, .hidden], bias: .always, isTransposedInFolders: true),
                    rows: ByFormat(.byKind)),
                attentionOutput: LayerKey(
                    "attn_output", "attn.c_proj", [.hidden, .query], bias: .always, isTransposedInFolders: true),
                feedForwardNorm: LayerKey("ffn_norm", "ln_2", [.hidden], bias: .always),
                feedForward: .plain(
                    up: LayerKey(
                        "ffn_up", "mlp.c_fc", [.feedForward, .hidden], bias: .always, isTransposedInFolders: true),
                    down: LayerKey(
                        "ffn_down", "mlp.c_proj", [.hidden, .feedForward], bias: .always,
                        isTransposedInFolders: true))),
            // The mask that hides what comes after a token.
            buffers: ["attn.bias", "attn.masked_bias"]),
        folderDefaults: [.layerEpsilon: 1e-5, .contextLength: 1024, .tiesEmbeddings: 1])
}
