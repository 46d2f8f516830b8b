/// What pairs of responses differ by: `h(x, preferred) - h(x, other)` of each pair at one place of the model, with the
/// group (the prompt) and the kind (the source, or the sort of anchors) that the pair belongs to.
package struct PairDifferences: Hashable, Sendable {
    /// The components of a difference.
    package let hiddenSize: Int

    /// `[pairs, hidden]`, row-major.
    package private(set) var values: [Float] = []

    /// The group of each pair, `[pairs]`: pairs of one group resemble one another, so that they are left out together.
    package private(set) var groups: [Int] = []

    /// The kind of each pair, `[pairs]`.
    package private(set) var kinds: [Int] = []

    /// How many pairs there are.
    package var count: Int { groups.count }

    /// - Precondition: `hiddenSize` > 0.
    package init(hiddenSize: Int) {
        precondition(hiddenSize > 0, "vectors without a component")
        self.hiddenSize = hiddenSize
    }

    /// - Precondition: the difference is `[hidden]`.
    package mutating func append(_ difference: some Collection<Float>, group: Int, kind: Int = 0) {
        precondition(difference.count == hiddenSize, "a difference of another hidden size")
        values.append(contentsOf: difference)
        groups.append(group)
        kinds.append(kind)
    }

    /// `[hidden]`.
    package subscript(row: Int) -> ArraySlice<Float> { values[row * hiddenSize..<(row + 1) * hiddenSize] }

    /// The pairs for which it holds, in their order.
    package func filter(_ isIncluded: (_ row: Int) throws -> Bool) rethrows -> PairDifferences {
        try select(groups.indices.filter(isIncluded))
    }

    /// The pairs of these numbers, in the order of the numbers.
    package func select(_ rows: [Int]) -> PairDifferences {
        var selected = PairDifferences(hiddenSize: hiddenSize)
        selected.values.reserveCapacity(rows.count * hiddenSize)
        for row in rows { selected.append(self[row], group: groups[row], kind: kinds[row]) }
        return selected
    }

    /// The kinds that occur, ascending.
    package var distinctKinds: [Int] { Set(kinds).sorted() }
}

extension PairDifferences: DesignMatrix {
    var rowCount: Int { count }
    var columnCount: Int { hiddenSize }

    func times(_ vector: [Double]) -> [Double] { times(vector, rows: groups.indices) }

    func transposeTimes(_ weights: [Double]) -> [Double] { transposeTimes(weights, rows: groups.indices) }

    /// The products of some pairs, by their numbers, with a vector `[hidden]`.
    func times(_ vector: [Double], rows: some Collection<Int>) -> [Double] {
        precondition(vector.count == hiddenSize, "a vector of another hidden size")
        return vector.withUnsafeBufferPointer { vector in
            values.withUnsafeBufferPointer { values in
                rows.map { row in
                    dot(UnsafeBufferPointer(rebasing: values[row * hiddenSize..<(row + 1) * hiddenSize]), vector)
                }
            }
        }
    }

    /// The sum of some pairs, by their numbers, each times its weight: `[hidden]`.
    func transposeTimes(_ weights: [Double], rows: some Collection<Int>) -> [Double] {
        precondition(weights.count == rows.count, "not a weight for each pair")
        var sum = Array(repeating: 0.0, count: hiddenSize)
        sum.withUnsafeMutableBufferPointer { sum in
            values.withUnsafeBufferPointer { values in
                for (row, weight) in zip(rows, weights) {
                    for column in 0..<hiddenSize { sum[column] += weight * Double(values[row * hiddenSize + column]) }
                }
            }
        }
        return sum
    }

    /// `d̄`, `[hidden]`; of no pairs not a number.
    var mean: [Double] { transposeTimes(Array(repeating: 1, count: count)).map { $0 / Double(count) } }

    /// `Σ |dᵢ|² / (n · hidden)`: the mean eigenvalue of `DᵀD / n`, and the mean square of all numbers.
    var meanSquare: Double {
        values.withUnsafeBufferPointer { values in
            values.reduce(0) { $0 + Double($1) * Double($1) } / Double(values.count)
        }
    }
}
