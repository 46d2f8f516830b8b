/// Mean, spread and extremes of a stream of numbers in constant memory (Welford's algorithm).
public struct MarginStatistics: Hashable, Sendable {
    public private(set) var count = 0
    public private(set) var mean = 0.0
    public private(set) var minimum = Double.infinity
    public private(set) var maximum = -Double.infinity

    /// How many were above zero: the chosen response is the safer one along the direction.
    public private(set) var positiveCount = 0

    /// How many were below zero: the rejected response is the safer one along the direction.
    public private(set) var negativeCount = 0
    private var squaredDeviations = 0.0

    public init() {}

    public mutating func add(_ value: Double) {
        count += 1
        let deviation = value - mean
        mean += deviation / Double(count)
        squaredDeviations += deviation * (value - mean)
        minimum = min(minimum, value)
        maximum = max(maximum, value)
        if value > 0 { positiveCount += 1 }
        if value < 0 { negativeCount += 1 }
    }

    /// Of the sample; 0 for fewer than two numbers.
    public var standardDeviation: Double {
        count > 1 ? (squaredDeviations / Double(count - 1)).squareRoot() : 0
    }

    public var positiveShare: Double { count > 0 ? Double(positiveCount) / Double(count) : 0 }

    /// Whether more than half of the numbers are below zero: most likely the two sides are swapped somewhere.
    public var isMostlyNegative: Bool { 2 * negativeCount > count }
}

/// Counts numbers in bins of equal width over a closed range.
public struct Histogram: Hashable, Sendable {
    public let range: ClosedRange<Double>
    public private(set) var counts: [Int]

    /// - Precondition: `binCount` > 0; the range's width is finite.
    public init(range: ClosedRange<Double>, binCount: Int) {
        precondition(binCount > 0 && (range.upperBound - range.lowerBound).isFinite)
        self.range = range
        self.counts = Array(repeating: 0, count: binCount)
    }

    /// Numbers outside of the range go to the nearest bin; NaN is near none and is not counted.
    public mutating func add(_ value: Double) {
        guard !value.isNaN else { return }
        let width = (range.upperBound - range.lowerBound) / Double(counts.count)
        let bin = width > 0 ? ((value - range.lowerBound) / width).rounded(.down) : 0
        counts[Int(min(max(bin, 0), Double(counts.count - 1)))] += 1
    }

    /// The range of one bin.
    public func bounds(of bin: Int) -> ClosedRange<Double> {
        let width = (range.upperBound - range.lowerBound) / Double(counts.count)
        return (range.lowerBound + Double(bin) * width)...(range.lowerBound + Double(bin + 1) * width)
    }
}
