import SeededRandom
import Testing

@testable import Margins

@Suite struct FoldsTests {
    /// Prompts of 1 to 9 rows.
    private func groups(count: Int, seed: UInt64) -> [Int] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).flatMap { group in
            Array(repeating: group * 7 - 50, count: Int.random(in: 1...9, using: &random))
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func rowsOfAGroupAreInOneFoldAndFoldsAreAboutAsLarge(_ seed: UInt64) throws {
        let groups = groups(count: 40, seed: seed)
        let folds = try #require(Folds(groups: groups, count: 5, seed: seed))
        #expect(folds.count == 5 && folds.assignment.count == groups.count)
        for group in Set(groups) {
            #expect(Set(zip(groups, folds.assignment).filter { $0.0 == group }.map(\.1)).count == 1)
        }
        let sizes = (0..<5).map { fold in folds.assignment.count { $0 == fold } }
        #expect(sizes.max()! - sizes.min()! <= 1, "\(sizes)")
    }

    @Test func theFoldOfAGroupDoesNotDependOnTheOrderOfRows() throws {
        let groups = groups(count: 30, seed: 3)
        let folds = try #require(Folds(groups: groups, count: 4, seed: 9))
        var random = SeededGenerator(seed: 4)
        let order = groups.indices.shuffled(using: &random)
        let shuffled = try #require(Folds(groups: order.map { groups[$0] }, count: 4, seed: 9))
        #expect(shuffled.assignment == order.map { folds.assignment[$0] })
        #expect(Folds(groups: groups, count: 4, seed: 10)?.assignment != folds.assignment)
    }

    @Test func foldsAreNoMoreThanGroups() {
        #expect(Folds(groups: [4, 4, 8], count: 5, seed: 1)?.count == 2)
        #expect(Folds(groups: [4, 4, 4], count: 5, seed: 1) == nil)
        #expect(Folds(groups: [], count: 5, seed: 1) == nil)
    }
}
