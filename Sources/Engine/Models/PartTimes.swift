/// Where a lane's time goes.
public struct PartTimes: Sendable, Hashable {
    /// Matrix products with what is fused into them: SwiGLU and, in int8, the conversion of its result.
    public internal(set) var gemm = Duration.zero
    public internal(set) var attention = Duration.zero
    /// Norms, rotary positions, conversions, keys and values, embeddings, pooling.
    public internal(set) var elementwise = Duration.zero

    public init() {}

    public static func + (left: PartTimes, right: PartTimes) -> PartTimes {
        var sum = left
        sum.gemm += right.gemm
        sum.attention += right.attention
        sum.elementwise += right.elementwise
        return sum
    }
}

/// Adds up the time of parts.
final class PartClock {
    private(set) var times = PartTimes()

    /// The result of `work`, whose time goes to `part`.
    func measure<R>(_ part: WritableKeyPath<PartTimes, Duration>, _ work: () throws -> R) rethrows -> R {
        let start = ContinuousClock.now
        defer { times[keyPath: part] += ContinuousClock.now - start }
        return try work()
    }
}
