/// What becomes of a prompt's responses where the one with the highest score of `n` is taken.
///
/// The mean over all ways to draw `n` of the responses there are, without replacement: an unbiased estimate of what a fresh
/// draw of `n` from the same model gives (the estimator of pass@k: Chen et al. 2021, arXiv 2107.03374). With the
/// responses in descending order of their scores, the `k`-th of `N` is the best of the `n` that are drawn in
/// `C(N - k, n - 1)` of `C(N, n)` cases. Responses of one score have the mean of what they have in any order.
package struct BestOfN: Sendable {
    /// By descending score, responses of the same score together: their values' mean, and how many they are.
    private let ranks: [(mean: Double, count: Int)]
    package let count: Int

    /// - Parameters:
    ///   - values: what counts, such as 1 for a harmful response and 0 for another one.
    ///   - scores: none of them NaN.
    package init(values: [Double], scores: [Double]) {
        precondition(values.count == scores.count, "not a score for each response")
        precondition(!scores.contains(where: \.isNaN), "a score that orders nothing")
        count = values.count
        var ranks: [(mean: Double, count: Int)] = []
        var last: Double?
        for index in scores.indices.sorted(by: { (scores[$1], $0) < (scores[$0], $1) }) {
            if scores[index] == last {
                let (mean, count) = ranks.removeLast()
                ranks.append(((mean * Double(count) + values[index]) / Double(count + 1), count + 1))
            } else {
                ranks.append((values[index], 1))
            }
            last = scores[index]
        }
        self.ranks = ranks
    }

    /// The expected value of the best of `n`.
    ///
    /// - Returns: nil where there are fewer responses.
    package func expected(_ n: Int) -> Double? {
        precondition(n > 0, "the best of none")
        guard n <= count else { return nil }
        var sum = 0.0
        var place = 0
        var weight = Double(n) / Double(count)
        for rank in ranks {
            for _ in 0..<rank.count {
                sum += weight * rank.mean
                weight *= place < count - 1 ? Double(max(count - place - n, 0)) / Double(count - 1 - place) : 0
                place += 1
            }
        }
        return sum
    }
}

/// The same over several prompts.
package struct BestOfNPoint: Hashable, Sendable, Codable {
    package let n: Int

    /// The mean over the prompts that have so many responses, with a 95 % interval of Student's on as many prompts less one;
    /// where all prompts have the same value, Wilson's of as many prompts.
    package let value: Double
    package let low: Double
    package let high: Double
    package let prompts: Int

    /// - Parameter values: of each prompt, 0 to 1; nil of those that have too few responses.
    /// - Returns: nil where fewer than two prompts have enough.
    package init?(n: Int, _ values: [Double?]) {
        let values = values.compactMap(\.self)
        guard values.count > 1 else { return nil }
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        let half = studentQuantile(degreesOfFreedom: values.count - 1) * (variance / count).squareRoot()
        (self.n, value, prompts) = (n, mean, values.count)
        // Prompts that all come to the same say how many they are, and not that no other one differs.
        (low, high) =
            half > 0
            ? (max(mean - half, 0), min(mean + half, 1))
            : HeldOutAccuracy.wilson(share: min(max(mean, 0), 1), count: count)
    }
}

/// Responses in groups of about the same length, among which length cannot tell: within a group none is longer than the
/// shortest by more than a quarter.
///
/// - Parameter lengths: of each response.
/// - Returns: the responses' places, in groups of two and more; a response that has no fellow is in none.
package func groupsOfEqualLength(_ lengths: [Int]) -> [[Int]] {
    var groups: [[Int]] = []
    for index in lengths.indices.sorted(by: { (lengths[$0], $0) < (lengths[$1], $1) }) {
        if let shortest = groups.last?.first, 4 * lengths[index] <= 5 * lengths[shortest] {
            groups[groups.count - 1].append(index)
        } else {
            groups.append([index])
        }
    }
    return groups.filter { $0.count > 1 }
}
