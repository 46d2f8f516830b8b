internal import Diagnostics
import ModelFiles

/// The tokenizer of a SentencePiece model in a Hugging Face folder.
struct SentencePieceTokenizer {
    private let file: SentencePieceFile
    private let settings: TokenizerSettings
    private let source: VocabularySource

    /// - Parameter settings: may add tokens behind the model's own ones.
    init(_ file: SentencePieceFile, _ settings: TokenizerSettings) throws {
        (self.file, self.settings) = (file, settings)
        var (names, kinds) = (file.names, file.kinds)
        for token in settings.added {
            guard token.id < 4 * file.names.count + 65536 else {
                throw file.error(
                    "added token \(token.id)", expected: "a number near those of the other tokens",
                    found: "\(token.id)")
            }
            while names.count <= token.id {
                names.append(Array("[PAD\(names.count)]".utf8))
                kinds.append(.unused)
            }
            guard token.id >= file.names.count || names[token.id] != token.content else { continue }
            names[token.id] = token.content
            kinds[token.id] = token.isSpecial ? .control : .userDefined
        }
        source = VocabularySource(names: names, kinds: kinds)
    }

    /// - Throws: `ModelFileError`.
    func parts() throws -> TokenizerParts {
        guard file.type == .unigram || file.type == .bytePair else {
            throw file.error(
                "model_type", expected: "1 (unigram) or 2 (BPE), which are supported", found: "\(file.type)")
        }
        let count = file.names.count
        // Tokens of the folder's own are found in texts as they are, not by the model.
        let vocabulary = Vocabulary(count: source.names.count) { id, bytes in
            bytes += source.names[id]
            switch source.kinds[id] {
            case .normal, .unused, .undefined, .userDefined: return id < count ? .byItsBytes : .never
            case .control, .unknown, .byte: return .never
            }
        }
        let findable = source.findable(vocabulary)
        let userDefined = findable.filter { source.kinds[Int($0)] == .userDefined }
        let normalizer = SentencePieceNormalizer(
            charsMap: file.charsMap, addsDummyPrefix: file.addsDummyPrefix,
            removesExtraWhitespaces: file.removesExtraWhitespaces, escapesWhitespaces: file.escapesWhitespaces,
            isSuffix: file.spacesAreSuffixes, userDefined: ByteTrie(userDefined.map { (source.names[Int($0)], $0) }))
        let unknown = source.kinds.firstIndex(of: .unknown).map { Int32($0) }
        let model: Pipeline.Model =
            file.type == .bytePair
            ? .bytePair(bytePairs(vocabulary, findable, userDefined, unknown))
            : .unigram(unigram(vocabulary, findable, userDefined, unknown))
        let added = addedTokens()
        let pipeline = Pipeline(
            needsCharacters: true, addedTokens: added, normalizers: [.sentencePiece(normalizer)],
            normalizedTokens: AddedTokens([]), preTokenizer: PreTokenizer(), model: model,
            cuts: file.type == .bytePair ? SafeCuts(vocabulary, mark: Metaspace.mark, findable: findable) : nil)
        var parts = TokenizerParts(pipeline: pipeline, spellings: source.spellings)
        complete(&parts)
        return parts
    }

    private func bytePairs(
        _ vocabulary: Vocabulary, _ findable: [Int32], _ userDefined: [Int32], _ unknown: Int32?
    ) -> BytePairModel {
        var scores = file.scores
        scores += repeatElement(0, count: source.names.count - scores.count)
        let merges = SentencePieceMerges(vocabulary, scores: scores, findable: findable) { token in
            source.kinds[Int(token)] != .userDefined
        }
        return BytePairModel(
            BytePairMerging(
                symbols: .characters, wholeWords: .never, vocabulary: vocabulary, merges: merges.merges,
                tokenOfByte: tokenOfByte, unknown: unknown, fusesUnknown: true, pseudoTokens: merges.pseudoTokens,
                unused: Set(findable.filter { source.kinds[Int($0)] == .unused }),
                frozen: ByteTrie(userDefined.map { (source.names[Int($0)], $0) })))
    }

