/// Where rows' margins come from, for who trains on some of the rows and tests on the others.
package enum MarginSource: Sendable {
    /// From a direction that knows nothing of the rows' labels.
    ///
    /// - Parameters:
    ///   - margins: of each row, `[rows]`.
    ///   - direction: along which they are, `[hidden]`.
    case fixed(_ margins: [Double], along: [Float])

    /// From a direction that is fitted on the rows that are trained on; the margins of these are along one that is fitted
    /// without them.
    ///
    /// - Parameters:
    ///   - on: what it is fitted on, a difference for each row.
    ///   - rows: what margins are projections of, a difference for each row.
    case fitted(on: PairDifferences, by: Estimator, rows: PairDifferences)
}

/// A source's margins without some folds.
///
/// Directions are fitted once for each set of folds that is left out.
struct FoldMargins {
    private let source: MarginSource
    private let folds: Folds
    private var directions: [FoldSet: [Float]] = [:]
    private let moments: FoldMoments?

    init(_ source: MarginSource, _ folds: Folds) {
        (self.source, self.folds) = (source, folds)
        if case .fitted(let pairs, .ridge, _) = source, FoldMoments.isFaster(for: pairs) {
            moments = FoldMoments(pairs, folds)
        } else {
            moments = nil
        }
    }

    /// Of all rows: of a row outside of `excluded` along a direction that was fitted without these folds and its own, of one
    /// inside along one that was fitted without these.
    ///
    /// - Throws: `DirectionError` where what is left gives no direction.
    mutating func margins(without excluded: FoldSet) throws -> [Double] {
        guard case .fitted(_, _, let rows) = source else {
            guard case .fixed(let margins, _) = source else { preconditionFailure("a source of a third kind") }
            return margins
        }
        var units: [[Float]] = []
        for fold in 0..<folds.count { units.append(try direction(without: excluded.with(fold))) }
        return folds.assignment.indices.map { projection(of: rows[$0], on: units[folds.assignment[$0]]) }
    }

    /// - Throws: `DirectionError` where what is left gives no direction.
    mutating func direction(without excluded: FoldSet) throws -> [Float] {
        guard case .fitted(let pairs, let estimator, _) = source else {
            guard case .fixed(_, let direction) = source else { preconditionFailure("a source of a third kind") }
            return direction
        }
        if let known = directions[excluded] { return known }
        let direction: [Float]
        if let moments, case .ridge(let lambda) = estimator {
            direction = try moments.ridge(lambda: lambda, without: excluded)
        } else {
            direction = try estimator.fit(pairs.filter { !excluded.contains(folds.assignment[$0]) })
        }
        directions[excluded] = direction
        return direction
    }
}

/// A set of a few folds.
struct FoldSet: Hashable {
    private var bits: UInt64 = 0

    init(_ folds: Int...) { for fold in folds { bits |= 1 << UInt64(fold) } }

    func contains(_ fold: Int) -> Bool { bits >> UInt64(fold) & 1 == 1 }

    func with(_ fold: Int) -> FoldSet {
        var set = self
        set.bits |= 1 << UInt64(fold)
        return set
    }

    /// That differs between sets, for random numbers.
    var seed: UInt64 { bits }
}

/// The second moments and the sums of each fold's differences: of what is outside of some folds they are the sum.
private struct FoldMoments {
    private let folds: Int
    private let moments: [PositiveMatrix]
    private let sums: [[Double]]
    private let counts: [Int]
    private let squares: [Double]

    /// Of few pairs the products with one another are the smaller matrix, and of large models memory is not to be had for
    /// every fold's.
    static func isFaster(for pairs: PairDifferences) -> Bool {
        2 * pairs.hiddenSize < pairs.count && pairs.hiddenSize <= 2048
    }

    init(_ pairs: PairDifferences, _ folds: Folds) {
        self.folds = folds.count
        let parts = (0..<folds.count).map { fold in pairs.filter { folds.assignment[$0] == fold } }
        counts = parts.map(\.count)
        sums = parts.map { $0.transposeTimes(Array(repeating: 1, count: $0.count)) }
        squares = parts.map { $0.meanSquare * Double($0.count) }
        moments = parts.map { DenseRows($0).columnProducts() }
    }

    /// `(DᵀD/n + λ m I)⁻¹ d̄` of norm 1, as `Estimator.ridge` has it.
    ///
    /// - Throws: `DirectionError`.
    func ridge(lambda: Double, without excluded: FoldSet) throws -> [Float] {
        let kept = (0..<folds).filter { !excluded.contains($0) }
        let count = Double(kept.reduce(0) { $0 + counts[$1] })
        guard count > 0 else { throw DirectionError.noAnchors }
        let size = sums[0].count
        var sum = Array(repeating: 0.0, count: size)
        var moment = PositiveMatrix(zeroOfSize: size)
        for fold in kept {
            sum.add(sums[fold])
            moment.add(moments[fold], scaledBy: 1 / count)
        }
        let scale = kept.reduce(0) { $0 + squares[$1] } / count
        guard scale.isFinite else { throw DirectionError.notFinite }
        guard sum.contains(where: { $0 != 0 }) else { throw DirectionError.zero }
        moment.addToDiagonal(lambda * scale)
        var solution = sum.scaled(by: 1 / count)
        try CholeskyFactor(moment).solve(&solution)
        return try Direction(difference: solution).unit
    }
}
