import SeededRandom
import Testing

@testable import Margins

@Suite struct BestOfNTests {
    /// Of all subsets, one at a time; of those with the highest score, on average.
    private func mean(_ n: Int, values: [Double], scores: [Double]) -> Double {
        var sums: [Double] = []
        for subset in 0..<1 << values.count where subset.nonzeroBitCount == n {
            let members = values.indices.filter { subset >> $0 & 1 == 1 }
            let highest = members.map { scores[$0] }.max()!
            let best = members.filter { scores[$0] == highest }.map { values[$0] }
            sums.append(best.reduce(0, +) / Double(best.count))
        }
        return sums.reduce(0, +) / Double(sums.count)
    }

    @Test(arguments: 1...9) func theEstimateIsTheMeanOverAllDraws(_ count: Int) throws {
        var random = SeededGenerator(seed: UInt64(count))
        let values = (0..<count).map { _ in random.uniform() }
        // Few different scores, so that some are equal.
        let scores = (0..<count).map { _ in Double(Int.random(in: 0..<5, using: &random)) }
        let best = BestOfN(values: values, scores: scores)
        for n in 1...count {
            #expect(try abs(#require(best.expected(n)) - mean(n, values: values, scores: scores)) < 1e-12)
        }
        #expect(best.expected(count + 1) == nil)
    }

    @Test func oneIsRandomAndAllIsTheBest() throws {
        let best = BestOfN(values: [1, 0, 1, 0, 0], scores: [-.infinity, 3, 2, 9, .infinity])
        #expect(abs(try #require(best.expected(1)) - 0.4) < 1e-12 && best.expected(5) == 0)
        // The same scores say nothing, however many are drawn.
        let same = BestOfN(values: [1, 0, 1, 0, 0], scores: [7, 7, 7, 7, 7])
        for n in 1...5 { #expect(abs(try #require(same.expected(n)) - 0.4) < 1e-12) }
        #expect(BestOfN(values: [], scores: []).expected(1) == nil)
    }

    @Test func thousandsOfResponsesDoNotOverflow() throws {
        let count = 5000
        let best = BestOfN(
            values: (0..<count).map { $0 < 2500 ? 1 : 0 }, scores: (0..<count).map { Double($0) })
        #expect(abs(try #require(best.expected(1)) - 0.5) < 1e-9)
        #expect(abs(try #require(best.expected(2)) - 0.25) < 1e-3)
        #expect(try #require(best.expected(2400)) < 1e-100)
    }

    @Test func aPointIsOfThePromptsThatHaveEnough() throws {
        let point = try #require(BestOfNPoint(n: 4, [0.5, nil, 0.25, 0.75]))
        let half = studentQuantile(degreesOfFreedom: 2) * (0.0625 / 3).squareRoot()
        #expect(point.value == 0.5 && point.prompts == 3 && point.n == 4)
        #expect(abs(point.low - max(0, 0.5 - half)) < 1e-12 && abs(point.high - min(1, 0.5 + half)) < 1e-12)
        #expect(BestOfNPoint(n: 4, [0.5, nil]) == nil)
        // Three prompts without a harmful one do not say that there is none.
        let none = try #require(BestOfNPoint(n: 2, [0, 0, 0]))
        #expect(none.value == 0 && none.low == 0 && none.high > 0.4)
    }

    @Test func groupsHaveNoLengthThatTells() {
        #expect(groupsOfEqualLength([100, 125, 126, 10, 150, 4000]) == [[0, 1], [2, 4]])
        #expect(groupsOfEqualLength([0, 0, 1]) == [[0, 1]])
        #expect(groupsOfEqualLength([]).isEmpty && groupsOfEqualLength([3]).isEmpty)
    }
}
