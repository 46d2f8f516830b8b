import SeededRandom
import Testing

@testable import Margins

@Suite struct EffectSizeTests {
    @Test func theStandardErrorIsThatOfABootstrapOfGroups() throws {
        var random = SeededGenerator(seed: 6)
        let sizes = (0..<120).map { _ in Int.random(in: 1...5, using: &random) }
        let margins = sizes.map { size in
            let shared = random.normal()
            return (0..<size).map { _ in 0.8 + shared + random.normal() }
        }
        let flat = margins.flatMap { $0 }
        let groups = sizes.indices.flatMap { Array(repeating: $0, count: sizes[$0]) }
        let effect = try #require(EffectSize(flat, groups: groups))
        var refits = MarginStatistics()
        for _ in 0..<2000 {
            let drawn = sizes.indices.flatMap { _ in margins.randomElement(using: &random)! }
            refits.add(try #require(EffectSize(drawn, groups: Array(drawn.indices))).value)
        }
        let ratio = effect.standardError / refits.standardDeviation
        print("standard error of the effect size: \(ratio) of a bootstrap's")
        #expect(abs(ratio - 1) < 0.05)
        #expect(effect.low < effect.value && effect.value < effect.high)
        // Were rows independent it would be smaller.
        #expect(try #require(EffectSize(flat, groups: Array(flat.indices))).standardError < 0.8 * effect.standardError)
    }

    @Test func whatHasNoSpreadHasNoEffectSize() {
        #expect(EffectSize([1, 1, 1], groups: [0, 1, 2]) == nil)
        #expect(EffectSize([1, 2, 3], groups: [4, 4, 4]) == nil)
        #expect(EffectSize([1, .infinity, 3], groups: [0, 1, 2]) == nil)
        #expect(EffectSize([], groups: []) == nil)
    }
}
