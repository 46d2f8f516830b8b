internal import Diagnostics
import ModelFiles

/// The keys that GGUF has for a tokenizer: one that changes which tokens a text becomes is heeded or refused by name.
///
/// As with the keys of an architecture, one that is not known is warned about.
struct TokenizerKeys {
    private let file: GGUFFile

    private static let prefix = "tokenizer.ggml."

    init(_ file: GGUFFile) { self.file = file }

    /// - Returns: a sentence about the keys that are passed over.
    /// - Throws: `ModelFileError`.
    func check() throws -> [String] {
        let model = try file.metadata.stringIfPresent(Self.prefix + "model")
        var off = Self.off
        if model != "llama", model != "t5" { off += Self.ofSentencePiece }
        if model == "llama" { off += Self.ofSentencePiece.dropFirst() }
        for (name, expected) in off {
            let key = Self.prefix + name
            guard let numbers = try file.metadata.numbersIfPresent(key), numbers.contains(where: { $0 != 0 }) else {
                continue
            }
            throw ModelFileError(
                file: file.path, place: .key(key), what: "value", expected: expected,
                found: numbers.count == 1 ? "true" : "\(numbers.count) numbers")
        }
        let known = Self.read.union(Self.withoutEffect).union(
            (Self.off + Self.ofSentencePiece).map(\.name))
        let unknown = file.metadata.keys.filter { key in
            guard key.hasPrefix(Self.prefix) else { return false }
            return !known.contains(String(key.dropFirst(Self.prefix.count)))
        }
        return GGUFMetadata.warning(ofUnknown: unknown.map { $0.quoted })
    }

    /// What would change the tokens of a text, and is not done.
    private static let off: [(name: String, expected: String)] = [
        (
            "add_eos_token",
            """
            false: nothing is put behind a text, whose last token's state would be that of the end token. Set it with \
            `gguf_set_metadata.py FILE tokenizer.ggml.add_eos_token 0`
            """
        ),
        ("add_sep_token", "false: nothing is put behind a text"),
        ("normalizer.lowercase", "false: that is done by no tokenizer that is supported"),
        ("normalizer.strip_accents", "false: that is done by no tokenizer that is supported"),
    ]

    /// What only SentencePiece's tokenizers heed.
    private static let ofSentencePiece: [(name: String, expected: String)] = [
        ("add_space_prefix", "false: this tokenizer puts nothing before a text but a BOS token"),
        ("remove_extra_whitespaces", "false: this tokenizer leaves white space as it is"),
        ("precompiled_charsmap", "none: this tokenizer has no such table"),
    ]

    /// What `GGUFTokenizer` reads.
    private static let read: Set<String> = [
        "model", "pre", "tokens", "token_type", "merges", "bos_token_id", "add_bos_token", "eos_token_id",
        "eos_token_ids", "eot_token_id", "eom_token_id", "eog_token_ids", "add_eos_token", "scores", "unknown_token_id",
    ]

    /// Tokens that texts contain only where they are spelled, and what only other tokenizers look at.
    private static let withoutEffect: Set<String> = [
        "token_type_count", "seperator_token_id", "separator_token_id",
        "padding_token_id", "cls_token_id",
        "mask_token_id", "prefix_token_id", "suffix_token_id", "middle_token_id", "fim_pre_token_id",
        "fim_suf_token_id", "fim_mid_token_id", "fim_pad_token_id", "fim_rep_token_id", "fim_sep_token_id",
        "suppress_tokens", "clean_spaces",
    ]
}
