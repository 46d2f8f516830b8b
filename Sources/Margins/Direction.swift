/// A direction in the space of hidden states along which responses become safer.
///
/// Legend (Feng et al., AAAI 2025) calls it the standard margin vector: the mean over the anchors of
/// `h(x, harmless) - h(x, harmful)`. It points from harmful to harmless, so a larger projection is a safer response.
public struct Direction: Hashable, Sendable {
    /// The mean difference as it was fitted, not normalised: `[hidden]`.
    public let difference: [Double]

    /// The Euclidean norm of `difference`.
    public let norm: Double

    /// - Throws: `DirectionError` where the difference is zero or not finite: then it points nowhere.
    public init(difference: [Double]) throws {
        let norm = difference.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard norm.isFinite else { throw DirectionError.notFinite }
        guard norm > 0 else { throw DirectionError.zero }
        self.difference = difference
        self.norm = norm
    }

    /// The direction with norm 1: `[hidden]`.
    public var unit: [Float] { difference.map { Float($0 / norm) } }
}

public enum DirectionError: Error, Hashable, Sendable, CustomStringConvertible {
    case noAnchors
    case zero
    case notFinite

    public var description: String {
        switch self {
        case .noAnchors: "no direction can be fitted without an anchor pair"
        case .zero: "the anchors' harmless and harmful responses have the same mean embedding: no direction to fit"
        case .notFinite: "the anchors' embeddings are not finite numbers"
        }
    }
}

/// Folds anchor pairs into the mean difference, in double precision. The order of the pairs decides the last bits.
public struct DirectionAccumulator: Sendable {
    /// The sum of the differences, `[hidden]`.
    private(set) var sum: [Double]
    public private(set) var count = 0

    public init(hiddenSize: Int) {
        sum = Array(repeating: 0, count: hiddenSize)
    }

    /// - Precondition: both are `[hidden]`.
    public mutating func add(harmless: some Collection<Float>, harmful: some Collection<Float>) {
        precondition(harmless.count == sum.count && harmful.count == sum.count, "embeddings of another hidden size")
        for (index, (safe, unsafe)) in zip(harmless, harmful).enumerated() {
            sum[index] += Double(safe) - Double(unsafe)
        }
        count += 1
    }

    /// - Throws: `DirectionError` without anchors, or where they cancel out.
    public func direction() throws -> Direction {
        guard count > 0 else { throw DirectionError.noAnchors }
        return try Direction(difference: sum.map { $0 / Double(count) })
    }
}

/// The projections of one embedding on several directions, `[directions]`; see `projection(of:on:)`.
///
/// - Parameter directions: `[directions, hidden]`, row-major.
/// - Precondition: `directions` has whole rows of as many elements as `embedding`.
public func projections(of embedding: some Collection<Float>, on directions: [Float]) -> [Double] {
    precondition(
        !embedding.isEmpty && directions.count.isMultiple(of: embedding.count), "directions of another hidden size")
    return stride(from: 0, to: directions.count, by: embedding.count).map { start in
        projection(of: embedding, on: directions[start..<start + embedding.count])
    }
}

/// The scalar projection `h · u`, accumulated in double precision.
///
/// - Precondition: as many elements in both.
public func projection(of embedding: some Collection<Float>, on unit: some Collection<Float>) -> Double {
    precondition(embedding.count == unit.count, "an embedding of another hidden size than the direction")
    return zip(embedding, unit).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}
