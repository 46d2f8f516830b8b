/// The unigram language model of Kudo (2018): of all ways to write a text with tokens the likeliest one, by Viterbi.
final class UnigramModel: Sendable {
    /// Whose arithmetic it is: sums that nearly tie depend on it.
    enum Arithmetic {
        /// Hugging Face's `tokenizers`: sums of 64 bits.
        case double
        /// SentencePiece: sums of 32 bits.
        case single
    }

    let vocabulary: Vocabulary
    /// A score for each token.
    let scores: [Double]
    let trie: ByteTrie
    let unknown: Int32?
    /// Of a character that has no token.
    private let unknownScore: Double
    let fusesUnknown: Bool
    let arithmetic: Arithmetic
    /// For each byte its token, of all or of none: what unknown text becomes.
    let tokenOfByte: [Int32]?

    /// How much less likely than any token an unknown character is.
    private static let unknownPenalty = 10.0

    /// - Parameter ordinary: the tokens whose scores an unknown character's is lower than.
    init(
        vocabulary: Vocabulary, scores: [Double], findable: [Int32], ordinary: [Int32], unknown: Int32?,
        fusesUnknown: Bool, arithmetic: Arithmetic, tokenOfByte: [Int32]?
    ) {
        self.vocabulary = vocabulary
        self.scores = scores
        trie = ByteTrie(
            findable.map { id in (vocabulary.withBytes(of: id) { Array($0) }, id) }.filter { !$0.0.isEmpty })
        let smallest = ordinary.lazy.map { scores[Int($0)] }.min() ?? 0
        switch arithmetic {
        case .double: unknownScore = smallest - Self.unknownPenalty
        case .single: unknownScore = Double(Float(smallest) - Float(Self.unknownPenalty))
        }
        self.unknown = unknown
        self.fusesUnknown = fusesUnknown
        self.arithmetic = arithmetic
        self.tokenOfByte = tokenOfByte
    }

    /// Encodes `word`, which is not empty, into `scratch`, in time O(n · the longest token).
    func encode(_ word: UnsafeBufferPointer<UInt8>, _ scratch: inout UnigramScratch) {
        scratch.start(word.count)
        var start = 0
        while start < word.count {
            let length = decodeScalar(word, at: start).length
            let base = scratch.best[start].score
            var hasCharacter = false
            var node = ByteTrie.root
            var end = start
            while end < word.count, let next = trie.child(of: node, word[end]) {
                node = next
                end += 1
                let token = trie.value(at: node)
                guard token >= 0 else { continue }
                if end - start == length { hasCharacter = true }
                offer(token, scores[Int(token)], base, start, end, &scratch)
            }
            if !hasCharacter { offer(-1, unknownScore, base, start, start + length, &scratch) }
            start += length
        }
        scratch.backtrack(word.count)
        finish(word, &scratch)
    }

    @inline(__always)
    private func offer(
        _ token: Int32, _ score: Double, _ base: Double, _ start: Int, _ end: Int, _ scratch: inout UnigramScratch
    ) {
        let sum = arithmetic == .double ? score + base : Double(Float(score) + Float(base))
        guard scratch.best[end].start < 0 || sum > scratch.best[end].score else { return }
        scratch.best[end] = UnigramScratch.Best(score: sum, start: Int32(start), token: token)
    }

    /// Turns unknown characters into what stands for them.
    private func finish(_ word: UnsafeBufferPointer<UInt8>, _ scratch: inout UnigramScratch) {
        guard scratch.hasUnknown || unknown.map({ scratch.contains($0) }) == true else { return }
        var result: [UnigramScratch.Piece] = []
        var start = 0
        var fused: Range<Int>?
        func flush() {
            guard let range = fused else { return }
            fused = nil
            if let tokenOfByte {
                for offset in range {
                    result.append(UnigramScratch.Piece(token: tokenOfByte[Int(word[offset])], end: offset + 1))
                }
            } else if let unknown {
                result.append(UnigramScratch.Piece(token: unknown, end: range.upperBound))
            }
        }
        for piece in scratch.pieces {
            if piece.token < 0 || piece.token == unknown {
                if !fusesUnknown { flush() }
                fused = (fused?.lowerBound ?? start)..<piece.end
            } else {
                flush()
                result.append(piece)
            }
            start = piece.end
        }
        flush()
        scratch.pieces = result
    }
}

/// The best ways through one word. Reused from word to word.
struct UnigramScratch {
    struct Best {
        var score: Double
        /// Where the last token of the best way to here starts; -1 where no way leads here.
        var start: Int32
        /// -1 for an unknown character.
        var token: Int32
    }

    struct Piece {
        let token: Int32
        let end: Int
    }

    var best: [Best] = []
    var pieces: [Piece] = []

    mutating func start(_ count: Int) {
        best.removeAll(keepingCapacity: true)
        best.append(contentsOf: repeatElement(Best(score: 0, start: -1, token: -1), count: count + 1))
    }

    mutating func backtrack(_ end: Int) {
        pieces.removeAll(keepingCapacity: true)
        var end = end
        while end > 0, best[end].start >= 0 {
            pieces.append(Piece(token: best[end].token, end: end))
            end = Int(best[end].start)
        }
        pieces.reverse()
    }

    var hasUnknown: Bool { pieces.contains { $0.token < 0 } }

    func contains(_ token: Int32) -> Bool { pieces.contains { $0.token == token } }
}
