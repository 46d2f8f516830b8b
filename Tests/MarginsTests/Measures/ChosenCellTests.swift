import SeededRandom
import Testing

@testable import Margins

@Suite struct ChosenCellTests {
    private func cells(_ means: [Double], rows: Int, using random: inout SeededGenerator) -> [[Double]] {
        means.map { mean in (0..<rows).map { _ in mean + random.normal() } }
    }

    /// 40 cells of the same worth: the best one's value is above that by what the optimism says.
    @Test(arguments: [ChosenCell.Statistic.accuracy, .effectSize])
    func theOptimismIsWhatChoosingFlatters(_ statistic: ChosenCell.Statistic) throws {
        var random = SeededGenerator(seed: 1)
        let truth = statistic == .accuracy ? 0.5 : 0
        var (flattered, optimism) = (0.0, 0.0)
        for seed in 0..<60 as Range<UInt64> {
            let margins = cells(Array(repeating: 0, count: 40), rows: 200, using: &random)
            let groups = (0..<200).map { $0 / 2 }
            let chosen = try #require(ChosenCell(margins, groups: groups, by: statistic, splits: 50, seed: seed))
            flattered += (chosen.value - truth) / 60
            optimism += chosen.optimism / 60
        }
        print("\(statistic): choosing flatters by \(flattered), the optimism is \(optimism)")
        #expect(flattered > 0.05 && abs(optimism / flattered - 1) < 0.1)
    }

    @Test func aCellThatIsClearlyTheBestIsNotFlattered() throws {
        var random = SeededGenerator(seed: 2)
        let margins = cells([0, 1, 0, 0], rows: 200, using: &random)
        let chosen = try #require(ChosenCell(margins, groups: Array(0..<200), by: .effectSize, seed: 3))
        #expect(chosen.cell == 1 && chosen.optimism < 0.03)
    }

    @Test func ofEquallyGoodCellsItIsTheFirst() throws {
        let cell = [1, -1, 2, 1.5, 0]
        let chosen = try #require(
            ChosenCell([[0, 0, 0, 0, 0], cell, cell], groups: Array(0..<5), by: .accuracy, seed: 1))
        #expect(chosen.cell == 1 && chosen.value == 3.5 / 5)
    }

    @Test func tooLittleChoosesNothing() {
        #expect(ChosenCell([], groups: [0, 1, 2, 3], by: .accuracy, seed: 1) == nil)
        #expect(ChosenCell([[1, 1, 1, 1]], groups: [0, 1, 2, 2], by: .accuracy, seed: 1) == nil)
    }
}
