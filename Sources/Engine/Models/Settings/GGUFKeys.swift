internal import Diagnostics
import ModelFiles

/// The keys that GGUF has for an architecture, beyond those that `ModelConfiguration` reads, and what each may say: one
/// that changes what a model computes is computed here or refused by name.
///
/// A key that is in no list is warned about, not refused: the lists hold every key of the format as of 2026 that changes
/// hidden states, a structure that is not known comes with tensors, which are refused, and most keys that converters add
/// only describe.
///
/// The names: https://github.com/ggml-org/llama.cpp/blob/master/gguf-py/gguf/constants.py
struct GGUFKeys {
    private let file: GGUFFile
    private let architecture: Architecture
    /// The file's keys of the architecture, without its name and in file order.
    private let names: [String]

    private var prefix: String { architecture.name + "." }

    init(_ file: GGUFFile, _ architecture: Architecture) {
        self.file = file
        self.architecture = architecture
        let prefix = architecture.name + "."
        names = file.metadata.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    }

    /// Refuses what would make the hidden states wrong, and returns a sentence for each key that is passed over.
    ///
    /// - Throws: `ModelFileError`.
    func check(hiddenSize: Int) throws -> [String] {
        try checkKindOfFile()
        let same =
            Self.sameAsComputed + [
                Numbers("the hidden size \(hiddenSize)", [Double(hiddenSize), 0], ["embedding_length_out"])
            ]
        var known = Self.read.union(Self.withoutEffect)
        for rule in same {
            known.formUnion(rule.names)
            for name in rule.names where names.contains(name) { try require(name, rule) }
        }
        known.insert(Self.layoutKey)
        if let found = try file.metadata.stringIfPresent(prefix + Self.layoutKey) {
            let layouts = architecture.rotaryPairs.map(\.gguf.dataLayouts) ?? []
            guard layouts.contains(found) else {
                throw error(
                    prefix + Self.layoutKey, layouts.isEmpty ? "none" : layouts.joined(separator: " or "), found.quoted)
            }
        }
        let unknown = names.filter { !known.contains($0) }.map { (prefix + $0).quoted }
        return try pooling() + GGUFMetadata.warning(ofUnknown: unknown)
    }

    // MARK: Rules

    /// Keys whose value is a number, or several, and must be one of `values`.
    private struct Numbers {
        let expected: String
        let values: [Double]
        let names: [String]

        init(_ expected: String, _ values: [Double], _ names: [String]) {
            (self.expected, self.values, self.names) = (expected, values, names)
        }

        func accepts(_ number: Double) -> Bool { values.contains { abs(number - $0) <= 1e-6 * abs($0) } }
    }

    /// What `ModelConfiguration` reads.
    private static let read = Set(SettingKey.all.compactMap(\.gguf))

    /// What describes.
    private static let withoutEffect: Set<String> = [
        "vocab_size", "pooling_type", "rope.scaling.finetuned", "classifier.output_labels",
    ]

