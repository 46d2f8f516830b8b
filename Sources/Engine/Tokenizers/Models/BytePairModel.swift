/// Byte-pair encoding of one word: the pair of neighbours with the lowest rank is merged, the leftmost of equals first,
/// until no pair can be.
struct BytePairMerging {
    /// What a word is made of before anything is merged.
    enum Symbols {
        case bytes
        /// Unicode scalars.
        case characters
    }

    /// When a word that is a token is that token, whether or not merges lead to it.
    enum WholeWords {
        case never, always
        /// Only words of newlines.
        case newlines
    }

    let symbols: Symbols
    let wholeWords: WholeWords
    let vocabulary: Vocabulary
    let merges: MergeTable
    /// The token of each single byte that is a symbol or stands in for a part of one, or -1.
    let tokenOfByte: [Int32]
    /// What a character becomes that has neither a token nor those of its bytes; nil: nothing.
    let unknown: Int32?
    /// Neighbouring unknown characters become one token.
    let fusesUnknown: Bool
    /// Characters without a token that merges begin with: the number of the first, from which on numbers are no tokens.
    let firstPseudoToken: Int32
    /// By their bytes.
    let pseudoTokens: [[UInt8]: Int32]
    /// Tokens that are taken apart again, as SentencePiece does with those that are not used.
    let unused: Set<Int32>
    /// Tokens that are found before anything is merged, and never merge.
    let frozen: ByteTrie

    init(
        symbols: Symbols, wholeWords: WholeWords, vocabulary: Vocabulary, merges: MergeTable, tokenOfByte: [Int32],
        unknown: Int32? = nil, fusesUnknown: Bool = false, pseudoTokens: [[UInt8]: Int32] = [:],
        unused: Set<Int32> = [], frozen: ByteTrie = ByteTrie([])
    ) {
        self.symbols = symbols
        self.wholeWords = wholeWords
        self.vocabulary = vocabulary
        self.merges = merges
        self.tokenOfByte = tokenOfByte
        self.unknown = unknown
        self.fusesUnknown = fusesUnknown
        self.pseudoTokens = pseudoTokens
        self.unused = unused
        self.frozen = frozen
        firstPseudoToken = Int32(vocabulary.count)
    }

    /// For each token whether a word of its bytes is encoded as the token itself.
    fileprivate func findWholeWords() -> [Bool] {
        var scratch = BytePairScratch()
        return (0..<Int32(vocabulary.count)).map { token in
            guard vocabulary.isFindable(token) else { return false }
            if wholeWords == .always { return true }
            return vocabulary.withBytes(of: token) { word in
                if wholeWords == .newlines, word.allSatisfy({ $0 == 0x0A }) { return true }
                encode(word, &scratch)
                return scratch.isSingle(token)
            }
        }
    }

    /// Encodes `word`, which is not empty, into `scratch`.
    func encode(_ word: UnsafeBufferPointer<UInt8>, _ scratch: inout BytePairScratch) {
        scratch.removeAll()
        switch symbols {
        case .bytes: appendBytes(of: word, &scratch)
        case .characters: appendCharacters(of: word, &scratch)
        }
        scratch.merge(merges, takesApart: unused)
        if !pseudoTokens.isEmpty || !unused.isEmpty { replacePseudoTokens(word, &scratch) }
    }

    // MARK: Symbols

    /// Bytes without a token become `unknown` or are left out, as if they weren't there; the ends tell where they were.
    private func appendBytes(of word: UnsafeBufferPointer<UInt8>, _ scratch: inout BytePairScratch) {
        var unknowns = UnknownRun(unknown: unknown, isFused: fusesUnknown)
        for (position, byte) in word.enumerated() {
            let token = tokenOfByte[Int(byte)]
            if token >= 0 {
                unknowns.flush(&scratch)
                scratch.append(token, end: position + 1)
            } else {
                unknowns.add(end: position + 1, &scratch)
            }
        }
        unknowns.flush(&scratch)
    }

