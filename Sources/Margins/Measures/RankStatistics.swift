/// The rank of each value from 1, ascending; equal values have the mean of their ranks. NaN has no rank: a
/// precondition.
func midranks(_ values: [Double]) -> [Double] {
    precondition(!values.contains(where: \.isNaN), "a value that is not a number has no rank")
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    var ranks = Array(repeating: 0.0, count: values.count)
    var start = 0
    while start < order.count {
        var end = start + 1
        while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
        for place in start..<end { ranks[order[place]] = Double(start + 1 + end) / 2 }
        start = end
    }
    return ranks
}

/// The area under the receiver operating characteristic: how likely a positive row's score is above a negative one's, a
/// tie counting half (Mann and Whitney 1947; Hanley and McNeil, Radiology 1982).
///
/// - Precondition: no score is NaN.
/// - Returns: nil where either side is empty.
package func areaUnderCurve(positive: [Double], negative: [Double]) -> Double? {
    guard !positive.isEmpty, !negative.isEmpty else { return nil }
    let (count, others) = (Double(positive.count), Double(negative.count))
    let ranks = midranks(positive + negative).prefix(positive.count).reduce(0, +)
    return (ranks - count * (count + 1) / 2) / (count * others)
}

/// Pearson's correlation of two columns, -1 to 1.
///
/// - Precondition: as many values in both.
/// - Returns: nil where one does not vary, or there are fewer than two rows.
package func correlation(_ left: [Double], _ right: [Double]) -> Double? {
    precondition(left.count == right.count, "columns of different lengths")
    let (first, second) = (centred(left), centred(right))
    let norms = first.norm * second.norm
    guard norms > 0, norms.isFinite else { return nil }
    return min(max(dot(first, second) / norms, -1), 1)
}

/// Spearman's correlation: Pearson's of the ranks, ties having the mean of theirs (Spearman 1904).
///
/// - Precondition: as many values in both, and none is NaN.
/// - Returns: nil where one does not vary, or there are fewer than two rows.
package func rankCorrelation(_ left: [Double], _ right: [Double]) -> Double? {
    correlation(midranks(left), midranks(right))
}

/// The cosine of two vectors, -1 to 1; nil where one is zero or not finite.
package func cosine(_ left: [Float], _ right: [Float]) -> Double? {
    let (first, second) = (left.map { Double($0) }, right.map { Double($0) })
    let norms = first.norm * second.norm
    guard norms > 0, norms.isFinite else { return nil }
    return min(max(dot(first, second) / norms, -1), 1)
}

/// The values less their mean; all exactly 0 where they are equal.
func centred(_ values: [Double]) -> [Double] {
    guard let first = values.first, values.contains(where: { $0 != first }) else { return values.map { _ in 0 } }
    let mean = values.reduce(0, +) / Double(values.count)
    return values.map { $0 - mean }
}
