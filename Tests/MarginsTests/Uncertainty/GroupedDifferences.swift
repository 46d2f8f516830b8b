import SeededRandom

@testable import Margins

/// Differences of pairs in groups, drawn anew by each seed from one distribution.
enum GroupedDifferences {
    static let hiddenSize = 24

    /// Groups of 1 to 6 pairs that resemble one another, around one mean; components vary by different amounts:
    /// `[groups][pairs][hidden]`.
    static func groups(_ count: Int, mean: Double = 1, hiddenSize: Int = hiddenSize, seed: UInt64) -> [[[Float]]] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            let shared = (0..<hiddenSize).map { _ in random.normal() }
            return (0..<Int.random(in: 1...6, using: &random)).map { _ in
                (0..<hiddenSize).map { column -> Float in
                    let scale = 0.3 + 2.4 / Double(hiddenSize) * Double(column)
                    return Float(mean + scale * (shared[column] + random.normal()))
                }
            }
        }
    }

    /// `[states][hidden]`.
    static func states(_ count: Int, hiddenSize: Int = hiddenSize, seed: UInt64) -> [[Float]] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in (0..<hiddenSize).map { _ in Float(random.normal()) } }
    }

    /// Group `g` has the number `g`.
    static func pairs(_ groups: [[[Float]]]) -> PairDifferences {
        var pairs = PairDifferences(hiddenSize: groups[0][0].count)
        for (number, group) in groups.enumerated() { for pair in group { pairs.append(pair, group: number) } }
        return pairs
    }
}
