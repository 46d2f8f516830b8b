public import ModelFiles

/// What makes tokens of a text as a model's own tokenizer does: byte-level byte-pair encoding (Radford et al. 2019),
/// SentencePiece's byte-pair encoding, or a unigram model (Kudo 2018); from a GGUF file or a Hugging Face folder.
///
/// The tokens' byte ranges tile the input: the first starts at 0, each starts where the one before ends, the last ends
/// at the end. Where the tokenizer changes a text first (white space, Unicode's forms), each token has the part of the
/// input that it was made of, which is empty for what was put in.
///
/// Byte-level tokenizers that change nothing work on bytes: the tokens' own bytes, one after another, are the input
/// again. That holds for any bytes, with one exception: where a vocabulary has no token for some byte (SmolLM2 has none
/// for 21 of the 256, all of them control characters or bytes that hardly occur in UTF-8), that byte yields no token,
/// as in other implementations, and the range of the next token, or of the last one, includes it. For all others, what
/// is no UTF-8 is U+FFFD.
public final class Tokenizer: Sendable {
    public let vocabularySize: Int
    /// Whether the model expects a BOS token before every text. If so there is a `bosToken`.
    public let addsBOS: Bool
    public let bosToken: Int32?
    /// With each of these the model says that its answer is over.
    public let endTokens: Set<Int32>
    /// What the model's own tokenizer puts before a text and behind it by default. Only a BOS token is ever put here:
    /// one behind the text would move the state of its last token.
    public let ownAdditions: (prefix: [Int32], suffix: [Int32])
    /// Tokenizers of one identity encode alike, on every machine: kind, rules, sizes, BOS, and a 64-bit hash (FNV-1a)
    /// over the tokens, their types, and merges or scores.
    public let identity: String
    /// What the file says of its tokenizer that is passed over, each a sentence.
    public let warnings: [String]

    /// Whether it works on bytes and changes nothing: then the tokens' bytes are the text again.
    public var keepsBytes: Bool { pipeline.keepsBytes }

    private let pipeline: Pipeline
    private let spellings: Spellings

    /// The tokenizer of a model.
    ///
    /// - Throws: `ModelFileError` if it has no tokenizer, a damaged one, or one of another kind.
    public convenience init(_ file: ModelFile) throws {
        switch file {
        case .gguf(let gguf): try self.init(gguf: gguf)
        case .folder(let folder): try self.init(folder: folder.path)
        }
    }

    /// - Throws: `ModelFileError` if the file has no tokenizer, a damaged one, or one of another kind.
    public convenience init(gguf: GGUFFile) throws { self.init(try GGUFTokenizer.parts(gguf)) }

    /// The tokenizer of a Hugging Face folder: `tokenizer.json`, else SentencePiece's `tokenizer.model`, else GPT-2's
    /// `vocab.json` and `merges.txt`; with what `tokenizer_config.json`, `special_tokens_map.json` and
    /// `generation_config.json` say where they are there.
    ///
    /// - Throws: `ModelFileError` if the folder has no tokenizer, a damaged one, or one of another kind.
    public convenience init(folder: String) throws { self.init(try FolderTokenizer.parts(folder)) }

    private init(_ parts: TokenizerParts) {
        vocabularySize = parts.spellings.count
        addsBOS = parts.addsBOS
        bosToken = parts.bosToken
        endTokens = parts.endTokens
        ownAdditions = (parts.ownPrefix, parts.ownSuffix)
        identity = parts.identity
        warnings = parts.warnings
        pipeline = parts.pipeline
        spellings = parts.spellings
    }

    /// The tokens of a text.
    ///
    /// User-defined tokens are found wherever they are spelt, control tokens where `controlTokens` allows it; both
    /// before the text is split into words, the leftmost first and of those the longest.
    ///
    /// - Parameters:
    ///   - utf8: Any bytes. Byte-level tokenizers take those that are not UTF-8 one by one, as characters that are
    ///     neither letters, numbers nor spaces.
    ///   - addBOS: Puts `bosToken` first, unless the first token is that one already. Pass `addsBOS`.
    /// - Precondition: `bosToken` is not nil if `addBOS` is true.
    public func encode(_ utf8: [UInt8], controlTokens: ControlTokenScope, addBOS: Bool) -> [Token] {
        var encoder = Encoder(pipeline, capacity: utf8.count / 4 + 2)
        utf8.withUnsafeBufferPointer { encoder.encode($0, controlTokens) }
        var tokens = encoder.tokens
        if !tokens.isEmpty { tokens[tokens.count - 1].bytes = tokens[tokens.count - 1].bytes.lowerBound..<utf8.count }
        if addBOS {
            guard let bosToken else { preconditionFailure("this vocabulary has no BOS token: \(identity)") }
            if tokens.first?.id != bosToken { tokens.insert(Token(id: bosToken, bytes: 0..<0), at: 0) }
        }
        return tokens
    }

    /// What a token stands for in a text; for a control token its spelling.
    ///
    /// - Precondition: `token` lies in `0..<vocabularySize`.
    public func bytes(of token: Int32) -> [UInt8] {
        precondition(token >= 0 && token < vocabularySize, "token \(token) of a vocabulary of \(vocabularySize)")
        return spellings[token]
    }
}