    /// What is computed as if these keys had one of these values. In llama.cpp a scale of 0 is none.
    private static let sameAsComputed = [
        Numbers("true: each token sees itself and those before it", [1], ["attention.causal"]),
        Numbers(
            "0: such mixtures of experts are not supported", [0],
            [
                "expert_shared_count", "expert_group_count", "expert_group_used_count", "experts_per_group",
                "expert_shared_feed_forward_length", "expert_chunk_feed_forward_length", "expert_group_scale",
                "moe_every_n_layers", "moe_latent_size", "interleave_moe_layer_step", "router_logit_softcapping",
                "leading_dense_block_count",
            ]),
        Numbers("1: a softmax over the experts", [1, 0], ["expert_gating_func"]),
        Numbers("1: such scales are not supported", [1, 0], ["attention.output_scale", "attention.value_scale"]),
        Numbers(
            "none: there are no norms of groups", [], ["attention.group_norm_epsilon", "attention.group_norm_groups"]),
        Numbers(
            "none: all layers have heads of one size", [],
            ["attention.key_length_swa", "attention.value_length_swa", "rope.dimension_count_swa"]),
        Numbers(
            "0: attention is not supported so", [0],
            [
                "attention.max_alibi_bias", "attention.clamp_kqv", "attention.q_lora_rank", "attention.kv_lora_rank",
                "attention.key_length_mla", "attention.value_length_mla", "attention.relative_buckets_count",
                "attention.shared_kv_layers", "attention.temperature_length", "attention.temperature_scale",
                "attention.output_group_count", "attention.output_lora_rank", "attention.compress_ratios",
                "attention.compress_rope_freq_base", "attention.indexer.head_count", "attention.indexer.key_length",
                "attention.indexer.top_k", "attention.indexer.block_size", "attention.indexer.local_blocks",
                "attention.indexer.types", "attention.decay_lora_rank", "attention.iclr_lora_rank",
                "attention.value_residual_mix_lora_rank", "attention.gate_lora_rank",
            ]),
        Numbers("0 or 1: attention is not supported so", [0, 1], ["full_attention_interval"]),
        Numbers(
            "0: positions are not rotated so", [0],
            ["rope.dimension_sections", "rope.scaling.yarn_ext_factor", "rope.scaling.yarn_log_multiplier"]),
        Numbers("1: positions are not scaled so", [1], ["rope.scaling.yarn_attn_factor", "rope.scaling.alpha"]),
        Numbers(
            "0: such blocks are not supported", [0],
            [
                "swin_norm", "norm_before_residual", "norm_before_fc",
                "nextn_predict_layers", "n_deepstack_layers", "deepstack_mapping", "decoder_block_count",
                "hash_layer_count", "rescale_every_n_layers", "token_shift_count", "time_mix_extra_dim",
                "time_decay_extra_dim", "embedding_length_per_layer_input", "altup.num_inputs",
                "activation_sparsity_scale", "swiglu_clamp_exp", "swiglu_clamp_shexp", "hyper_connection.count",
                "skip_loop_final_norm", "target_hidden_size", "ssm.conv_kernel", "ssm.inner_size", "ssm.state_size",
                "ssm.time_step_rank", "ssm.group_count", "ssm.dt_b_c_rms", "shortconv.l_cache", "wkv.head_size",
                "kda.head_dim", "posnet.block_count", "convnext.block_count",
            ]),
        Numbers("0 or 1: blocks run once", [0, 1], ["num_loops"]),
    ]

    /// What `tensor_data_layout` may say of queries and keys.
    private static let layoutKey = "tensor_data_layout"

    // MARK: Checks

    private func require(_ name: String, _ rule: Numbers) throws {
        let key = prefix + name
        guard let numbers = try file.metadata.numbersIfPresent(key) else { return }
        guard let other = numbers.first(where: { !rule.accepts($0) }) else { return }
        throw error(key, rule.expected, rule.names == ["attention.causal"] ? "\(other != 0)" : "\(other)")
    }

    /// A LoRA adapter, a vision projector or an importance matrix is no model, whatever its architecture says.
    private func checkKindOfFile() throws {
        let kind = try file.metadata.stringIfPresent("general.type") ?? "model"
        guard kind == "model" else { throw error("general.type", "model", kind.quoted) }
        let version = try file.metadata.unsignedIfPresent("general.quantization_version") ?? 2
        guard version == 2 || version == 0 else {
            throw error("general.quantization_version", "2, the one whose blocks are read here", "\(version)")
        }
    }

    /// It makes no hidden state another one, but its writer had something in mind.
    private func pooling() throws -> [String] {
        let key = prefix + "pooling_type"
        guard let pooling = try file.metadata.unsignedIfPresent(key), pooling != 0 else { return [] }
        return [
            """
            its file asks for pooling (\(key) is \(pooling)); hidden states are pooled as embedding.token says
            """
        ]
    }

    private func error(_ key: String, _ expected: String, _ found: String) -> ModelFileError {
        ModelFileError(file: file.path, place: .key(key), what: "value", expected: expected, found: found)
    }
}
