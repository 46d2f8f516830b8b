public import ModelFiles

/// Byte-level byte-pair encoding (Radford et al. 2019), with the vocabulary, merges and pre-tokenizer of a GGUF file.
///
/// It works on bytes. The tokens' byte ranges tile the input: the first starts at 0, each starts where the one before
/// ends, the last ends at the end. The tokens' own bytes, one after another, are the input again. Both hold for any
/// bytes, with one exception: where a vocabulary has no token for some byte (SmolLM2 has none for 21 of the 256, all of
/// them control characters or bytes that hardly occur in UTF-8), that byte yields no token, as in other
/// implementations, and the range of the next token, or of the last one, includes it.
///
/// Text is not normalized. Some models' own tokenizers normalize to NFC first: give them text in NFC.
public final class Tokenizer: Sendable {
    public let vocabularySize: Int
    /// Whether the model expects a BOS token before every text. If so there is a `bosToken`.
    public let addsBOS: Bool
    public let bosToken: Int32?
    /// With each of these the model says that its answer is over.
    public let endTokens: Set<Int32>
    /// Tokenizers of one identity encode alike, on every machine: model, pre-tokenizer, sizes, BOS, and a 64-bit hash
    /// (FNV-1a) over the tokens, their types and the merges.
    public let identity: String
    /// What the file says of its tokenizer that is passed over, each a sentence.
    public let warnings: [String]

    private let vocabulary: Vocabulary
    private let merges: BytePairMerges
    private let specialTokens: SpecialTokens
    private let preTokenizer: PreTokenizer
    /// For each token whether a word of its bytes is encoded as the token itself, which spares merging.
    private let isWholeWord: [Bool]

    /// - Throws: `ModelFileError` if the file has no tokenizer, a damaged one, or one of another kind.
    public init(gguf: GGUFFile) throws {
        let definition = try TokenizerDefinition(gguf)
        let merges = BytePairMerges(merges: definition.merges, vocabulary: definition.vocabulary)
        vocabulary = definition.vocabulary
        vocabularySize = definition.vocabulary.count
        addsBOS = definition.addsBOS
        bosToken = definition.bosToken
        endTokens = definition.endTokens
        identity = definition.identity
        warnings = definition.warnings
        preTokenizer = definition.preTokenizer
        specialTokens = SpecialTokens(definition.vocabulary)
        isWholeWord = Self.wholeWords(definition, merges)
        self.merges = merges
    }

    /// The tokens of a text.
    ///
    /// User-defined tokens are found wherever they are spelt, control tokens where `controlTokens` allows it; both
    /// before the text is split into words, the leftmost first and of those the longest.
    ///
    /// - Parameters:
    ///   - utf8: Any bytes. Those that are not UTF-8 are taken one by one, as characters that are neither letters,
    ///     numbers nor spaces.
    ///   - addBOS: Puts `bosToken` first, unless the first token is that one already. Pass `addsBOS`.
    /// - Precondition: `bosToken` is not nil if `addBOS` is true.
    public func encode(_ utf8: [UInt8], controlTokens: ControlTokenScope, addBOS: Bool) -> [Token] {
        var tokens: [Token] = []
        tokens.reserveCapacity(utf8.count / 4 + 2)
        utf8.withUnsafeBufferPointer { text in
            var scratch = BytePairMerges.Scratch()
            var position = 0
            while let special = specialTokens.firstMatch(in: text, from: position, controlTokens: controlTokens) {
                encodeWords(text, position..<special.bytes.lowerBound, into: &tokens, &scratch)
                append(special.id, end: special.bytes.upperBound, to: &tokens)
                position = special.bytes.upperBound
            }
            encodeWords(text, position..<text.count, into: &tokens, &scratch)
        }
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
        return vocabulary.withBytes(of: token) { Array($0) }
    }

    // MARK: Words

    private func encodeWords(
        _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, into tokens: inout [Token],
        _ scratch: inout BytePairMerges.Scratch
    ) {
        let scanner = ScalarScanner(bytes: UnsafeBufferPointer(rebasing: text[range]))
        var start = 0
        while start < range.count {
            let end = preTokenizer.wordEnd(in: scanner, from: start)
            let word = UnsafeBufferPointer(rebasing: scanner.bytes[start..<end])
            if let token = vocabulary.token(for: word), isWholeWord[Int(token)] {
                append(token, end: range.lowerBound + end, to: &tokens)
            } else {
                merges.encode(word, &scratch)
                let wordStart = range.lowerBound + start
                scratch.forEachToken { token, end in append(token, end: wordStart + end, to: &tokens) }
            }
            start = end
        }
    }

    /// Appends a token that reaches from the end of the one before to `end`.
    private func append(_ id: Int32, end: Int, to tokens: inout [Token]) {
        tokens.append(Token(id: id, bytes: (tokens.last?.bytes.upperBound ?? 0)..<end))
    }

    private static func wholeWords(_ definition: TokenizerDefinition, _ merges: BytePairMerges) -> [Bool] {
        var scratch = BytePairMerges.Scratch()
        return definition.vocabulary.kinds.indices.map { index in
            guard definition.vocabulary.kinds[index].isByteLevel else { return false }
            if definition.preTokenizer.takesWholeWords { return true }
            var encoded: [Int32] = []
            definition.vocabulary.withBytes(of: Int32(index)) { merges.encode($0, &scratch) }
            scratch.forEachToken { token, _ in encoded.append(token) }
            return encoded == [Int32(index)]
        }
    }
}
