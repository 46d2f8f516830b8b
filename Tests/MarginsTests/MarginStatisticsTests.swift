import Margins
import SeededRandom
import Testing

@Suite struct MarginStatisticsTests {
    @Test func withoutNumbersThereIsNeitherSpreadNorShare() {
        let statistics = MarginStatistics()
        #expect(statistics.count == 0)
        #expect(statistics.mean == 0)
        #expect(statistics.standardDeviation == 0)
        #expect(statistics.positiveShare == 0)
        #expect(statistics.minimum == .infinity)
        #expect(statistics.maximum == -.infinity)
    }

    @Test func oneNumberHasNoSpread() {
        let statistics = MarginStatistics([-2.5])
        #expect(statistics.mean == -2.5)
        #expect(statistics.standardDeviation == 0)
        #expect(statistics.minimum == -2.5)
        #expect(statistics.maximum == -2.5)
    }

    @Test func theSpreadIsThatOfASample() {
        let statistics = MarginStatistics([2, 4, 4, 4, 5, 5, 7, 9])
        #expect(statistics.mean == 5)
        #expect(abs(statistics.standardDeviation - (32.0 / 7).squareRoot()) < 1e-15)
        #expect(statistics.minimum == 2)
        #expect(statistics.maximum == 9)
    }

    @Test func zeroIsNotPositive() {
        let statistics = MarginStatistics([0, -0.0, .leastNonzeroMagnitude, -1, 3])
        #expect(statistics.positiveCount == 2)
        #expect(statistics.positiveShare == 0.4)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>) func onePassAgreesWithTheDefinition(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let scale = Double.random(in: 0.001...1000, using: &random)
        let values = (0..<Int.random(in: 2...3000, using: &random)).map { _ in
            Double.random(in: -scale...(2 * scale), using: &random)
        }
        let statistics = MarginStatistics(values)
        let mean = values.reduce(0, +) / Double(values.count)
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let deviation = (squares / Double(values.count - 1)).squareRoot()
        #expect(statistics.count == values.count)
        #expect(abs(statistics.mean - mean) < 1e-12 * scale, "seed \(seed)")
        #expect(abs(statistics.standardDeviation - deviation) < 1e-12 * scale, "seed \(seed)")
        #expect(statistics.minimum == values.min())
        #expect(statistics.maximum == values.max())
        #expect(statistics.positiveCount == values.count { $0 > 0 })
    }

    /// The difference of the mean square and the squared mean would have no correct digit here.
    @Test func aLargeMeanDoesNotHideASmallSpread() {
        let statistics = MarginStatistics([4, 7, 13, 16].map { 1e9 + $0 })
        #expect(statistics.mean == 1e9 + 10)
        #expect(abs(statistics.standardDeviation - 30.0.squareRoot()) < 1e-6)
    }
}

extension MarginStatistics {
    init(_ values: [Double]) {
        self.init()
        for value in values { add(value) }
    }
}
