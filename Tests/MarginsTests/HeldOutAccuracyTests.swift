import SeededRandom
import Testing

@testable import Margins

@Suite struct HeldOutAccuracyTests {
    private struct Pair {
        var prompt: Int
        var harmless: [Float]
        var harmful: [Float]

        var difference: [Double] { zip(harmless, harmful).map { Double($0) - Double($1) } }
    }

    /// Pairs of noise, with `shift` between their sides.
    private func pairs(_ prompts: [Int], hiddenSize: Int, shift: Float = 0, seed: UInt64) -> [Pair] {
        var random = SeededGenerator(seed: seed)
        return prompts.map { prompt in
            let harmless = random.floats(count: hiddenSize).map { $0 + shift }
            return Pair(prompt: prompt, harmless: harmless, harmful: random.floats(count: hiddenSize))
        }
    }

    private func total(_ pairs: [Pair]) -> DirectionAccumulator {
        var total = DirectionAccumulator(hiddenSize: pairs[0].harmless.count)
        for pair in pairs { total.add(harmless: pair.harmless, harmful: pair.harmful) }
        return total
    }

    private func measured(_ pairs: [Pair], sumsMax: Int? = nil) -> HeldOutAccuracy? {
        HeldOutAccuracy.measured(total(pairs), sumsMax: sumsMax) { body in
            for pair in pairs { body(pair.prompt, pair.harmless[...], pair.harmful[...]) }
        }
    }

    /// A direction fitted on the others, from the start.
    private func refitted(_ pairs: [Pair], without isLeftOut: (Int) -> Bool) -> [Double] {
        let others = pairs.indices.filter { !isLeftOut($0) }.map { pairs[$0].difference }
        return (0..<others[0].count).map { index in
            others.reduce(0) { $0 + $1[index] } / Double(others.count)
        }
    }

    private func dot(_ left: [Double], _ right: [Double]) -> Double { zip(left, right).reduce(0) { $0 + $1.0 * $1.1 } }

    /// The hidden size of SmolLM2-135M and the number of the demo's anchors: each pair of noise leans towards a direction
    /// that was fitted on it, and so nearly all of them are on the right side of that.
    @Test func noiseIsOnTheRightSideHalfOfTheTime() throws {
        var (right, count) = (0, 0)
        for seed in 1...40 as ClosedRange<UInt64> {
            let noise = pairs(Array(0..<72), hiddenSize: 576, seed: seed)
            let unit = try total(noise).direction().unit
            let leaning = noise.count { projection(of: $0.harmless, on: unit) > projection(of: $0.harmful, on: unit) }
            #expect(leaning >= 70, "seed \(seed): the pairs should lean towards their own mean")
            let found = try #require(measured(noise))
            right += found.right
            count += found.pairs
        }
        let share = Double(right) / Double(count)
        print("noise: \(right) of \(count) pairs on the right side, \(share)")
        #expect(abs(share - 0.5) < 0.03)
    }

    /// Pairs of a prompt that are alike vouch for one another unless the whole prompt is left out.
    @Test func noiseThatIsRepeatedForAPromptIsOnTheRightSideHalfOfTheTime() throws {
        var (right, count) = (0, 0)
        for seed in 1...40 as ClosedRange<UInt64> {
            let once = pairs(Array(0..<24), hiddenSize: 64, seed: seed)
            let found = try #require(measured(once + once + once))
            #expect(found.pairs == 72 && found.groups == 24)
            right += found.right
            count += found.pairs
        }
        let share = Double(right) / Double(count)
        print("repeated noise: \(right) of \(count) pairs on the right side, \(share)")
        #expect(abs(share - 0.5) < 0.08)
    }

    @Test func separablePairsAreOnTheRightSide() throws {
        let found = try #require(measured(pairs(Array(0..<72), hiddenSize: 576, shift: 0.5, seed: 7)))
        #expect(found.right == 72 && found.share == 1 && found.high == 1)
        #expect(abs(found.low - 72 / (72 + 1.959964 * 1.959964)) < 1e-6)
    }

    @Test(arguments: [[0, 1, 2, 3, 4, 5, 6], [0, 1, 0, 2, 1, 0, 3, 3], [5, 5, 5, 5, 9]])
    func theClosedFormIsThatOfARefitWithoutThePrompt(_ prompts: [Int]) throws {
        let pairs = pairs(prompts, hiddenSize: 33, shift: 0.1, seed: 3)
        let total = total(pairs)
        var worst = 0.0
        var right = 0
        for pair in pairs {
            let mean = refitted(pairs) { pairs[$0].prompt == pair.prompt }
            let others = Double(pairs.count { $0.prompt != pair.prompt })
            let group = self.total(pairs.filter { $0.prompt == pair.prompt })
            let score = total.heldOutScore(pair.harmless[...], pair.harmful[...], without: group) / others
            let expected = dot(pair.difference, mean)
            if expected > 0 { right += 1 }
            worst = max(worst, abs(score - expected) / dot(pair.difference, pair.difference))
        }
        print("largest difference from a refit: \(worst)")
        #expect(worst < 1e-12)
        #expect(measured(pairs)?.right == right)
    }

