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
        let known = members.map { ($0, StandardErrors(hiddenSize: $0.count, directions: [])) }
        return try Self.combined(known, deviations: deviations).direction
    }

    /// The direction whose scores are the average of the members', each divided by its standard deviation, with the
    /// standard errors of scores on it.
    ///
    /// With `a_m` the members' weights and `w = Σ a_m u_m`, members that are fitted on different pairs move `w`
    /// independently, each by `a_m` times what moves `u_m`: its errors are theirs, so multiplied, one below the other, and
    /// those of scores on `w / |w|` follow by the delta method. How much the deviations would vary is no part of them.
    ///
    /// - Parameters:
    ///   - members: directions of norm 1, `[hidden]`, and the errors of scores on each.
    ///   - deviations: of the members' scores on the same rows, `[members]`; a member whose scores do not vary has no part.
    /// - Returns: the direction, `[hidden]`, of norm 1; the errors have as many directions as the members' together.
    /// - Throws: `DirectionError.zero` where no member's scores vary, or the members cancel out; `.notFinite`.
    package static func combined(
        _ members: [(direction: [Float], errors: StandardErrors)], deviations: [Double]
    ) throws -> (direction: [Float], errors: StandardErrors) {
        var sum = Array(repeating: 0.0, count: members[0].direction.count)
        var contributions: [Double] = []
        for (member, weight) in zip(members, try ensembleWeights(deviations: deviations)) where weight > 0 {
            sum.add(member.direction.map { Double($0) }, scaledBy: weight)
            contributions += member.errors.directions.map { weight * Double($0) }
        }
        let direction = try Direction(difference: sum)
        return (direction.unit, StandardErrors(contributions: contributions, acrossUnitOf: direction.difference))
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

/// The average of several members' margins of the same rows, each divided by its standard deviation there; one member's
/// as they are. All 0 where none varies, or a deviation is not finite.
///
/// - Parameter margins: `[members][rows]`, not empty.
/// - Returns: `[rows]`.
package func averagedMargins(_ margins: [[Double]]) -> [Double] {
    guard margins.count > 1 else { return margins[0] }
    var average = Array(repeating: 0.0, count: margins[0].count)
    let weights = try? ensembleWeights(deviations: margins.map(standardDeviation))
    for (member, weight) in zip(margins, weights ?? []) { average.add(member, scaledBy: weight) }
    return average
}

/// Of some numbers, from their mean.
package func standardDeviation(_ values: [Double]) -> Double {
    var statistics = MarginStatistics()
    for value in values { statistics.add(value) }
    return statistics.standardDeviation
}
