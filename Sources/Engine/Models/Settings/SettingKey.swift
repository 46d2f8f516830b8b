/// A number or a word that a model's files say of it, by its name in each format.
struct SettingKey: Hashable, Sendable {
    /// In GGUF, behind the architecture's name; nil where the format has none.
    let gguf: String?
    /// In `config.json`, the usual name first; a dot leads into an object.
    let folder: [String]

    init(_ gguf: String?, _ folder: String...) { (self.gguf, self.folder) = (gguf, folder) }
}

extension SettingKey {
    // Sizes.
    static let layerCount = SettingKey("block_count", "num_hidden_layers", "n_layer")
    static let hiddenSize = SettingKey("embedding_length", "hidden_size", "n_embd")
    static let feedForwardSize = SettingKey("feed_forward_length", "intermediate_size", "n_inner")
    static let contextLength = SettingKey("context_length", "max_position_embeddings", "n_positions")
    static let headCount = SettingKey("attention.head_count", "num_attention_heads", "n_head")
    static let keyValueHeadCount = SettingKey("attention.head_count_kv", "num_key_value_heads")
    static let headDimension = SettingKey("attention.key_length", "head_dim")
    static let valueDimension = SettingKey("attention.value_length")

    // Norms, activations, factors and caps.
    static let rmsEpsilon = SettingKey("attention.layer_norm_rms_epsilon", "rms_norm_eps")
    static let layerEpsilon = SettingKey("attention.layer_norm_epsilon", "layer_norm_eps", "layer_norm_epsilon")
    static let activation = SettingKey("hidden_activation", "hidden_activation", "hidden_act", "activation_function")
    static let embeddingScale = SettingKey("embedding_scale", "embedding_multiplier")
    static let residualScale = SettingKey("residual_scale", "residual_multiplier")
    static let attentionScale = SettingKey("attention.scale", "attention_multiplier")
    /// Queries are divided by its square root.
    static let attentionDivisor = SettingKey(nil, "query_pre_attn_scalar")
    static let attentionCap = SettingKey("attn_logit_softcapping", "attn_logit_softcapping")
    static let logitDivisor = SettingKey("logit_scale", "logits_scaling")
    static let logitCap = SettingKey("final_logit_softcapping", "final_logit_softcapping")
    static let isParallel = SettingKey("use_parallel_residual", "use_parallel_residual")

    // What is there.
    static let attentionBias = SettingKey(nil, "attention_bias")
    static let feedForwardBias = SettingKey(nil, "mlp_bias")
    static let tiesEmbeddings = SettingKey(nil, "tie_word_embeddings")

    // Windows.
    static let window = SettingKey("attention.sliding_window", "sliding_window")
    /// Each so many layers one sees everything; in GGUF also whether each layer has a window.
    static let windowPattern = SettingKey(
        "attention.sliding_window_pattern", "sliding_window_pattern", "_sliding_window_pattern")
    static let usesWindow = SettingKey(nil, "use_sliding_window")
    /// Layers before it see everything.
    static let firstWindowLayer = SettingKey(nil, "max_window_layers")
    static let layerKinds = SettingKey(nil, "layer_types")

    // Rotary positions.
    static let rotaryDimension = SettingKey("rope.dimension_count")
    static let rotaryShare = SettingKey(
        nil, "rope_parameters.partial_rotary_factor", "partial_rotary_factor", "rotary_pct")
    static let rotaryBase = SettingKey(
        "rope.freq_base", "rope_parameters.rope_theta", "rope_parameters.full_attention.rope_theta", "rope_theta",
        "rotary_emb_base")
    static let windowRotaryBase = SettingKey(
        "rope.freq_base_swa", "rope_parameters.sliding_attention.rope_theta", "rope_local_base_freq")
    static let scalingKind = SettingKey("rope.scaling.type")
    static let scalingFactor = SettingKey("rope.scaling.factor")
    static let oldScalingFactor = SettingKey("rope.scale_linear")
    static let scalingOriginalContext = SettingKey("rope.scaling.original_context_length")
    static let scalingAttentionFactor = SettingKey("rope.scaling.attn_factor")
    static let yarnFast = SettingKey("rope.scaling.yarn_beta_fast")
    static let yarnSlow = SettingKey("rope.scaling.yarn_beta_slow")

    // Mixtures of experts.
    static let expertCount = SettingKey("expert_count", "num_local_experts", "num_experts")
    static let expertsUsed = SettingKey("expert_used_count", "num_experts_per_tok")
    static let expertFeedForwardSize = SettingKey("expert_feed_forward_length", "moe_intermediate_size")
    static let normalizesExperts = SettingKey("expert_weights_norm", "norm_topk_prob")
    static let expertsScale = SettingKey("expert_weights_scale")

    /// All that `ModelConfiguration` reads, whatever the family.
    static let all: [SettingKey] = [
        layerCount, hiddenSize, feedForwardSize, contextLength, headCount, keyValueHeadCount, headDimension,
        valueDimension, rmsEpsilon, layerEpsilon, activation, embeddingScale, residualScale, attentionScale,
        attentionDivisor, attentionCap, logitDivisor, logitCap, isParallel, attentionBias, feedForwardBias,
        tiesEmbeddings, window, windowPattern, usesWindow, firstWindowLayer, layerKinds, rotaryDimension, rotaryShare,
        rotaryBase, windowRotaryBase, scalingKind, scalingFactor, oldScalingFactor, scalingOriginalContext,
        scalingAttentionFactor, yarnFast, yarnSlow, expertCount, expertsUsed, expertFeedForwardSize,
        normalizesExperts, expertsScale,
    ]
}
