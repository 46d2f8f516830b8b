import SeededRandom
import Testing

@testable import Margins

@Suite struct StandardErrorsTests {
    private func moments(_ groups: [[[Float]]], partsMax: Int = 1024, seed: UInt64 = 1) -> DifferenceMoments {
        var moments = DifferenceMoments(hiddenSize: GroupedDifferences.hiddenSize, partsMax: partsMax, seed: seed)
        for (number, group) in groups.enumerated() { for pair in group { moments.add(pair, group: number) } }
        return moments
    }

    /// The standard deviations of the scores over 2,000 refits, on the mean difference and on the unit direction.
    private func refits(_ groups: [[[Float]]], _ states: [[Float]]) -> (raw: [Double], unit: [Double]) {
        var random = SeededGenerator(seed: 99)
        let sums = groups.map { group in
            (0..<GroupedDifferences.hiddenSize).map { column in group.reduce(0) { $0 + Double($1[column]) } }
        }
        var raw = states.map { _ in MarginStatistics() }
        var unit = raw
        for _ in 0..<2000 {
            var mean = Array(repeating: 0.0, count: GroupedDifferences.hiddenSize)
            var count = 0.0
            for _ in groups {
                let drawn = Int.random(in: groups.indices, using: &random)
                mean.add(sums[drawn])
                count += Double(groups[drawn].count)
            }
            mean = mean.scaled(by: 1 / count)
            let norm = mean.norm
            for (index, state) in states.enumerated() {
                let score = dot(state.map { Double($0) }, mean)
                raw[index].add(score)
                unit[index].add(score / norm)
            }
        }
        return (raw.map(\.standardDeviation), unit.map(\.standardDeviation))
    }

    @Test func theyAreThoseOfTwoThousandRefits() throws {
        let groups = GroupedDifferences.groups(200, seed: 1)
        let states = GroupedDifferences.states(20, seed: 2)
        let moments = moments(groups)
        let (raw, unit) = (
            try #require(try moments.rawStandardErrors()), try #require(try moments.unitStandardErrors())
        )
        let refits = refits(groups, states)
        let rawRatios = zip(states, refits.raw).map { raw.standardError(of: $0) / $1 }
        let unitRatios = zip(states, refits.unit).map { unit.standardError(of: $0) / $1 }
        print("of 2,000 refits: raw \(rawRatios.min()!) to \(rawRatios.max()!), ", terminator: "")
        print("unit \(unitRatios.min()!) to \(unitRatios.max()!)")
        #expect((rawRatios + unitRatios).allSatisfy { abs($0 - 1) < 0.05 })
    }

    /// A refit's mean is longer than the mean that it is drawn from, by noise, and so its unit direction varies less:
    /// where anchors leave much of the mean in doubt, the bootstrap is too sure, and the closed form is not.
    @Test func theyAreThoseOfFreshAnchors() throws {
        let states = GroupedDifferences.states(20, seed: 2)
        var scores = states.map { _ in MarginStatistics() }
        var errors = states.map { _ in 0.0 }
        let fits = 300
        for seed in 0..<UInt64(fits) {
            let moments = moments(GroupedDifferences.groups(60, mean: 0.5, seed: 1000 + seed))
            let unit = try moments.direction().unit
            let standardErrors = try #require(try moments.unitStandardErrors())
            for (index, state) in states.enumerated() {
                scores[index].add(projection(of: state, on: unit))
                errors[index] += standardErrors.standardError(of: state) / Double(fits)
            }
        }
        let ratio = zip(errors, scores).reduce(0) { $0 + $1.0 / $1.1.standardDeviation } / Double(states.count)
        print("of 300 fits on fresh anchors: unit \(ratio)")
        #expect(abs(ratio - 1) < 0.05)
    }

    /// Pairs of a group vouch for one another where each counts as a group.
    @Test func withoutGroupsTheyAreTooSmall() throws {
        let groups = GroupedDifferences.groups(200, seed: 1)
        let alone = try #require(try moments(groups.flatMap { $0.map { [$0] } }).unitStandardErrors())
        let clustered = try #require(try moments(groups).unitStandardErrors())
        for state in GroupedDifferences.states(20, seed: 2) {
            #expect(alone.standardError(of: state) < 0.85 * clustered.standardError(of: state))
        }
    }

    /// Squared, since it is the variance that is unbiased.
    @Test func moreGroupsThanPartsGiveTheSameOnTheWhole() throws {
        let groups = GroupedDifferences.groups(3000, seed: 3)
        let all = moments(groups, partsMax: 3000)
        let exact = try #require(try all.rawStandardErrors())
        let states = GroupedDifferences.states(20, seed: 4)
        var ratios: [Double] = []
        for seed in 0..<5 as Range<UInt64> {
            let few = moments(groups, partsMax: 128, seed: seed)
            #expect(few.parts == 128 && few.count == all.count)
            #expect(ReferenceData.distance(try few.direction().difference, try all.direction().difference) < 1e-12)
            let merged = try #require(try few.rawStandardErrors())
            ratios += states.map { merged.standardError(of: $0) / exact.standardError(of: $0) }
        }
        let mean = ratios.reduce(0) { $0 + $1 * $1 } / Double(ratios.count)
        print("variances of 128 parts: \(mean) of those of 3,000 groups; errors \(ratios.min()!) to \(ratios.max()!)")
        #expect(abs(mean - 1) < 0.05 && ratios.allSatisfy { abs($0 - 1) < 5 / 256.0.squareRoot() })
    }

    @Test func aStateAlongTheDirectionHasNoErrorOnIt() throws {
        let moments = moments(GroupedDifferences.groups(50, seed: 5))
        let unit = try moments.direction().unit
        let (raw, across) = (
            try #require(try moments.rawStandardErrors()), try #require(try moments.unitStandardErrors())
        )
        #expect(across.standardError(of: unit) < 1e-6 && raw.standardError(of: unit) > 0.01)
    }

    @Test func theErrorOfAMarginIsThatOfTheDifferenceOfProjections() throws {
        let errors = try #require(try moments(GroupedDifferences.groups(50, seed: 6)).unitStandardErrors())
        let states = GroupedDifferences.states(2, seed: 7)
        let (first, second) = (
            projections(of: states[0], on: errors.directions), projections(of: states[1], on: errors.directions)
        )
        let margin = StandardErrors.combined(zip(first, second).map { $0 - $1 })
        let expected = errors.standardError(of: zip(states[0], states[1]).map { $0 - $1 })
        #expect(abs(margin / expected - 1) < 1e-6)
    }

    @Test func tooFewPairsHaveNone() throws {
        var moments = DifferenceMoments(hiddenSize: 2, seed: 1)
        #expect(throws: DirectionError.noAnchors) { try moments.direction() }
        moments.add([1, 0], group: 4)
        moments.add([2, 0], group: 4)
        #expect(try moments.rawStandardErrors() == nil && moments.unitStandardErrors() == nil)
        #expect(try moments.direction().difference == [1.5, 0])
        moments.add([-3, 0], group: 5)
        #expect(throws: DirectionError.zero) { try moments.unitStandardErrors() }
    }
}
