import SeededRandom
import Testing

@testable import Margins

@Suite struct ClusteredShareTests {
    @Test func rowsThatFollowTheirGroupAreWorthOneEach() throws {
        let alone = try #require(ClusteredShare((0..<40).map { $0 % 4 == 0 ? 0 : 1 }, groups: Array(0..<40)))
        let together = try #require(
            ClusteredShare((0..<40).map { $0 / 4 % 4 == 0 ? 0 : 1 }, groups: (0..<40).map { $0 / 4 }))
        #expect(alone.rows == 40 && alone.groups == 40 && together.rows == 40 && together.groups == 10)
        #expect(together.high - together.low > 1.7 * (alone.high - alone.low))
        // A group that holds a share of rows exactly as all do is no reason to be surer.
        let balanced = try #require(ClusteredShare((0..<40).map { Double($0 % 2) }, groups: (0..<40).map { $0 / 4 }))
        let expected = HeldOutAccuracy.wilson(share: 0.5, count: 40, z: studentQuantile(degreesOfFreedom: 9))
        #expect(balanced.low == expected.low && balanced.high == expected.high)
    }

    /// The values of R's `qt(0.975, n)`.
    @Test(arguments: [
        (1, 12.70620), (2, 4.30265), (3, 3.18245), (4, 2.77645), (5, 2.57058), (9, 2.26216), (29, 2.04523),
        (100, 1.98397), (1000, 1.96234),
    ])
    func studentsQuantilesAreKnown(_ degreesOfFreedom: Int, _ quantile: Double) {
        #expect(abs(studentQuantile(degreesOfFreedom: degreesOfFreedom) / quantile - 1) < 1.25e-3)
    }

    /// Of two groups that agree by chance nobody knows what a third one is like.
    @Test func fewGroupsSayLittleHoweverManyRowsTheyHave() throws {
        let values = (0..<120).map { $0 % 5 == 0 ? 0.0 : 1 }
        let two = try #require(ClusteredShare(values, groups: (0..<120).map { $0 / 60 }))
        #expect(two.value == 0.8 && two.low < 0.4)
    }

    @Test func theIntervalIsThatOfHeldOutAccuracyWhereNoRowIsHalfRight() throws {
        var random = SeededGenerator(seed: 3)
        let groups = (0..<60).map { _ in Int.random(in: 0..<20, using: &random) }
        let values = groups.map { group in Bool.random(using: &random) || group % 3 == 0 ? 1.0 : 0 }
        let share = try #require(ClusteredShare(values, groups: groups))
        let expected = HeldOutAccuracy(
            Set(groups).sorted().map { group in
                let rows = groups.indices.filter { groups[$0] == group }
                return (rows.count, rows.count { values[$0] == 1 })
            })
        // Of as many independent rows, by the same formula, but for the quantile.
        let (z, center) = (HeldOutAccuracy.normalQuantile, (expected.low + expected.high) / 2)
        let count = z * z * (center - 0.5) / (share.value - center)
        let student = studentQuantile(degreesOfFreedom: Set(groups).count - 1)
        let wider = HeldOutAccuracy.wilson(share: share.value, count: count, z: student)
        #expect(abs(share.low - wider.low) < 1e-12 && abs(share.high - wider.high) < 1e-12)
        #expect(share.low < expected.low && share.high > expected.high)
    }

    /// 1,000 data sets of 60 groups of 1 to 9 rows, whose share varies by group: the truth is in 93 to 97 of 100
    /// intervals.
    @Test func theTruthIsInTheIntervalAsOftenAsItSays() throws {
        var random = SeededGenerator(seed: 5)
        var (covered, naive) = (0, 0)
        for _ in 0..<1000 {
            var (values, groups): ([Double], [Int]) = ([], [])
            for group in 0..<60 {
                let likely = Double.random(in: 0.2...1, using: &random)
                for _ in 0..<Int.random(in: 1...9, using: &random) {
                    values.append(Double.random(in: 0..<1, using: &random) < likely ? 1 : 0)
                    groups.append(group)
                }
            }
            let share = try #require(ClusteredShare(values, groups: groups))
            if share.isCompatible(with: 0.6) { covered += 1 }
            if try #require(ClusteredShare(values, groups: Array(0..<values.count))).isCompatible(with: 0.6) {
                naive += 1
            }
        }
        print("the truth is in \(covered) of 1000 intervals, \(naive) without groups")
        #expect((930...970).contains(covered) && naive < 920)
    }

    @Test func fewRowsSayLittle() throws {
        #expect(ClusteredShare([], groups: []) == nil)
        let one = try #require(ClusteredShare([1, 1, 1, 1], groups: [2, 2, 2, 2]))
        #expect(one.value == 1 && one.high == 1 && one.low < 0.25)
        let mixed = try #require(ClusteredShare([1, 0, 1, 1], groups: [2, 2, 2, 2]))
        #expect(mixed.low < 0.2 && mixed.high > 0.95)
    }

    @Test func aMarginOfZeroIsHalfRight() {
        #expect(ClusteredShare(positive: [1, 0, -3, 2], groups: [0, 1, 2, 3])?.value == 2.5 / 4)
    }
}
