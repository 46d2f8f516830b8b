/// How often margins have the sign that the labels say among the most certain rows: those whose margins are farthest
/// from 0 (El-Yaniv and Wiener, JMLR 2010). A margin that knows when it is right is more accurate there.
package struct SelectiveAccuracy: Hashable, Sendable, Codable {
    /// The share of rows that was asked for.
    package let coverage: Double

    /// Among these rows; of more than asked for where several are equally certain.
    package let accuracy: ClusteredShare

    /// - Parameters:
    ///   - margins: that should be positive by the labels.
    ///   - groups: of each row.
    ///   - coverages: each above 0, at most 1.
    /// - Precondition: no margin is NaN.
    /// - Returns: one for each coverage; none without rows.
    package static func measured(
        _ margins: [Double], groups: [Int], coverages: [Double] = [0.1, 0.25, 0.5, 1]
    ) -> [SelectiveAccuracy] {
        precondition(margins.count == groups.count, "not a group for each row")
        precondition(!margins.contains(where: \.isNaN), "a margin that is not a number is not certain of anything")
        let certainties = margins.map(abs).sorted(by: >)
        return coverages.compactMap { coverage in
            precondition(coverage > 0 && coverage <= 1, "a share of rows that is none")
            guard !certainties.isEmpty else { return nil }
            let count = min(max(Int((coverage * Double(certainties.count)).rounded()), 1), certainties.count)
            let rows = margins.indices.filter { abs(margins[$0]) >= certainties[count - 1] }
            return ClusteredShare(positive: rows.map { margins[$0] }, groups: rows.map { groups[$0] })
                .map { SelectiveAccuracy(coverage: coverage, accuracy: $0) }
        }
    }
}

/// How often margins have the sign that the labels say where length cannot tell: among rows whose responses' lengths
/// differ by less than a ratio.
///
/// - Parameters:
///   - margins: that should be positive by the labels.
///   - lengths: of the two responses, in any unit.
///   - groups: of each row.
///   - ratioMax: the longer one's length divided by the shorter one's is below it; responses without length are equal.
/// - Returns: nil where there are no such rows.
package func accuracyAtEqualLength(
    _ margins: [Double], lengths: [(preferred: Int, other: Int)], groups: [Int], ratioMax: Double = 1.25
) -> ClusteredShare? {
    precondition(margins.count == lengths.count && margins.count == groups.count, "not a length for each row")
    let rows = margins.indices.filter { row in
        let (shorter, longer) = (
            min(lengths[row].preferred, lengths[row].other), max(lengths[row].preferred, lengths[row].other)
        )
        return longer == shorter || Double(longer) < ratioMax * Double(shorter)
    }
    return ClusteredShare(positive: rows.map { margins[$0] }, groups: rows.map { groups[$0] })
}
