import SeededRandom
import Testing

@testable import Margins

@Suite struct RewardEvaluationTests {
    private static let hiddenSize = 12
    private static let firstAxis = (0..<hiddenSize).map { Float($0 == 0 ? 1 : 0) }

    /// Pairs that lie along the first axis by how certain they are, with noise; and the share of them whose label is wrong.
    private static func data(
        _ count: Int, prompts: Int, signal: Double, seed: UInt64,
        ours: (([Double], PairDifferences) -> [MarginSource])? = nil
    ) -> RewardData {
        var random = SeededGenerator(seed: seed)
        var pairs = PairDifferences(hiddenSize: hiddenSize)
        var preferred: [Float] = []
        var others: [Float] = []
        var truths: [Double] = []
        for row in 0..<count {
            let truth = random.normal() * 0.7 + signal
            truths.append(truth)
            let one = (0..<hiddenSize).map { _ in Float(random.normal()) }
            var difference = (0..<hiddenSize).map { _ in Float(random.normal()) }
            difference[0] = Float(truth)
            others += one
            preferred += zip(one, difference).map { $0 + $1 }
            pairs.append(difference, group: row % prompts)
        }
        return RewardData(
            pairs: pairs, states: ResponseStates(preferred: preferred, others: others, hiddenSize: hiddenSize),
            ours: ours?(truths, pairs) ?? [.fitted(on: pairs, by: .ridge(lambda: 3), rows: pairs)], choosesSource: true,
            legend: .fixed((0..<count).map { _ in random.normal() }, along: firstAxis))
    }

    private func figures(_ data: RewardData, seeds: Int, _ training: RewardTraining = .init()) throws -> [ArmFigures] {
        let evaluation = try RewardEvaluation(data, training)
        let held = try (0..<seeds).map { try #require(try evaluation.heldOut(seed: UInt64($0))) }
        return ArmFigures.all(held, arms: data.arms, heads: training.heads, groups: data.pairs.groups)
    }

    private func arm(_ arm: RewardArm, _ head: RewardHead?, of figures: [ArmFigures]) throws -> ArmFigures {
        try #require(figures.first { $0.arm == arm && $0.head == head })
    }

    @Test func everyArmIsThereOnceAndComparedWithItsOwnHead() throws {
        let figures = try figures(Self.data(300, prompts: 150, signal: 0.5, seed: 1), seeds: 2)
        let names = figures.map { "\($0.arm) \($0.head.map(\.rawValue) ?? "")" }
        #expect(Set(names).count == names.count && names.count == 2 * 8 + 2)
        for figure in figures {
            #expect((figure.difference == nil) == (figure.arm == .none))
            #expect(figure.accuracy.rows == 300 && figure.accuracy.groups == 150)
            let none = try arm(.none, figure.head ?? .linear, of: figures)
            if let difference = figure.difference {
                #expect(abs(figure.accuracy.value - none.accuracy.value - difference.value) < 1e-12)
                #expect(try #require(figure.adjustedP) >= difference.p)
            }
            #expect((figure.size != nil) == [.constant, .legend, .ours, .shuffled, .ensemble].contains(figure.arm))
            #expect(figure.calibrationError != nil)
        }
        #expect(try arm(.none, .linear, of: figures).accuracy.value > 0.7)
        #expect(try abs(arm(.legendScore, nil, of: figures).accuracy.value - 0.5) < 0.1)
    }

    /// The same numbers whichever way they are computed, and others by another seed.
    @Test func aSeedDecidesEverything() throws {
        let data = Self.data(200, prompts: 200, signal: 0.4, seed: 2)
        let evaluation = try RewardEvaluation(data, .init())
        let (one, again) = (try evaluation.heldOut(seed: 3), try evaluation.heldOut(seed: 3))
        #expect(one?.margins == again?.margins && one?.sizes == again?.sizes)
        #expect(try evaluation.heldOut(seed: 4)?.margins != one?.margins)
    }

    /// Labels that nobody can know, in more dimensions than there are rows: whatever sees a row's label knows it.
    @Test func nothingIsLearntFromTheRowsThatAreTested() throws {
        var random = SeededGenerator(seed: 30)
        let (count, hidden) = (80, 300)
        func noise() -> [Float] { (0..<hidden).map { _ in Float(random.normal()) } }
        var pairs = PairDifferences(hiddenSize: hidden)
        var references = PairDifferences(hiddenSize: hidden)
        var (preferred, others): ([Float], [Float]) = ([], [])
        for row in 0..<count {
            let (one, two) = (noise(), noise())
            preferred += one
            others += two
            pairs.append(zip(one, two).map { $0 - $1 }, group: row)
            // Of what a row's own direction would tell of it.
            references.append(zip(one, two).map { 2 * ($0 - $1) }, group: row)
        }
        let data = RewardData(
            pairs: pairs, states: ResponseStates(preferred: preferred, others: others, hiddenSize: hidden),
            ours: [.fitted(on: pairs, by: .ridge(lambda: 0.1), rows: pairs)], choosesSource: false,
            legend: .fitted(on: references, by: .meanDifference, rows: pairs))
        for figure in try figures(data, seeds: 1) {
            #expect((0.3...0.7).contains(figure.accuracy.value), "\(figure.arm) \(figure.accuracy.value)")
        }
        // In-sample they are all right: a leak would be seen.
        let own = try Estimator.ridge(lambda: 0.1).fit(pairs)
        #expect((0..<count).count { projection(of: pairs[$0], on: own) > 0 } > 76)
        #expect((0..<count).count { projection(of: pairs[$0], on: pairs.mean.map { Float($0) }) > 0 } > 70)
    }

    /// What a row's margin is depends neither on the excluded folds nor on its own.
    @Test func marginsKnowNeitherTheExcludedFoldsNorTheirOwn() throws {
        let pairs = ReferenceData.differences(100, seed: 31)
        let folds = try #require(Folds(groups: pairs.groups, count: 5, seed: 32))
        for estimator in [Estimator.ridge(lambda: 3), .meanDifference] {
            var before = FoldMargins(.fitted(on: pairs, by: estimator, rows: pairs), folds)
            let excluded = FoldSet(1, 3)
            let expected = try before.margins(without: excluded)
            for fold in 0..<5 {
                var changed = PairDifferences(hiddenSize: pairs.hiddenSize)
                for row in 0..<100 {
                    let isChanged = folds.assignment[row] == fold
                    changed.append(pairs[row].map { isChanged ? -3 * $0 : $0 }, group: pairs.groups[row])
                }
                var after = FoldMargins(.fitted(on: changed, by: estimator, rows: pairs), folds)
                let found = try after.margins(without: excluded)
                for row in 0..<100 {
                    let mayDiffer = folds.assignment[row] != fold && !excluded.contains(fold)
                    #expect((found[row] != expected[row]) == mayDiffer)
                }
            }
        }
    }

    /// A score that knows more than the labels of few rows teach is worth averaging with, and the head alone is not it.
    @Test func aScoreThatKnowsMoreHelpsWhereItIsAveraged() throws {
        let data = Self.data(300, prompts: 300, signal: 0.25, seed: 5) { truths, _ in
            [.fixed(truths, along: Self.firstAxis)]
        }
        let figures = try figures(data, seeds: 3)
        let averaged = try #require(try arm(.averaged, .linear, of: figures).difference)
        #expect(averaged.value > 0)
        let score = try arm(.score, nil, of: figures)
        #expect(try score.accuracy.value > arm(.none, .linear, of: figures).accuracy.value)
    }

    /// A source that says the opposite is left alone where another one is better by more than chance.
    @Test func oneOfSeveralSourcesIsTakenAloneWhereItIsBetter() throws {
        var random = SeededGenerator(seed: 20)
        let data = Self.data(400, prompts: 400, signal: 0.6, seed: 6) { truths, _ in
            [
                .fixed(truths, along: Self.firstAxis),
                .fixed(truths.map { _ in 3 * random.normal() }, along: Self.firstAxis.reversed()),
            ]
        }
        let alone = Self.data(400, prompts: 400, signal: 0.6, seed: 6) { truths, _ in
            [.fixed(truths, along: Self.firstAxis)]
        }
        #expect(
            try arm(.score, nil, of: figures(data, seeds: 1)).accuracy
                == arm(.score, nil, of: figures(alone, seeds: 1)).accuracy)
    }

