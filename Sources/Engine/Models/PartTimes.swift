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

/// Gives the time since the last lap to a part.
struct PartClock {
    private(set) var times = PartTimes()
    private var last = ContinuousClock.now

    /// Begins anew, so that what happened since the last lap counts for nothing.
    mutating func start() { last = .now }

    mutating func lap(_ part: WritableKeyPath<PartTimes, Duration>) {
        let now = ContinuousClock.now
        times[keyPath: part] += now - last
        last = now
    }
}
