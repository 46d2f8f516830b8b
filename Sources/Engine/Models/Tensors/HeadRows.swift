/// The order in which the rows of queries and keys are packed, so that components of a head that are rotated together are
/// neighbours, as the kernels have them. A query's product with a key does not depend on the order of their components.
struct HeadRows {
    let headDimension: Int
    let rotatedCount: Int
    let pairs: Architecture.RotaryPairs?

    /// The stored component of a head that becomes component `index`.
    private func stored(_ index: Int) -> Int {
        guard pairs == .halves, index < rotatedCount else { return index }
        return index / 2 + (index.isMultiple(of: 2) ? 0 : rotatedCount / 2)
    }

    /// The rows of heads whose first rows are `starts`, rotated ones in the order of the kernels.
    func order(starts: [Int], areRotated: Bool) -> [Int32] {
        starts.flatMap { start in
            (0..<headDimension).map { Int32(start + (areRotated ? stored($0) : $0)) }
        }
    }

    /// The same of `heads` that lie one below the other; nil where they stay as they are.
    func order(heads: Int) -> [Int32]? {
        pairs == .halves ? order(starts: (0..<heads).map { $0 * headDimension }, areRotated: true) : nil
    }
}
