/// How many anchor pairs lie on the right side of a direction that was fitted without them: the harmless response above
/// the harmful one.
///
/// A mean difference leans towards every pair that it holds. Where there are more components than pairs, as there are in
/// hidden states, that alone puts nearly all pairs of pure noise on its right side. So each pair is looked at along the
/// mean of the others, and since pairs of one prompt resemble one another, along the mean without all pairs of its prompt.
/// Where all have the same prompt, each pair is left out alone.
///
/// No refit is needed: with the pair differences `d_i`, their sum `S` and the sum `G` of those that are left out with
/// pair `i`, the mean of the others points along `S - G`, so that pair `i` is on the right side where `d_i · (S - G) > 0`.
/// For a pair that is left out alone that is `(n d_i · d̄ - |d_i|²) / (n - 1) > 0`, but for the factor. Double precision.
public struct HeldOutAccuracy: Hashable, Codable, Sendable {
    public let pairs: Int

    /// Parts that were left out at a time: prompts, or as many as pairs.
    public let groups: Int
    public let right: Int

    /// Bounds of the 95 % interval of the share: Wilson's, of as many independent pairs as these are worth. Where pairs
    /// share prompts that is their number by the design effect (Kish 1965): how many times larger than that of independent
    /// pairs the variance of the share is when whole prompts are drawn. Where all pairs are on one side and it cannot be
    /// told, the number of prompts.
    public let low: Double
    public let high: Double

    public var share: Double { Double(right) / Double(pairs) }

    /// nil for numbers that cannot be a count and its interval.
    public init?(pairs: Int, groups: Int, right: Int, low: Double, high: Double) {
        guard pairs > 0, (1...pairs).contains(groups), (0...pairs).contains(right), 0 <= low, low <= high, high <= 1
        else { return nil }
        self.pairs = pairs
        self.groups = groups
        self.right = right
        self.low = low
        self.high = high
    }

    /// - Parameter tallies: the pairs and the right ones of each group; at least one pair in all.
    init(_ tallies: [(pairs: Int, right: Int)]) {
        pairs = tallies.reduce(0) { $0 + $1.pairs }
        groups = tallies.count
        right = tallies.reduce(0) { $0 + $1.right }
        let (count, share) = (Double(pairs), Double(right) / Double(pairs))
        var independent = count
        if groups < pairs, groups > 1 {
            let squares = tallies.reduce(0) { sum, tally in
                let residual = Double(tally.right) - share * Double(tally.pairs)
                return sum + residual * residual
            }
            let clustered = Double(groups) / Double(groups - 1) * squares / (count * count)
            let alone = share * (1 - share) / count
            independent = alone > 0 ? count / max(clustered / alone, 1) : Double(groups)
        }
        (low, high) = Self.wilson(share: share, count: max(independent, 1))
    }

    /// The 97.5th percentile of the normal distribution.
    static let normalQuantile = 1.959963984540054

    /// Wilson's score interval of a share at 95 %.
    ///
    /// - Parameter z: how many standard errors there are from the share to its bounds.
    package static func wilson(
        share: Double, count: Double, z: Double = normalQuantile
    ) -> (low: Double, high: Double) {
        let scale = 1 + z * z / count
        let center = (share + z * z / (2 * count)) / scale
        let half = z / scale * (share * (1 - share) / count + z * z / (4 * count * count)).squareRoot()
        return (share == 0 ? 0 : max(0, center - half), share == 1 ? 1 : min(1, center + half))
    }
}

extension HeldOutAccuracy {
    /// Calls its argument with each pair and the number of its prompt, in the same order at every call.
    public typealias Pairs = (
        _ body: (_ prompt: Int, _ harmless: ArraySlice<Float>, _ harmful: ArraySlice<Float>) -> Void
    ) throws -> Void

    /// Memory for sums of prompts that several pairs share; of more prompts, the pairs are gone through more often.
    private static let sumsBytesMax = 256 << 20

    /// - Parameters:
    ///   - total: has all the pairs, and no others.
    ///   - pairs: called at least once.
    /// - Returns: nil for fewer than two pairs: without one, there is no direction.
    public static func measured(
        _ total: DirectionAccumulator, sumsMax: Int? = nil, pairs forEachPair: Pairs
    ) rethrows -> HeldOutAccuracy? {
        guard total.count > 1 else { return nil }
        var sizes: [Int: Int] = [:]
        try forEachPair { prompt, _, _ in sizes[prompt, default: 0] += 1 }
        guard sizes.count > 1 else {
            var tallies: [(pairs: Int, right: Int)] = []
            try forEachPair { _, harmless, harmful in
                tallies.append((1, total.isRight(harmless, harmful, without: nil) ? 1 : 0))
            }
            return HeldOutAccuracy(tallies)
        }
        let shared = sizes.keys.filter { sizes[$0, default: 0] > 1 }.sorted()
        let chunk = max(sumsMax ?? sumsBytesMax / (total.sum.count * MemoryLayout<Double>.stride), 1)
        var right: [Int: Int] = [:]
        for start in stride(from: 0, to: max(shared.count, 1), by: chunk) {
            let prompts = shared[min(start, shared.count)..<min(start + chunk, shared.count)]
            var sums: [Int: DirectionAccumulator] = [:]
            for prompt in prompts { sums[prompt] = DirectionAccumulator(hiddenSize: total.sum.count) }
            if !sums.isEmpty {
                try forEachPair { prompt, harmless, harmful in
                    sums[prompt]?.add(harmless: harmless, harmful: harmful)
                }
            }
            try forEachPair { prompt, harmless, harmful in
                let isAlone = sizes[prompt] == 1
                guard isAlone ? start == 0 : sums[prompt] != nil else { return }
                if total.isRight(harmless, harmful, without: sums[prompt]) { right[prompt, default: 0] += 1 }
            }
        }
        return HeldOutAccuracy(sizes.keys.sorted().map { (sizes[$0, default: 0], right[$0, default: 0]) })
    }
}

extension DirectionAccumulator {
    /// `d · (S - G)`: where a pair with the difference `d` is along the mean without a group, in no certain unit.
    ///
    /// - Parameter group: nil for the pair alone.
    func heldOutScore(
        _ harmless: ArraySlice<Float>, _ harmful: ArraySlice<Float>, without group: DirectionAccumulator?
    ) -> Double {
        var score = 0.0
        for (index, (safe, unsafe)) in zip(harmless, harmful).enumerated() {
            let difference = Double(safe) - Double(unsafe)
            score += difference * (sum[index] - (group?.sum[index] ?? difference))
        }
        return score
    }

    fileprivate func isRight(
        _ harmless: ArraySlice<Float>, _ harmful: ArraySlice<Float>, without group: DirectionAccumulator?
    ) -> Bool { heldOutScore(harmless, harmful, without: group) > 0 }
}