    private func appendCharacters(of word: UnsafeBufferPointer<UInt8>, _ scratch: inout BytePairScratch) {
        var unknowns = UnknownRun(unknown: unknown, isFused: fusesUnknown)
        var position = 0
        while position < word.count {
            if !frozen.isEmpty, let match = frozen.longestPrefix(of: word, from: position) {
                unknowns.flush(&scratch)
                scratch.append(match.value, end: match.end)
                position = match.end
                continue
            }
            let end = position + decodeScalar(word, at: position).length
            let character = UnsafeBufferPointer(rebasing: word[position..<end])
            if let token = vocabulary.token(for: character) ?? pseudoToken(of: character) {
                unknowns.flush(&scratch)
                scratch.append(token, end: end)
            } else if character.allSatisfy({ tokenOfByte[Int($0)] >= 0 }) {
                // As in the reference, an unknown character before them waits.
                for offset in position..<end { scratch.append(tokenOfByte[Int(word[offset])], end: offset + 1) }
            } else {
                unknowns.add(end: end, &scratch)
            }
            position = end
        }
        unknowns.flush(&scratch)
    }

    private func pseudoToken(of character: UnsafeBufferPointer<UInt8>) -> Int32? {
        pseudoTokens.isEmpty ? nil : pseudoTokens[Array(character)]
    }

    /// Unknown symbols that wait for what follows them.
    private struct UnknownRun {
        let unknown: Int32?
        let isFused: Bool
        private var end: Int?

        init(unknown: Int32?, isFused: Bool) { (self.unknown, self.isFused) = (unknown, isFused) }

        mutating func add(end newEnd: Int, _ scratch: inout BytePairScratch) {
            guard unknown != nil else { return }
            if !isFused { flush(&scratch) }
            end = newEnd
        }

        mutating func flush(_ scratch: inout BytePairScratch) {
            guard let end, let unknown else { return }
            scratch.append(unknown, end: end)
            self.end = nil
        }
    }

    /// What is no token, or is not used, and was merged with nothing is unknown after all.
    private func replacePseudoTokens(_ word: UnsafeBufferPointer<UInt8>, _ scratch: inout BytePairScratch) {
        guard scratch.contains(where: { $0 >= firstPseudoToken || unused.contains($0) }) else { return }
        var result: [(token: Int32, end: Int)] = []
        var start = 0
        var wasUnknown = false
        scratch.forEachToken { token, symbolEnd in
            // An unknown character that waited ends before the bytes that it stands behind.
            let end = max(start, symbolEnd)
            defer { start = end }
            guard token >= firstPseudoToken || unused.contains(token) || token == unknown else {
                wasUnknown = false
                result.append((token, end))
                return
            }
            if word[start..<end].allSatisfy({ tokenOfByte[Int($0)] >= 0 }) {
                for offset in start..<end { result.append((tokenOfByte[Int(word[offset])], offset + 1)) }
                wasUnknown = false
            } else if let unknown {
                if wasUnknown, fusesUnknown { result.removeLast() }
                result.append((unknown, end))
                wasUnknown = true
            }
        }
        scratch.removeAll()
        for (token, end) in result { scratch.append(token, end: end) }
    }
}

/// Byte-pair encoding that spares the merging of words of which it is known what they become.
final class BytePairModel: Sendable {
    let merging: BytePairMerging
    private let isWholeWord: [Bool]

    init(_ merging: BytePairMerging) {
        self.merging = merging
        isWholeWord = merging.findWholeWords()
    }

    /// The token that is `word`, where that is known without merging.
    @inline(__always)
    func wholeWord(_ word: UnsafeBufferPointer<UInt8>) -> Int32? {
        guard let token = merging.vocabulary.token(for: word), isWholeWord[Int(token)] else { return nil }
        return token
    }
}
