internal import Diagnostics
import ModelFiles

/// The tokenizer of a GGUF file: the keys `tokenizer.ggml.*`
/// (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md#tokenizer).
struct GGUFTokenizer {
    let gguf: GGUFFile
    let source: VocabularySource

    /// - Throws: `ModelFileError`.
    static func parts(_ gguf: GGUFFile) throws -> TokenizerParts {
        let key = "tokenizer.ggml.model"
        let model = try gguf.metadata.string(key)
        switch model {
        case "gpt2", "gemma4":
            return try GGUFTokenizer(gguf, readsScores: false).bytePairParts(named: model)
        case "llama": return try GGUFTokenizer(gguf, readsScores: true).sentencePieceParts()
        case "t5": return try GGUFTokenizer(gguf, readsScores: true).unigramParts()
        default:
            throw error(
                gguf, key, "tokenizer",
                expected: """
                    "gpt2" (byte-level BPE), "gemma4", "llama" (SentencePiece BPE) or "t5" (unigram), which are \
                    supported
                    """,
                found: model == "bert" ? "\"bert\" (WordPiece)" : model.quoted)
        }
    }

    private init(_ gguf: GGUFFile, readsScores: Bool) throws {
        self.gguf = gguf
        let spellings = try gguf.metadata.strings("tokenizer.ggml.tokens")
        let kinds = try Self.kinds(gguf, count: spellings.count)
        source = VocabularySource(names: spellings.map { $0 }, kinds: kinds)
    }

    private static func kinds(_ gguf: GGUFFile, count: Int) throws -> [TokenKind] {
        guard count > 0, count <= Int(Int32.max) / 2 else {
            throw error(gguf, "tokenizer.ggml.tokens", "count", expected: "1 to \(Int32.max / 2)", found: "\(count)")
        }
        let key = "tokenizer.ggml.token_type"
        guard let numbers = try gguf.metadata.integersIfPresent(key) else {
            return Array(repeating: .normal, count: count)
        }
        guard numbers.count == count else {
            throw error(
                gguf, key, "count", expected: "one for each of the \(count) tokens", found: "\(numbers.count)")
        }
        return try numbers.enumerated().map { index, number in
            guard let kind = TokenKind(rawValue: number) else {
                throw error(gguf, key, "type of token \(index)", expected: "0 to 6", found: "\(number)")
            }
            return kind
        }
    }

    // MARK: Special tokens

    /// A token's number; nil where the key is missing.
    func token(_ name: String) throws -> Int32? {
        let key = "tokenizer.ggml." + name
        guard let id = try gguf.metadata.unsignedIfPresent(key) else { return nil }
        guard id < source.names.count else {
            throw error(
                key, "token", expected: "less than \(source.names.count), the number of tokens", found: "\(id)")
        }
        return Int32(id)
    }

    /// Fills in what all kinds of tokenizers have.
    ///
    /// - Parameters:
    ///   - bosToken: where the file names none.
    ///   - addsBOS: where the file does not say.
    func complete(_ parts: inout TokenizerParts, bosToken: Int32? = nil, addsBOS: Bool, addsEOS: Bool = false) throws {
        parts.bosToken = try token("bos_token_id") ?? bosToken
        let key = "tokenizer.ggml.add_bos_token"
        let saysBOS = try gguf.metadata.boolIfPresent(key)
        guard saysBOS != true || parts.bosToken != nil else {
            throw error(key, "value", expected: "false without a tokenizer.ggml.bos_token_id", found: "true")
        }
        parts.addsBOS = saysBOS ?? (addsBOS && parts.bosToken != nil)
        if parts.addsBOS, let bos = parts.bosToken { parts.ownPrefix = [bos] }
        parts.endTokens = try endTokens()
        let ends = try gguf.metadata.boolIfPresent("tokenizer.ggml.add_eos_token") ?? addsEOS
        // Files have -1 for a token that they lack.
        let eos = try gguf.metadata.numbersIfPresent("tokenizer.ggml.eos_token_id")?.first
        if ends, let eos, let token = Int32(exactly: eos), token >= 0, Int(token) < source.names.count {
            parts.ownSuffix = [token]
            parts.warnings.append(
                "its own tokenizer puts the end token \(token) behind a text by default, which is not done here")
        }
        parts.warnings += try TokenizerKeys(gguf).check()
    }

    private func endTokens() throws -> Set<Int32> {
        var tokens = source.namedEnds
        for name in ["eos_token_id", "eos_token_ids", "eot_token_id", "eom_token_id", "eog_token_ids"] {
            // Some files have -1 for a token that they lack.
            for id in try gguf.metadata.numbersIfPresent("tokenizer.ggml." + name) ?? [] {
                guard let token = Int32(exactly: id), token >= 0, token < source.names.count else { continue }
                tokens.insert(token)
            }
        }
        return tokens
    }

    /// Control tokens and those that a user defined.
    func addedTokens(userDefined: Bool = true) throws -> AddedTokens {
        var tokens = source.addedTokens(userDefined: userDefined)
        // Of this model it is known that its own tokenizer takes the white space behind them, which no key says.
        let name = (try gguf.metadata.stringIfPresent("general.name") ?? "").lowercased()
        if name.contains("phi-3") || name.contains("phi3") {
            let exceptions = ["<unk>", "<s>", "<|endoftext|>"].map { Array($0.utf8) }
            for index in tokens.indices { tokens[index].stripsRight = !exceptions.contains(tokens[index].bytes) }
        }
        for token in tokens where token.bytes.count > AddedTokens.longestMax {
            throw error(
                "tokenizer.ggml.tokens", "token \(token.id)",
                expected: "at most \(AddedTokens.longestMax) bytes of a token that is looked for in texts",
                found: "\(token.bytes.count)")
        }
        return AddedTokens(tokens)
    }

    /// A hash over the tokens, what `more` puts in, and the tokens' kinds.
    func hash(_ more: (inout FNV1a) throws -> Void) rethrows -> String {
        var hash = FNV1a()
        for name in source.names { hash.combine(name) }
        try more(&hash)
        for kind in source.kinds { hash.combine(byte: UInt8(kind.rawValue)) }
        return hash.hexadecimal
    }

    func error(_ key: String, _ what: String, expected: String, found: String) -> ModelFileError {
        Self.error(gguf, key, what, expected: expected, found: found)
    }

    private static func error(
        _ gguf: GGUFFile, _ key: String, _ what: String, expected: String, found: String
    ) -> ModelFileError {
        ModelFileError(file: gguf.path, place: .key(key), what: what, expected: expected, found: found)
    }
}