    @Test func aPairThatIsAloneIsScoredByTheMeanOfAll() throws {
        let pairs = pairs([0, 1, 2, 3], hiddenSize: 9, seed: 4)
        let total = total(pairs)
        let mean = try total.direction().difference
        for pair in pairs {
            let difference = pair.difference
            let expected = (4 * dot(difference, mean) - dot(difference, difference)) / 3
            let score = total.heldOutScore(pair.harmless[...], pair.harmful[...], without: nil) / 3
            #expect(abs(score - expected) < 1e-12 * dot(difference, difference))
        }
    }

    @Test func pairsThatAllHaveOnePromptAreLeftOutOneByOne() {
        let alone = measured(pairs([0, 1, 2, 3, 4], hiddenSize: 8, shift: 0.2, seed: 5))
        #expect(measured(pairs([7, 7, 7, 7, 7], hiddenSize: 8, shift: 0.2, seed: 5)) == alone)
        #expect(alone?.groups == 5)
    }

    /// Little memory costs passes over the pairs and changes nothing.
    @Test func theSumsOfFewPromptsAtATimeGiveTheSame() {
        let prompts = (0..<60).map { $0 % 25 % 13 }
        let pairs = pairs(prompts, hiddenSize: 16, shift: 0.05, seed: 6)
        let all = measured(pairs)
        #expect(all.map { $0.pairs == 60 && $0.groups == 13 && $0.right < 60 } == true)
        for sumsMax in [1, 2, 5, 100] { #expect(measured(pairs, sumsMax: sumsMax) == all) }
    }

    @Test func withoutAnotherPairThereIsNothingToMeasure() {
        #expect(measured(pairs([0], hiddenSize: 4, shift: 1, seed: 1)) == nil)
        #expect(HeldOutAccuracy.measured(DirectionAccumulator(hiddenSize: 4)) { _ in } == nil)
    }

    /// Of two equal responses, neither is on a side.
    @Test func pairsWithoutADifferenceAreNotOnTheRightSide() {
        let same = Pair(prompt: 0, harmless: [1, 2], harmful: [1, 2])
        let good = (1...3).map { Pair(prompt: $0, harmless: [1, 0], harmful: [0, 0]) }
        #expect(measured([same] + good).map { $0.right == 3 && $0.pairs == 4 } == true)
    }

    /// Newcombe (1998), Statistics in Medicine 17, table I.
    @Test func theIntervalIsWilsons() {
        for (right, count, low, high) in [
            (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718),
        ] {
            let found = HeldOutAccuracy.wilson(share: Double(right) / Double(count), count: Double(count))
            #expect(abs(found.low - low) < 5e-5 && abs(found.high - high) < 5e-5, "\(right) of \(count): \(found)")
        }
    }

    @Test func pairsThatFollowTheirPromptCountAsOne() {
        let alone = HeldOutAccuracy((0..<40).map { (1, $0 % 4 == 0 ? 0 : 1) })
        let together = HeldOutAccuracy((0..<10).map { (4, $0 % 4 == 0 ? 0 : 4) })
        let asPrompts = HeldOutAccuracy((0..<10).map { (1, $0 % 4 == 0 ? 0 : 1) })
        #expect(together.high - together.low > 1.7 * (alone.high - alone.low))
        // G / (G - 1) of the variance between prompts widens it a little more.
        #expect(together.low <= asPrompts.low && together.low > asPrompts.low - 0.03)
        let unanimous = HeldOutAccuracy((0..<10).map { _ in (4, 4) })
        #expect(unanimous.low == HeldOutAccuracy((0..<10).map { _ in (1, 1) }).low)
    }

    @Test func countsThatCannotBeAreNone() {
        #expect(HeldOutAccuracy(pairs: 3, groups: 2, right: 1, low: 0.1, high: 0.9) != nil)
        for (pairs, groups, right, low, high) in [
            (0, 0, 0, 0, 0), (3, 0, 1, 0, 1), (3, 4, 1, 0, 1), (3, 2, 4, 0, 1), (3, 2, -1, 0, 1), (3, 2, 1, 0.6, 0.5),
            (3, 2, 1, .nan, 1), (3, 2, 1, 0, 1.5),
        ] as [(Int, Int, Int, Double, Double)] {
            #expect(HeldOutAccuracy(pairs: pairs, groups: groups, right: right, low: low, high: high) == nil)
        }
    }
}
