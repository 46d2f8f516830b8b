import SeededRandom
import Testing

@testable import Margins

@Suite struct PermutationNullTests {
    /// Pairs of noise in two cells, of prompts with two pairs that resemble one another.
    private func cells(shift: Float, using random: inout SeededGenerator) -> [PairDifferences] {
        var cells = [PairDifferences(hiddenSize: 12), PairDifferences(hiddenSize: 12)]
        for group in 0..<16 {
            let shared = random.floats(count: 12)
            for _ in 0..<2 {
                let values = zip(shared, random.floats(count: 12)).map { $0 + 0.5 * $1 + shift }
                cells[0].append(values, group: group)
                cells[1].append(values.map { $0 * abs($0) }, group: group)
            }
        }
        return cells
    }

    private func null(_ cells: [PairDifferences], permutations: Int, seed: UInt64) -> PermutationNull {
        let leaveOut = cells.map { LeaveGroupOut($0) }
        return PermutationNull(groups: cells[0].groups, permutations: permutations, seed: seed) { signs in
            leaveOut.map { cell in EffectSize(cell.margins(signs: signs), groups: cells[0].groups)!.value }
        }
    }

    /// 200 sets whose sides mean nothing: 10 are expected below 0.05, and more than 18 in one of 200 such tests.
    @Test func setsWithoutASideSeldomLookLikeOne() {
        var random = SeededGenerator(seed: 11)
        let values = (0..<200 as Range<UInt64>).map { seed in
            null(cells(shift: 0, using: &random), permutations: 99, seed: seed).pValue
        }
        let small = values.count { $0 <= 0.05 }
        print("\(small) of 200 null sets have a p-value of at most 0.05, \(values.count { $0 <= 0.5 }) of at most 0.5")
        #expect(small <= 18 && (75...125).contains(values.count { $0 <= 0.5 }))
    }

    @Test func setsWithASideAreBeyondEveryPermutation() {
        var random = SeededGenerator(seed: 12)
        let found = null(cells(shift: 0.4, using: &random), permutations: 99, seed: 1)
        #expect(found.pValue == 0.01 && found.observed.count == 2 && found.maxima.count == 99)
        #expect(found.maxima == found.maxima.sorted())
    }

    @Test func pValuesCountTheLargestOverAllCells() {
        var call = 0
        let found = PermutationNull(groups: [0, 0, 1], permutations: 3, seed: 1) { signs in
            defer { call += 1 }
            #expect(call > 0 || signs == [1, 1, 1])
            #expect(signs[0] == signs[1] && signs.allSatisfy { abs($0) == 1 })
            return [[2, 5], [9, 0], [0, 3], [1, 1]][call]
        }
        #expect(found.observed == [2, 5] && found.maxima == [1, 3, 9])
        #expect(found.pValue(cell: 0) == 0.75 && found.pValue(cell: 1) == 0.5 && found.pValue == 0.5)
    }

    @Test func marginsWithoutAGroupAreThoseOfARefit() {
        var random = SeededGenerator(seed: 13)
        let differences = cells(shift: 0.1, using: &random)[1]
        let signs = differences.groups.map { $0 % 3 == 0 ? -1.0 : 1 }
        for (row, margin) in LeaveGroupOut(differences).margins(signs: signs).enumerated() {
            var accumulator = Array(repeating: 0.0, count: 12)
            let others = differences.groups.indices.filter { differences.groups[$0] != differences.groups[row] }
            for other in others {
                accumulator.add(differences[other].map { Double($0) }, scaledBy: signs[other] / Double(others.count))
            }
            let expected = signs[row] * dot(differences[row].map { Double($0) }, accumulator)
            #expect(abs(margin - expected) < 1e-12)
        }
    }
}