    @Test func fewPromptsAreNotEvaluated() throws {
        let data = Self.data(60, prompts: 3, signal: 0.5, seed: 7)
        #expect(try RewardEvaluation(data, .init()).heldOut(seed: 0) == nil)
    }

    /// The fast way to a ridge without some folds, and the way that every estimator goes.
    @Test func aRidgeByMomentsIsTheRidge() throws {
        let pairs = ReferenceData.differences(120, seed: 8)
        let folds = try #require(Folds(groups: pairs.groups, count: 5, seed: 9))
        var margins = FoldMargins(.fitted(on: pairs, by: .ridge(lambda: 3), rows: pairs), folds)
        for excluded in [FoldSet(), FoldSet(2), FoldSet(1, 4)] {
            let expected = try (0..<pairs.count).map { row -> Double in
                let own = folds.assignment[row]
                let others = pairs.filter { !excluded.with(own).contains(folds.assignment[$0]) }
                return projection(of: pairs[row], on: try Estimator.ridge(lambda: 3).fit(others))
            }
            #expect(ReferenceData.distance(try margins.margins(without: excluded), expected) < 1e-5)
        }
    }

    @Test func headsOnAllPairsHaveTheMarginsThatTheySayTheyHad() throws {
        let data = Self.data(200, prompts: 200, signal: 0.4, seed: 11)
        let evaluation = try RewardEvaluation(data, .init())
        let seeds = [try #require(try evaluation.heldOut(seed: 0))]
        let heads = try evaluation.heads(seeds)
        #expect(heads.map(\.arm) == [.none, .constant, .legend, .ours, .written, .shuffled, .ensemble])
        let penalty = evaluation.penalty(seeds)
        for head in heads {
            let expected = LogisticLoss(data.pairs, lambda: penalty, margins: head.margins).minimum()
            #expect(ReferenceData.distance(head.weights, expected) < 1e-5)
        }
        #expect(heads[0].margins.allSatisfy { $0 == 0 } && Set(heads[1].margins).count == 1)
        func order(_ margins: [Double]) -> [Double] {
            let sorted = margins.sorted()
            return sorted.map { $0 / sorted[sorted.count - 1] }
        }
        // The same margins at other pairs, of another size perhaps.
        #expect(ReferenceData.distance(order(heads[3].margins), order(heads[5].margins)) < 1e-12)
        #expect(zip(heads[3].margins, heads[5].margins).count { $0.sign != $1.sign } > 20)
        // Our score is the direction of all rows.
        let own = try Estimator.ridge(lambda: 3).fit(data.pairs).map { Double($0) }
        #expect(ReferenceData.distance(try evaluation.scores().ours, own) < 1e-6)
    }
}
