/// The files of a Hugging Face folder that are a part of the model besides its weights, in the order in which they are
/// digested and sent. What else lies in a folder is nobody's: it is neither read nor sent.
package enum FolderFile: String, CaseIterable, Sendable {
    case configuration = "config.json"
    case generation = "generation_config.json"
    case tokenizer = "tokenizer.json"
    case tokenizerConfiguration = "tokenizer_config.json"
    case specialTokens = "special_tokens_map.json"
    /// Not read here, but other programs read it of a model that has no `tokenizer.json`.
    case addedTokens = "added_tokens.json"
    case vocabulary = "vocab.json"
    case merges = "merges.txt"
    case sentencePiece = "tokenizer.model"
    case sentencePieceOfT5 = "spiece.model"
    case sentencePieceOfXLMR = "sentencepiece.bpe.model"
    /// How a conversation is written for the model.
    case chatTemplate = "chat_template.jinja"
}
