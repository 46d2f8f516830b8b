/// A vector that is 0 but for a few features: the counts of a response's words by their hash, or its length alone.
package struct SparseVector: Hashable, Sendable {
    /// The numbers of the features that are not 0, ascending.
    package let features: [Int32]

    /// Of each of those.
    package let values: [Float]

    /// - Parameter entries: in any order; values of the same feature are added up.
    /// - Precondition: no feature is negative.
    package init(_ entries: some Sequence<(feature: Int, value: Float)>) {
        // Sums of equal features have one order, whatever the caller's was.
        let ordered = entries.sorted { ($0.feature, $0.value) < ($1.feature, $1.value) }
        precondition(ordered.first.map { $0.feature >= 0 } ?? true, "a negative feature")
        var (features, values): ([Int32], [Float]) = ([], [])
        for (feature, value) in ordered {
            if let last = features.last, Int(last) == feature {
                values[values.count - 1] += value
            } else {
                features.append(Int32(feature))
                values.append(value)
            }
        }
        self.features = zip(features, values).filter { $0.1 != 0 }.map(\.0)
        self.values = values.filter { $0 != 0 }
    }

    /// `left - right`, as a pair of responses differs.
    package static func difference(_ left: SparseVector, _ right: SparseVector) -> SparseVector {
        let entries = zip(left.features, left.values).map { (feature: Int($0), value: $1) }
        return SparseVector(entries + zip(right.features, right.values).map { (feature: Int($0), value: -$1) })
    }
}

extension SparseVector {
    /// `x · w`, in double precision.
    ///
    /// - Precondition: `w` has all the features.
    func times(_ weights: [Double]) -> Double {
        var sum = 0.0
        for (feature, value) in zip(features, values) { sum += Double(value) * weights[Int(feature)] }
        return sum
    }
}
