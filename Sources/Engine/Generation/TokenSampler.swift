internal import SeededRandom

/// Chooses tokens by their logits. The same logits, settings, seed and position give the same token, always.
struct TokenSampler {
    private let kernels = Kernels()

    /// - Parameters:
    ///   - logits: `[vocabulary]`; afterwards they mean nothing.
    ///   - seed: the sequence's.
    ///   - position: the token's in its sequence: draws do not depend on what was drawn before, so that a sequence can be
    ///     gone on with anywhere.
    /// - Returns: nil where the largest logit is not finite, or one is not a number.
    func token(
        by logits: UnsafeMutableBufferPointer<Float>, _ sampling: Sampling, seed: UInt64, position: Int
    ) -> Int32? {
        guard let likeliest = kernels.largest(logits), case let maximum = logits[likeliest], maximum.isFinite else {
            return nil
        }
        guard sampling.temperature > 0 else { return Int32(likeliest) }
        // A temperature so small that its inverse is infinite is greedy.
        let scale = Float(1 / sampling.temperature)
        guard scale.isFinite else { return Int32(likeliest) }
        let total = kernels.exponentials(logits, maximum: maximum, scale: scale)
        let draw = Self.uniform(seed: seed, position: position)
        return Int32(
            sampling.topP < 1
                ? Self.index(in: logits, total: total, nucleus: sampling.topP, draw: draw)
                : Self.index(in: logits, total: total, draw: draw))
    }

    /// In `0..<1`.
    static func uniform(seed: UInt64, position: Int) -> Double {
        var hash = SeededGenerator(seed: seed)
        var draws = SeededGenerator(seed: hash.next() &+ UInt64(position))
        return Double(draws.next() >> 11) * 0x1p-53
    }

    /// The index to which the weights up to it reach `draw` of the total.
    private static func index(in weights: UnsafeMutableBufferPointer<Float>, total: Double, draw: Double) -> Int {
        let goal = draw * total
        var (sum, last) = (0.0, 0)
        for index in weights.indices where weights[index] > 0 {
            sum += Double(weights[index])
            last = index
            if sum > goal { break }
        }
        return last
    }

    /// The same among the largest weights that together are `nucleus` of the total.
    private static func index(
        in weights: UnsafeMutableBufferPointer<Float>, total: Double, nucleus: Double, draw: Double
    ) -> Int {
        // All that are smaller than this together are less than what is left out.
        let least = Float((1 - nucleus) * total / Double(weights.count))
        var candidates = weights.indices.filter { weights[$0] >= least }
        candidates.sort { (weights[$1], $0) < (weights[$0], $1) }
        var (sum, count) = (0.0, 0)
        while count < candidates.count, sum < nucleus * total {
            sum += Double(weights[candidates[count]])
            count += 1
        }
        let goal = draw * sum
        var reached = 0.0
        for index in candidates[..<max(count, 1)] {
            reached += Double(weights[index])
            if reached > goal { return index }
        }
        return candidates[max(count, 1) - 1]
    }
}
