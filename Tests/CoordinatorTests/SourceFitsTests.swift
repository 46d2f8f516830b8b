import JobConfiguration
import Margins
import SeededRandom
import Testing

@testable import Coordinator

/// Directions of several sources, and what is made of them, on states that are made up.
@Suite struct SourceFitsTests {
    private static let hiddenSize = 24

    /// Pairs that differ by a signal along the first component, by as much along another one that is the source's own,
    /// and by noise.
    private func pairs(
        _ count: Int, signal: Double, own: Int = 1, offset: Double = 0, noise: Double = 1, seed: UInt64
    ) -> PairDifferences {
        var random = SeededGenerator(seed: seed)
        var pairs = PairDifferences(hiddenSize: Self.hiddenSize)
        for group in 0..<count {
            let difference = (0..<Self.hiddenSize).map { component -> Float in
                let mean = component == 0 ? signal : component == own ? offset : 0
                let normal = (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0...1, using: &random) }
                return Float(mean + noise * normal)
            }
            pairs.append(difference, group: group)
        }
        return pairs
    }

    private func fits(
        _ sources: [PairDifferences?], rows: PairDifferences,
        by estimator: Configuration.Direction.EstimatorChoice = .automatic
    ) throws -> SourceFits {
        let folds = try #require(Folds(groups: rows.groups, count: 5, seed: 12))
        return try SourceFits(sources, rows: rows, folds: folds, by: estimator, seed: 12)
    }

    private func agreement(_ margins: [Double]) -> Double {
        Double(margins.count { $0 > 0 }) / Double(margins.count)
    }

    @Test func aSingleSourceIsItself() throws {
        let rows = pairs(200, signal: 0.5, seed: 1)
        let own = try fits([nil], rows: rows)
        #expect(own.choice == nil && own.used == 0..<1 && own.estimator == "ridge" && own.ofFolds?.count == 5)
        #expect(own.margins == own.members[0].margins && own.whole.direction == own.members[0].whole.direction)
        let file = try fits([pairs(30, signal: 1, seed: 2)], rows: rows)
        #expect(file.choice == nil && file.estimator == "mean-difference" && file.ofFolds == nil)
    }

    /// Each source has a side of its own that the rows do not have: together these count for less.
    @Test func twoSourcesTogetherAreAsGoodAsTheBetterOne() throws {
        let rows = pairs(1500, signal: 0.6, seed: 3)
        let sources = [
            pairs(80, signal: 0.8, own: 5, offset: 1, seed: 4),
            pairs(80, signal: 0.8, own: 9, offset: 1, noise: 2, seed: 5),
        ]
        let fits = try fits(sources, rows: rows)
        let (together, alone) = (agreement(fits.margins), fits.members.map { agreement($0.margins) })
        print("together \(together), each alone \(alone)")
        #expect(fits.used == 0..<2 && fits.estimator == "ensemble")
        #expect(together > (alone.max() ?? 1))
    }

    @Test(arguments: 1...5) func aSourceOfNoiseDoesLittleHarm(_ seed: UInt64) throws {
        let rows = pairs(600, signal: 0.6, seed: 10 * seed)
        let good = pairs(200, signal: 1, seed: 10 * seed + 1)
        let noise = pairs(200, signal: 0, seed: 10 * seed + 2)
        let fits = try fits([noise, good], rows: rows)
        let (together, alone) = (agreement(fits.margins), fits.members.map { agreement($0.margins) })
        print("used \(fits.used), \(together), each alone \(alone)")
        #expect(fits.used == 1..<2 || together > alone[1] - 0.08)
        #expect(alone[1] - alone[0] > 0.1)
        if fits.used == 1..<2 {
            #expect(fits.estimator == "ridge" && fits.whole.direction == fits.members[1].whole.direction)
        }
    }

    /// Where the rest would do nothing but harm, one is taken alone, unless all are asked for.
    @Test func aSourceThatSaysTheOppositeIsLeftOutUnlessItIsAskedFor() throws {
        let rows = pairs(600, signal: 0.6, seed: 6)
        let sources: [PairDifferences?] = [nil, pairs(200, signal: -1, seed: 7)]
        let chosen = try fits(sources, rows: rows)
        #expect(chosen.used == 0..<1 && chosen.ofFolds != nil && chosen.estimator == "ridge")
        #expect(chosen.choice?.isDefault == false)
        let forced = try fits(sources, rows: rows, by: .ensemble)
        #expect(forced.used == 0..<2 && forced.estimator == "ensemble")
        #expect(agreement(forced.margins) < agreement(chosen.margins) - 0.1)
    }

    @Test func aNamedEstimatorFitsEachSource() throws {
        let rows = pairs(100, signal: 0.6, seed: 8)
        let anchors = pairs(50, signal: 1, seed: 9)
        let fits = try fits([nil, anchors], rows: rows, by: .meanDifference)
        let expected = try [rows, anchors].map { try Estimator.meanDifference.fit($0) }
        #expect(
            fits.members.map(\.whole.direction.unit)
                == (try expected.map { try Direction(difference: $0.map(Double.init)).unit }))
    }

    /// A row's own state, however large, is in nothing that its own score is of.
    @Test func theRowsOwnMemberNeverSawARowsPrompt() throws {
        let rows = pairs(60, signal: 0.8, seed: 11)
        let anchors = pairs(50, signal: 1, seed: 12)
        let folds = try #require(Folds(groups: rows.groups, count: 5, seed: 12))
        func fits(_ rows: PairDifferences) throws -> SourceFits {
            try SourceFits([nil, anchors], rows: rows, folds: folds, by: .ensemble, seed: 12)
        }
        let before = try fits(rows)
        for row in [0, 17, 59] {
            var changed = PairDifferences(hiddenSize: Self.hiddenSize)
            for other in 0..<rows.count {
                let state = rows[other].enumerated().map {
                    $0.offset == 3 && other == row ? $0.element + 40 : $0.element
                }
                changed.append(state, group: rows.groups[other])
            }
            let after = try fits(changed)
            let (folded, refolded) = (try #require(before.ofFolds), try #require(after.ofFolds))
            for fold in 0..<5 {
                let same = folded[fold].direction == refolded[fold].direction
                #expect(same == (fold == folds.assignment[row]))
                if same { #expect(folded[fold].errors == refolded[fold].errors) }
            }
            #expect(before.whole.direction != after.whole.direction)
        }
    }

    @Test func errorsAreNoMoreThanAScorerTakes() throws {
        let rows = pairs(900, signal: 0.6, seed: 13)
        let sources = [nil, pairs(700, signal: 1, seed: 14), pairs(700, signal: 1, seed: 15)]
        let fits = try fits(sources, rows: rows, by: .ensemble)
        let errors = try #require(fits.whole.errors)
        let count = errors.directions.count / Self.hiddenSize
        #expect(count == 3 * (512 / 3))
        #expect(errors.standardError(of: rows[0]) > 0)
    }

    @Test func threePromptsAreEnough() throws {
        var rows = PairDifferences(hiddenSize: Self.hiddenSize)
        let some = pairs(9, signal: 1, seed: 16)
        for row in 0..<9 { rows.append(some[row], group: row % 3) }
        let fits = try fits([nil, pairs(20, signal: 1, seed: 17)], rows: rows)
        #expect(fits.used == 0..<2 && fits.margins.allSatisfy(\.isFinite) && fits.choice?.best == nil)
    }
}
