internal import Diagnostics
internal import JSON
import ModelFiles

/// The keys of a `config.json` beyond those that `ModelConfiguration` reads, and what each may say.
///
/// As in GGUF files, one that changes what a model computes is computed here or refused by name, and one that is in no list
/// is warned about.
struct FolderKeys {
    private let settings: ModelSettings

    init(_ settings: ModelSettings) { self.settings = settings }

    /// Refuses what would make the hidden states wrong, and returns a sentence for the keys that are passed over.
    ///
    /// - Throws: `ModelFileError`.
    func check() throws -> [String] {
        guard let object = settings.folderObject, case .folder(let folder) = settings.file else { return [] }
        if let quantization = folder.configuration.value(of: "quantization_config"), quantization.kind != .null {
            let method = (try? quantization.object())?.value(of: "quant_method")?.string
            throw settings.error(
                named: "quantization_config",
                "none: weights in F32, F16 or BF16, or a GGUF file of the quantized model",
                method.map { "the method \($0.quoted)" } ?? "one")
        }
        for (name, accepted, expected) in Self.sameAsComputed {
            guard let value = object.value(of: name), !accepted.contains(value.text) else { continue }
            throw settings.error(named: name, expected, value.text.quoted)
        }
        let known = Self.read.union(Self.withoutEffect).union(Self.sameAsComputed.map(\.name))
        let unknown = object.members.map(\.key).filter { !known.contains($0) && !$0.hasPrefix("_") }
        return GGUFMetadata.warning(ofUnknown: unknown.map(\.quoted))
    }

    /// The first names of what `ModelConfiguration` and the rotary settings read.
    private static let read: Set<String> =
        Set(SettingKey.all.flatMap(\.folder).compactMap { $0.split(separator: ".").first.map(String.init) })
        .union(["rope_scaling", "rope_parameters", "original_max_position_embeddings", "model_type"])

    /// What is computed as if these keys had one of these values.
    private static let sameAsComputed: [(name: String, accepted: [String], expected: String)] = [
        ("is_encoder_decoder", ["false", "null"], "false: encoders are not supported"),
        ("add_cross_attention", ["false", "null"], "false: each token sees itself and those before it"),
        ("use_bidirectional_attention", ["false", "null"], "false: each token sees itself and those before it"),
        ("scale_attn_weights", ["true", "null"], "true: attention is not supported so"),
        ("scale_attn_by_inverse_layer_idx", ["false", "null"], "false: attention is not supported so"),
        ("clip_qkv", ["null"], "null: attention is not supported so"),
        ("alibi", ["false", "null"], "false: attention is not supported so"),
        ("attention_chunk_size", ["null", "0"], "null: attention is not supported so"),
        ("decoder_sparse_step", ["1", "null"], "1: all layers are mixtures of experts, or none"),
        ("mlp_only_layers", ["[]", "null"], "none: all layers are mixtures of experts, or none"),
        ("num_shared_experts", ["0", "null"], "0: such mixtures of experts are not supported"),
        ("shared_intermediate_size", ["0", "null"], "0: such mixtures of experts are not supported"),
        ("position_embedding_type", ["\"rope\"", "\"absolute\"", "null"], "\"rope\""),
    ]

    /// What describes, concerns training, or is only looked at by tokenizers and generation.
    private static let withoutEffect: Set<String> = [
        "architectures", "attention_dropout", "attn_pdrop", "auto_map", "bos_token_id", "cache_implementation",
        "classifier_dropout", "dtype", "embd_pdrop", "eos_token_id", "finetuning_task", "gradient_checkpointing",
        "head_dim", "hidden_dropout", "id2label", "initializer_range", "is_decoder", "label2id", "language",
        "layer_norm_elementwise_affine", "max_sequence_length", "max_window_layers", "n_ctx", "output_attentions",
        "output_hidden_states", "output_router_logits", "pad_token_id", "pretraining_tp", "problem_type",
        "reorder_and_upcast_attn", "resid_pdrop", "return_dict", "router_aux_loss_coef", "router_jitter_noise",
        "sep_token_id", "summary_activation", "summary_first_dropout", "summary_proj_to_labels", "summary_type",
        "summary_use_proj", "task_specific_params", "tokenizer_class", "torch_dtype", "torchscript",
        "transformers_version", "transformers.js_config", "unk_token_id", "use_cache", "use_flash_attn",
        "use_mrope", "vocab_size", "embedding_dropout", "text_config", "is_llama_config", "rope_interleaved",
        "num_labels", "chunk_size_feed_forward",
    ]
}
