import SeededRandom
import Testing

@testable import Margins

@Suite struct PlaceChoiceTests {
    /// Margins of places that are right so often, by chance alone.
    private func margins(_ accuracies: [Double], rows: Int, seed: UInt64) -> [[Double]] {
        var random = SeededGenerator(seed: seed)
        return accuracies.map { accuracy in
            (0..<rows).map { _ in Double.random(in: 0..<1, using: &random) < accuracy ? 1 : -1 }
        }
    }

    @Test func aPlaceThatIsClearlyBetterIsChosen() {
        let margins = margins([0.55, 0.5, 0.8, 0.5], rows: 400, seed: 1)
        let choice = PlaceChoice(margins, groups: Array(0..<400), defaultCell: 0, seed: 3)
        #expect(choice.cell == 2 && !choice.isDefault && choice.best?.cell == 2)
        #expect(choice.gain > 0.15 && choice.gainError > 0 && choice.gainError < 0.05)
    }

    /// The best of many equal places is no reason to leave the default one: in at most a few of a hundred draws.
    @Test func whatIsBetterByLuckIsNotChosen() {
        var moved = 0
        for seed in 0..<100 {
            let margins = margins(Array(repeating: 0.62, count: 60), rows: 300, seed: UInt64(seed))
            if !PlaceChoice(margins, groups: Array(0..<300), defaultCell: 30, seed: 5).isDefault { moved += 1 }
        }
        print("left the default place by luck in \(moved) of 100 draws")
        #expect(moved <= 5)
    }

    @Test func aFewPromptsChooseNothing() {
        let margins = margins([0.1, 1], rows: 290, seed: 2)
        let choice = PlaceChoice(margins, groups: (0..<290).map { $0 % 29 }, defaultCell: 0, seed: 1)
        #expect(choice.isDefault && choice.best == nil && choice.gain == 0)
        #expect(!PlaceChoice(margins, groups: (0..<290).map { $0 % 30 }, defaultCell: 0, seed: 1).isDefault)
    }

    /// Rows of one prompt are as good as one row.
    @Test func rowsOfAPromptCountOnce() {
        let few = margins([0.5, 0.75], rows: 40, seed: 4)
        let repeated = few.map { margins in (0..<4000).map { margins[$0 % 40] } }
        let once = PlaceChoice(few, groups: Array(0..<40), defaultCell: 0, seed: 1)
        let often = PlaceChoice(repeated, groups: (0..<4000).map { $0 % 40 }, defaultCell: 0, seed: 1)
        #expect(abs(once.gainError - often.gainError) < 1e-12 && once.gain > 0)
    }
}
