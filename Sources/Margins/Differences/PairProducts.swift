/// The products of pair differences with one another, `K = D Dᵀ`: all that directions need to know of the differences
/// where only margins are asked for.
///
/// A direction is a combination of the differences, `w = Dᵀ α` (the representer theorem: Kimeldorf and Wahba, J. Math.
/// Analysis and Applications 1971); margins along it are `K α`, and its squared norm is `αᵀ K α`. What is fitted without
/// some pairs, or with some pairs' sides swapped, needs no other products than these.
package struct PairProducts: Sendable {
    /// The components of a difference.
    let hiddenSize: Int

    /// `K`, `[pairs, pairs]`.
    let rows: DenseRows

    /// The group of each pair, `[pairs]`.
    package let groups: [Int]

    package var count: Int { groups.count }

    /// Memory is `pairs²` doubles: take a sample of many. The work is `pairs² · hidden / 2` multiplications, each
    /// product and the sums in double precision.
    package init(_ differences: PairDifferences) {
        let matrix = PositiveMatrix(gramOf: differences)
        (hiddenSize, groups) = (differences.hiddenSize, differences.groups)
        rows = DenseRows(values: matrix.symmetricValues(), rowCount: matrix.size, columnCount: matrix.size)
    }

    private init(hiddenSize: Int, rows: DenseRows, groups: [Int]) {
        (self.hiddenSize, self.rows, self.groups) = (hiddenSize, rows, groups)
    }

    /// Of the pairs of these numbers, in the order of the numbers.
    package func select(_ pairs: [Int]) -> PairProducts {
        PairProducts(
            hiddenSize: hiddenSize,
            rows: DenseRows(values: products(of: pairs, with: pairs), rowCount: pairs.count, columnCount: pairs.count),
            groups: pairs.map { groups[$0] })
    }

    /// Of some pairs with others: `[pairs, others]`.
    func products(of pairs: [Int], with others: [Int]) -> [Double] {
        Array(unsafeUninitializedCapacity: pairs.count * others.count) { products, count in
            rows.values.withUnsafeBufferPointer { values in
                for (place, pair) in pairs.enumerated() {
                    let row = UnsafeBufferPointer(rebasing: values[pair * self.count..<(pair + 1) * self.count])
                    for (column, other) in others.enumerated() {
                        products.initializeElement(at: place * others.count + column, to: row[other])
                    }
                }
            }
            count = pairs.count * others.count
        }
    }

    /// `|dᵢ|²`, `[pairs]`.
    var squares: [Double] { (0..<count).map { rows.values[$0 * count + $0] } }

    /// The mean square of all components of the differences, as `PairDifferences.meanSquare`.
    var meanSquare: Double { squares.reduce(0, +) / Double(count * hiddenSize) }
}

extension PositiveMatrix {
    /// `D Dᵀ`, without a copy of all differences in double precision.
    fileprivate init(gramOf differences: PairDifferences) {
        self.init(zeroOfSize: differences.count)
        let width = 256
        for start in stride(from: 0, to: differences.hiddenSize, by: width) {
            let columns = start..<min(start + width, differences.hiddenSize)
            addGram(of: DenseRows(differences, columns: columns).values, scale: 1)
        }
    }
}
