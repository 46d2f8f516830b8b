import Testing

@testable import Dataset

/// Which pairs are made of several responses.
@Suite struct PairRuleTests {
    private func pairs(_ rule: PairRule, _ merits: [Double]) -> [[Int]] {
        rule.pairs(of: merits).map { [$0.better, $0.worse] }
    }

    @Test(arguments: [
        (PairRule.all, [[2, 0], [2, 1], [2, 3], [0, 3], [1, 3]]),
        (.adjacent, [[2, 0], [2, 1], [0, 3], [1, 3]]),
        (.bestWorst, [[2, 3]]),
        (.bestRest, [[2, 0], [2, 1], [2, 3]]),
    ])
    func equalsMakeNoPair(_ rule: PairRule, _ expected: [[Int]]) {
        #expect(pairs(rule, [4, 4, 5, 1]) == expected)
    }

    @Test(arguments: [
        (PairRule.all, [[0, 2], [0, 3], [1, 2], [1, 3]]),
        (.adjacent, [[0, 2], [0, 3], [1, 2], [1, 3]]),
        (.bestWorst, [[0, 2]]),
        (.bestRest, [[0, 2], [0, 3]]),
    ])
    func ofSeveralBestAndWorstOnesTheFirstAreTaken(_ rule: PairRule, _ expected: [[Int]]) {
        #expect(pairs(rule, [1, 1, 0, 0]) == expected)
    }

    @Test(arguments: PairRule.allCases)
    func whatIsAllEqualMakesNone(_ rule: PairRule) {
        #expect(pairs(rule, [2, 2, 2]).isEmpty && pairs(rule, [1]).isEmpty && pairs(rule, []).isEmpty)
        #expect(pairs(rule, [-1, 3]) == [[1, 0]])
    }

    @Test func allOfThemAreThoseThatDiffer() {
        let merits = (0..<20).map { Double($0 * 7 % 5) }
        let all = pairs(.all, merits)
        let expected = merits.indices.reduce(0) { sum, one in sum + merits.filter { $0 < merits[one] }.count }
        #expect(all.count == expected && Set(all).count == expected)
        #expect(all.allSatisfy { merits[$0[0]] > merits[$0[1]] })
    }
}