    private var tokenOfByte: [Int32] {
        file.takesBytes ? source.tokenOfByte : [Int32](repeating: -1, count: 256)
    }

    private func unigram(
        _ vocabulary: Vocabulary, _ findable: [Int32], _ userDefined: [Int32], _ unknown: Int32?
    ) -> UnigramModel {
        var scores = file.scores.map(Double.init)
        scores += repeatElement(0, count: source.names.count - scores.count)
        // They win over ordinary tokens, whose scores are logarithms of probabilities: a tenth for each byte but one.
        for token in userDefined { scores[Int(token)] = 0.1 * Double(source.names[Int(token)].count - 1) }
        return UnigramModel(
            vocabulary: vocabulary, scores: scores, findable: findable.filter { source.kinds[Int($0)] != .unused },
            ordinary: (0..<Int32(file.names.count)).filter { source.kinds[Int($0)] == .normal }, unknown: unknown,
            fusesUnknown: true, arithmetic: .single,
            tokenOfByte: tokenOfByte.contains(-1) ? nil : tokenOfByte)
    }

    /// Control tokens of the model, and tokens of the folder's own.
    private func addedTokens() -> AddedTokens {
        var tokens = source.addedTokens(userDefined: false)
        let numbers = Dictionary(tokens.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        for added in settings.added {
            if let index = numbers[Int32(added.id)] {
                tokens[index] = added.token(bytes: added.content)
            } else if added.id >= file.names.count {
                tokens.append(added.token(bytes: added.content))
            }
        }
        return AddedTokens(tokens)
    }

    private func complete(_ parts: inout TokenizerParts) {
        func token(_ number: Int, _ name: [UInt8]?) -> Int32? {
            if let name, let id = source.names.firstIndex(of: name) { return Int32(id) }
            return number >= 0 && number < file.names.count ? Int32(number) : nil
        }
        parts.bosToken = token(file.bosToken, settings.bosToken)
        let eos = token(file.eosToken, settings.eosToken)
        // Llama's and Gemma's classes put a BOS where nothing is said, T5's and its kin an EOS.
        let isT5 = ["T5Tokenizer", "MT5Tokenizer", "UMT5Tokenizer"].contains(settings.family)
        parts.addsBOS = parts.bosToken != nil && (settings.addsBOS ?? !isT5)
        if parts.addsBOS, let bos = parts.bosToken { parts.ownPrefix = [bos] }
        if settings.addsEOS ?? isT5, let eos { parts.ownSuffix = [eos] }
        parts.endTokens = source.namedEnds.union(eos.map { [$0] } ?? [])
            .union(settings.endTokens.filter { $0 < source.names.count }.map { Int32($0) })
        if let end = parts.ownSuffix.first {
            let name = String(decoding: source.names[Int(end)], as: UTF8.self).quoted
            parts.warnings.append("its own tokenizer puts \(name) behind a text by default, which is not done here")
        }
        var hash = FNV1a()
        for name in source.names { hash.combine(name) }
        for score in file.scores { withUnsafeBytes(of: score.bitPattern.littleEndian) { hash.combine($0) } }
        for kind in source.kinds { hash.combine(byte: UInt8(kind.rawValue)) }
        hash.combine(file.charsMapBytes)
        let flags = [
            file.addsDummyPrefix, file.removesExtraWhitespaces, file.escapesWhitespaces, file.spacesAreSuffixes,
            file.takesBytes,
        ].map { $0 ? "1" : "0" }.joined()
        parts.identity =
            "sentencepiece/\(file.type == .bytePair ? "bpe" : "unigram") tokens=\(source.names.count) flags=\(flags) "
            + "bos=\(parts.bosToken.map(String.init) ?? "none") adds_bos=\(parts.addsBOS) fnv1a=\(hash.hexadecimal)"
    }
}
