internal import Foundation
package import Margins

/// Counts of a response's words without their order, as features of a baseline: what words alone say of the labels, a
/// direction of hidden states should say better.
///
/// Words are hashed into a fixed number of buckets (Weinberger, Dasgupta, Langford, Smola and Attenberg: "Feature
/// hashing for large scale multitask learning", ICML 2009; without their random signs), so that no vocabulary is held
/// and rows can be read one by one. Words whose hashes meet in a bucket are one feature. What a word is: `WordHashes`.
package struct BagOfWords: Hashable, Sendable {
    /// One more than the largest feature of any vector, 2^18.
    package static let featureCount = 1 << 18

    /// Vectors of different seeds are not to be compared.
    package let seed: UInt64

    /// Whether each two words that follow each other are counted beside the words, in the same buckets.
    package let hasBigrams: Bool

    package init(seed: UInt64 = 0, hasBigrams: Bool = false) {
        self.seed = seed
        self.hasBigrams = hasBigrams
    }

    /// `log(1 + n)` of each feature's count `n`, scaled to a Euclidean norm of 1; without any feature where the text
    /// has no word. Time is linear in the text; memory is bounded by `featureCount`.
    package func vector(of text: String) -> SparseVector {
        let ordered = counts(text).sorted { $0.key < $1.key }
        let entries = ordered.map { (feature: $0.key, value: log1p(Double($0.value))) }
        let norm = entries.reduce(0) { $0 + $1.value * $1.value }.squareRoot()
        return SparseVector(entries.map { (feature: $0.feature, value: Float($0.value / norm)) })
    }

    private func counts(_ text: String) -> [Int: Int] {
        var counts: [Int: Int] = [:]
        var previous: UInt32?
        for word in WordHashes(text, seed: seed) {
            counts[Self.feature(word), default: 0] += 1
            guard hasBigrams else { continue }
            if let previous { counts[Self.feature(bigram(previous, word)), default: 0] += 1 }
            previous = word
        }
        return counts
    }

    /// Of two words' hashes, so that no word needs to be read twice.
    private func bigram(_ first: UInt32, _ second: UInt32) -> UInt32 {
        var hash = SeededHash(seed: seed)
        hash.append(first)
        hash.append(second)
        return hash.value
    }

    private static func feature(_ hash: UInt32) -> Int { Int(hash) & (featureCount - 1) }
}
