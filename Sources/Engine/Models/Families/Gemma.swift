/// Gemma 2 (Gemma Team, arXiv 2408.00118): norms before and behind attention and feed-forward, whose weights are around
/// one; capped scores; each second layer sees a window; embeddings are multiplied by `√hidden`.
extension Architecture {
    static let gemma2 = Architecture(
        name: "gemma2",
        modelTypes: ["gemma2"],
        norm: .rmsAroundOne,
        activation: .geluTanh,
        rotaryPairs: ByFormat(.halves),
        tensors: .gated(.gemmaBlock(hasHeadNorms: false)),
        embedding: .rootOfHidden,
        windows: .allBut(each: 2),
        folderDefaults: [
            .rotaryBase: 10_000, .rmsEpsilon: 1e-6, .contextLength: 8192, .headDimension: 256, .window: 4096,
            .attentionDivisor: 256, .attentionCap: 50, .logitCap: 30,
        ],
        ggufDefaults: [.attentionCap: 50, .logitCap: 30],
        // That of 27 billion weights, whose files don't say it.
        attentionScale: { layers, hidden, heads in
            layers == 46 ? 1 / (Double(hidden) / Double(heads)).squareRoot() : nil
        })

    /// Gemma 3 (Gemma Team, arXiv 2503.19786): Gemma 2 with a norm of each query and key instead of the caps, five layers
    /// with a window to one without, and rotary positions of the layers with a window that are never stretched.
    static let gemma3 = Architecture(
        name: "gemma3",
        modelTypes: ["gemma3_text", "gemma3"],
        norm: .rmsAroundOne,
        activation: .geluTanh,
        rotaryPairs: ByFormat(.halves),
        tensors: .gated(.gemmaBlock(hasHeadNorms: true)),
        embedding: .rootOfHidden,
        windows: .allBut(each: 6),
        windowRotaryBase: 10_000,
        folderDefaults: [
            .rotaryBase: 1_000_000, .rmsEpsilon: 1e-6, .contextLength: 131_072, .headCount: 8, .keyValueHeadCount: 4,
            .headDimension: 256, .window: 4096, .attentionDivisor: 256, .hiddenSize: 2304, .feedForwardSize: 9216,
            .layerCount: 26,
        ],
        attentionScale: { layers, hidden, heads in
            layers == 62 ? 1 / (Double(hidden) / Double(heads)).squareRoot() : nil
        })
}

extension BlockKeys {
    fileprivate static func gemmaBlock(hasHeadNorms: Bool) -> BlockKeys {
        BlockKeys(
            attentionNorm: LayerKey("attn_norm", "input_layernorm", [.hidden]),
            projections: .llama(bias: .whereSaid(.attentionBias)),
            queryNorm: hasHeadNorms ? LayerKey("attn_q_norm", "self_attn.q_norm", [.head]) : nil,
            keyNorm: hasHeadNorms ? LayerKey("attn_k_norm", "self_attn.k_norm", [.head]) : nil,
            attentionOutput: LayerKey(
                "attn_output", "self_attn.o_proj", [.hidden, .query], bias: .whereSaid(.attentionBias)),
            attentionPostNorm: LayerKey("post_attention_norm", "post_attention_layernorm", [.hidden]),
            feedForwardNorm: LayerKey("ffn_norm", "pre_feedforward_layernorm", [.hidden]),
            feedForward: .llama,
            feedForwardPostNorm: LayerKey("post_ffw_norm", "post_feedforward_layernorm", [.hidden]))
    }
}
