import Margins
import SeededRandom
import Testing

@Suite struct HistogramTests {
    @Test func aBinHoldsItsLowerBoundAndTheLastOneBoth() {
        let histogram = Histogram(0...4, binCount: 4, [0, 0.5, 1, 2, 2, 3, 4, 4])
        #expect(histogram.counts == [2, 1, 2, 3])
    }

    @Test func numbersOutsideGoToTheNearestBin() {
        let histogram = Histogram(-1...1, binCount: 2, [-1.0001, -1e300, -.infinity, 1.0001, .infinity])
        #expect(histogram.counts == [3, 2])
    }

    @Test func aNumberThatIsNoneIsNotCounted() {
        #expect(Histogram(0...1, binCount: 3, [.nan, .signalingNaN, 0.5]).counts == [0, 1, 0])
    }

    @Test func zerosOfBothSignsAreOneNumber() {
        #expect(Histogram(-1...1, binCount: 2, [0, -0.0]).counts == [0, 2])
        #expect(Histogram(0...1, binCount: 2, [0, -0.0, -.leastNonzeroMagnitude]).counts == [3, 0])
    }

    @Test func aRangeOfOneNumberHasAllInItsFirstBin() {
        #expect(Histogram(2...2, binCount: 3, [2, 1, 3]).counts == [3, 0, 0])
    }

    @Test func oneBinTakesAll() {
        #expect(Histogram(0...1, binCount: 1, [-5, 0, 0.5, 1, 5]).counts == [5])
    }

    @Test func theBoundsOfTheBinsDivideTheRange() {
        let histogram = Histogram(range: -3...1, binCount: 8)
        #expect(histogram.bounds(of: 0) == -3 ... -2.5)
        #expect(histogram.bounds(of: 7) == 0.5...1)
        for bin in 0..<7 { #expect(histogram.bounds(of: bin).upperBound == histogram.bounds(of: bin + 1).lowerBound) }
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>) func everyNumberIsCountedOnceAndWithinItsBounds(_ seed: UInt64)
        throws
    {
        var random = SeededGenerator(seed: seed)
        let lower = Double.random(in: -10...10, using: &random)
        let range = lower...(lower + Double.random(in: 0.1...10, using: &random))
        let binCount = Int.random(in: 1...40, using: &random)
        for _ in 0..<500 {
            let value = Double.random(in: range, using: &random)
            let histogram = Histogram(range, binCount: binCount, [value])
            let bin = try #require(histogram.counts.firstIndex(of: 1))
            #expect(histogram.counts.reduce(0, +) == 1)
            let bounds = histogram.bounds(of: bin)
            #expect(value >= bounds.lowerBound - 1e-12 && value <= bounds.upperBound + 1e-12, "seed \(seed)")
        }
    }
}

extension Histogram {
    init(_ range: ClosedRange<Double>, binCount: Int, _ values: [Double]) {
        self.init(range: range, binCount: binCount)
        for value in values { add(value) }
    }
}
