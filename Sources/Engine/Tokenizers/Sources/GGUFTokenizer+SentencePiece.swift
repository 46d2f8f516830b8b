internal import Diagnostics
import ModelFiles

extension GGUFTokenizer {
    /// No piece of SentencePiece's is nearly that long; finding its merges takes the square of it.
    static let pieceBytesMax = 1024

    /// `llama`: SentencePiece's byte-pair encoding by scores.
    func sentencePieceParts() throws -> TokenizerParts {
        try checkPieceLengths()
        let scores = try scores()
        let vocabulary = source.vocabulary(findsUserDefined: true)
        let findable = source.findable(vocabulary)
        let merges = SentencePieceMerges(vocabulary, scores: scores, findable: findable) { token in
            source.kinds[Int(token)] != .userDefined
        }
        let bytes = source.tokenOfByte
        let bytePairs = BytePairMerging(
            symbols: .characters, wholeWords: .never, vocabulary: vocabulary, merges: merges.merges,
            tokenOfByte: bytes, unknown: try token("unknown_token_id") ?? (source.names.isEmpty ? nil : 0),
            fusesUnknown: true, pseudoTokens: merges.pseudoTokens, unused: unusedTokens(findable))
        let addsPrefix = try gguf.metadata.boolIfPresent("tokenizer.ggml.add_space_prefix") ?? true
        var normalizers: [Normalizer] = []
        if addsPrefix { normalizers.append(.prepend(Metaspace.mark)) }
        normalizers.append(.replace(.literal([0x20]), with: Metaspace.mark))
        let pipeline = Pipeline(
            needsCharacters: true, addedTokens: try addedTokens(), normalizers: normalizers,
            normalizedTokens: AddedTokens([]), preTokenizer: PreTokenizer(), model: .bytePair(BytePairModel(bytePairs)),
            cuts: SafeCuts(vocabulary, mark: Metaspace.mark, findable: findable))
        var parts = TokenizerParts(pipeline: pipeline, spellings: source.spellings)
        try complete(&parts, bosToken: source.names.count > 1 ? 1 : nil, addsBOS: true)
        let hash = hash { hash in for score in scores { combine(score, into: &hash) } }
        parts.identity =
            "llama tokens=\(source.names.count) space_prefix=\(addsPrefix) "
            + "bos=\(parts.bosToken.map(String.init) ?? "none") adds_bos=\(parts.addsBOS) fnv1a=\(hash)"
        return parts
    }

    /// `t5`: SentencePiece's unigram model with its normalizer.
    func unigramParts() throws -> TokenizerParts {
        try checkPieceLengths()
        let scores = try scores()
        let vocabulary = source.vocabulary(findsUserDefined: true)
        let findable = source.findable(vocabulary)
        let userDefined = findable.filter { source.kinds[Int($0)] == .userDefined }
        let charsMap = try charsMap()
        let addsPrefix = try gguf.metadata.boolIfPresent("tokenizer.ggml.add_space_prefix") ?? false
        let removesSpaces = try gguf.metadata.boolIfPresent("tokenizer.ggml.remove_extra_whitespaces") ?? false
        let normalizer = SentencePieceNormalizer(
            charsMap: charsMap.flatMap { $0.map }, addsDummyPrefix: addsPrefix,
            removesExtraWhitespaces: removesSpaces, escapesWhitespaces: true, isSuffix: false,
            userDefined: ByteTrie(userDefined.map { (source.names[Int($0)], $0) }))
        var own = scores.map(Double.init)
        for token in userDefined { own[Int(token)] = 0 }
        let bytes = source.tokenOfByte
        let unigram = UnigramModel(
            vocabulary: vocabulary, scores: own, findable: findable,
            ordinary: findable.filter { source.kinds[Int($0)] == .normal },
            unknown: try token("unknown_token_id") ?? (source.names.count > 2 ? 2 : nil),
            fusesUnknown: true, arithmetic: .double, tokenOfByte: bytes.contains(-1) ? nil : bytes)
        let pipeline = Pipeline(
            needsCharacters: true, addedTokens: try addedTokens(userDefined: false),
            normalizers: [.sentencePiece(normalizer)],
            normalizedTokens: AddedTokens([]), preTokenizer: PreTokenizer(), model: .unigram(unigram),
            cuts: nil)
        var parts = TokenizerParts(pipeline: pipeline, spellings: source.spellings)
        try complete(&parts, addsBOS: false, addsEOS: true)
        let hash = hash { hash in
            for score in scores { combine(score, into: &hash) }
            hash.combine(charsMap?.bytes ?? [])
        }
        parts.identity =
            "t5 tokens=\(source.names.count) space_prefix=\(addsPrefix) remove_extra_whitespaces=\(removesSpaces) "
            + "bos=\(parts.bosToken.map(String.init) ?? "none") adds_bos=\(parts.addsBOS) fnv1a=\(hash)"
        return parts
    }

    private func combine(_ score: Float, into hash: inout FNV1a) {
        withUnsafeBytes(of: score.bitPattern.littleEndian) { for byte in $0 { hash.combine(byte: byte) } }
    }

    private func unusedTokens(_ findable: [Int32]) -> Set<Int32> {
        Set(findable.filter { source.kinds[Int($0)] == .unused })
    }

    private func checkPieceLengths() throws {
        guard let long = source.names.firstIndex(where: { $0.count > Self.pieceBytesMax }) else { return }
        throw error(
            "tokenizer.ggml.tokens", "token \(long)", expected: "at most \(Self.pieceBytesMax) bytes",
            found: "\(source.names[long].count)")
    }

    private func scores() throws -> [Float] {
        let key = "tokenizer.ggml.scores"
        let scores = try gguf.metadata.floats(key)
        guard scores.count == source.names.count else {
            throw error(
                key, "count", expected: "one for each of the \(source.names.count) tokens", found: "\(scores.count)")
        }
        return scores
    }

    private func charsMap() throws -> (map: CharsMap?, bytes: [UInt8])? {
        let key = "tokenizer.ggml.precompiled_charsmap"
        guard let numbers = try gguf.metadata.integersIfPresent(key), !numbers.isEmpty else { return nil }
        let bytes = numbers.map { UInt8(truncatingIfNeeded: $0) }
        do throws(Problem) {
            return (try CharsMap(bytes), bytes)
        } catch {
            throw self.error(key, "value", expected: "a table of replacements", found: error.description)
        }
    }
}
