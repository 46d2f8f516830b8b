/// OLMo 2 (OLMo Team, arXiv 2501.00656): norms behind attention and feed-forward instead of before them, and of all queries
/// and all keys as one vector each.
extension Architecture {
    static let olmo2 = Architecture(
        name: "olmo2",
        modelTypes: ["olmo2"],
        norm: .rms,
        activation: .silu,
        rotaryPairs: ByFormat(.halves),
        tensors: .gated(
            BlockKeys(
                projections: .llama(bias: .whereSaid(.attentionBias)),
                queryNorm: LayerKey("attn_q_norm", "self_attn.q_norm", [.query]),
                keyNorm: LayerKey("attn_k_norm", "self_attn.k_norm", [.keyValue]),
                attentionOutput: LayerKey(
                    "attn_output", "self_attn.o_proj", [.hidden, .query], bias: .whereSaid(.attentionBias)),
                attentionPostNorm: LayerKey("post_attention_norm", "post_attention_layernorm", [.hidden]),
                feedForward: .llama,
                feedForwardPostNorm: LayerKey("post_ffw_norm", "post_feedforward_layernorm", [.hidden]))),
        folderDefaults: [.rotaryBase: 10_000, .rmsEpsilon: 1e-5, .contextLength: 2048])
}
