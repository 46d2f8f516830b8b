/// Directions of several kinds of pairs, or of several places of a model, as one score: each member's scores are
/// divided by their standard deviation on the same rows, and averaged. (Subtracting their means would shift all scores
/// alike, and move no margin.)
package struct Ensemble: Sendable {
    /// Of each member, ascending.
    package let kinds: [Int]

    /// Of norm 1: `[members][hidden]`.
    package let members: [[Float]]
    private var statistics: [MarginStatistics]

    /// Fits each kind of pairs apart.
    ///
    /// - Throws: `DirectionError` where a kind gives no direction.
    package init(fitting differences: PairDifferences, by estimator: Estimator, seed: UInt64 = 0) throws {
        guard differences.count > 0 else { throw DirectionError.noAnchors }
        kinds = differences.distinctKinds
        members = try kinds.map { kind in
            try estimator.fit(differences.filter { differences.kinds[$0] == kind }, seed: seed)
        }
        statistics = members.map { _ in MarginStatistics() }
    }

    /// Takes a row to standardise on.
    ///
    /// - Parameter state: a hidden state `h`, or a difference of two; `[hidden]`.
    package mutating func standardise(on state: some Collection<Float>) {
        let state = Array(state)
        for index in members.indices { statistics[index].add(projection(of: state, on: members[index])) }
    }

    /// The standard deviation of each member's scores on the rows so far, `[members]`.
    package var deviations: [Double] { statistics.map(\.standardDeviation) }

    /// The direction whose scores are the average, of norm 1: `[hidden]`.
    ///
    /// - Throws: `DirectionError.zero` where no member's scores vary on the rows, or the members cancel out.
    package func direction() throws -> [Float] {
        var sum = Array(repeating: 0.0, count: members[0].count)
        for (member, weight) in zip(members, try ensembleWeights(deviations: deviations)) {
            sum.add(member.map { Double($0) }, scaledBy: weight)
        }
        return try Direction(difference: sum).unit
    }
}

/// What each member's score is multiplied by in their average: `1 / (members · deviation)`, `[members]`. A score that
/// does not vary says nothing of the rows, and has no part.
///
/// For members at different places of a model, which have no one direction.
///
/// - Throws: `DirectionError` where none varies, or a deviation is not finite.
package func ensembleWeights(deviations: [Double]) throws -> [Double] {
    let count = Double(deviations.count { $0 > 0 })
    guard deviations.allSatisfy(\.isFinite) else { throw DirectionError.notFinite }
    guard count > 0 else { throw DirectionError.zero }
    return deviations.map { $0 > 0 ? 1 / (count * $0) : 0 }
}
