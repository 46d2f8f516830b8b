internal import SeededRandom

extension PairDifferences {
    /// How alike two directions are that are fitted on different halves of the groups: the mean cosine over random
    /// halves. Directions of pure noise have about 0; of the whole, each half knows less (with `c` of halves, the
    /// whole's cosine with a fresh whole is about `2c / (1 + c)`: Spearman and Brown 1910).
    ///
    /// - Parameter fit: of a half's pairs, to a direction `[hidden]`.
    /// - Returns: nil for fewer than two groups.
    /// - Throws: what the fit throws of a half.
    package func splitHalfCosine(
        repeats: Int = 20, seed: UInt64, fit: (_ half: PairDifferences) throws -> [Float]
    ) throws -> Double? {
        precondition(repeats > 0)
        let index = GroupIndex(groups)
        guard index.count > 1 else { return nil }
        var random = SeededGenerator(seed: seed)
        var sum = 0.0
        for _ in 0..<repeats {
            let isFirst = index.randomHalf(using: &random)
            let first = try fit(filter { isFirst[index.numbers[$0]] })
            let second = try fit(filter { !isFirst[index.numbers[$0]] })
            guard let cosine = cosine(first, second) else { throw DirectionError.notFinite }
            sum += cosine
        }
        return sum / Double(repeats)
    }
}
