import SeededRandom
import Testing

@testable import Margins

@Suite struct FeatureModelTests {
    @Test func theScoresAreThoseOfScikitLearn() throws {
        var random = SeededGenerator(seed: 4)
        var rows: [SparseVector] = []
        for row in 0..<40 {
            var entries: [(feature: Int, value: Float)] = []
            for place in 0..<6 {
                let value = random.uniform() + 0.25 * Double(place % 3)
                entries.append(((row * 7 + place * place * 3) % 50, Float(value)))
            }
            rows.append(SparseVector(entries))
        }
        let model = try #require(FeatureModel(fitting: rows, groups: Array(0..<40), featureCount: 50))
        let distance = ReferenceData.distance(rows.map(model.score), try ReferenceData.numbers("baseline"))
        print("baseline: largest difference \(distance)")
        #expect(distance < 1e-6)
    }

    /// Rows whose preferred response is the shorter one in four of five.
    @Test func lengthAloneOrdersRowsThatItExplains() throws {
        var random = SeededGenerator(seed: 5)
        let rows = (0..<500).map { row in
            let size = Float(Int.random(in: 1...200, using: &random))
            return SparseVector([(feature: 0, value: row % 5 == 0 ? size : -size)])
        }
        let groups = (0..<500).map { $0 / 2 }
        let folds = try #require(Folds(groups: groups, count: 5, seed: 1))
        let scores = try #require(
            FeatureModel.crossFittedScores(rows, groups: groups, folds: folds, featureCount: 1))
        #expect(scores.count { $0 > 0 } == 400)
    }

    /// A word for each prompt tells everything of its own rows and nothing of others.
    @Test func wordsOfAPromptSayNothingOfOtherPrompts() throws {
        var random = SeededGenerator(seed: 6)
        let groups = (0..<300).map { $0 / 3 }
        let signs = (0..<100).map { _ in Bool.random(using: &random) ? Float(1) : -1 }
        let rows = groups.map { group in
            SparseVector([
                (feature: group, value: signs[group]),
                (feature: 100 + Int.random(in: 0..<100, using: &random), value: Bool.random(using: &random) ? 1 : -1),
            ])
        }
        let own = try #require(FeatureModel(fitting: rows, groups: groups, featureCount: 200))
        #expect(rows.count { own.score($0) > 0 } == 300)
        let folds = try #require(Folds(groups: groups, count: 5, seed: 1))
        let scores = try #require(
            FeatureModel.crossFittedScores(rows, groups: groups, folds: folds, featureCount: 200))
        let right = scores.count { $0 > 0 }
        print("\(right) of 300 rows right by the words of other prompts")
        #expect((115...185).contains(right))
    }

    @Test func moreRowsThanAreFittedOnAreSampledWhateverTheirOrder() throws {
        var random = SeededGenerator(seed: 7)
        let rows = (0..<FeatureModel.rowsMax + 500).map { _ in
            SparseVector([(feature: Int.random(in: 0..<4, using: &random), value: Float(random.normal() + 0.3))])
        }
        let groups = Array(rows.indices)
        let order = groups.shuffled(using: &random)
        let model = FeatureModel(fitting: rows, groups: groups, featureCount: 4, seed: 1)
        let shuffled = FeatureModel(
            fitting: order.map { rows[$0] }, groups: order, featureCount: 4, seed: 1)
        #expect(model != nil && model == shuffled)
        #expect(model != FeatureModel(fitting: rows, groups: groups, featureCount: 4, seed: 2))
    }

    @Test func featuresThatSayNothingScoreZero() {
        let empty = SparseVector([(feature: Int, value: Float)]())
        #expect(FeatureModel(fitting: [empty, empty], groups: [0, 1], featureCount: 3)?.weights == [0, 0, 0])
        #expect(FeatureModel(fitting: [], groups: [], featureCount: 3) == nil)
        let broken = SparseVector([(feature: 0, value: .infinity)])
        #expect(FeatureModel(fitting: [broken], groups: [0], featureCount: 3) == nil)
    }

    @Test func aSparseVectorAddsUpWhatIsTwiceInIt() {
        let vector = SparseVector([(feature: 7, value: 1), (feature: 2, value: 3), (feature: 7, value: 0.5)])
        #expect(vector.features == [2, 7] && vector.values == [3, 1.5])
        let other = SparseVector([(feature: 2, value: 3), (feature: 9, value: 1)])
        let difference = SparseVector.difference(vector, other)
        #expect(difference.features == [7, 9] && difference.values == [1.5, -1])
    }
}
