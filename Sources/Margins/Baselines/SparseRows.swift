/// Sparse rows, times a number, as a matrix of those features alone that are in one of them, in compressed sparse rows:
/// what a fit costs then does not depend on how many features there might be.
struct SparseRows: DesignMatrix {
    /// The feature that each column is of, `[columns]`, ascending.
    let features: [Int32]
    let factor: Double

    /// Where each row's values begin, and behind the last one's, `[rows + 1]`.
    private let starts: [Int]

    /// The column of each value, and the value.
    private let columns: [Int32]
    private let values: [Float]

    /// - Parameter featureCount: above every feature's number.
    init(_ rows: [SparseVector], featureCount: Int, factor: Double) {
        self.factor = factor
        starts = rows.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.features.count) }
        var isUsed = Array(repeating: false, count: featureCount)
        for row in rows { for feature in row.features { isUsed[Int(feature)] = true } }
        features = (0..<Int32(featureCount)).filter { isUsed[Int($0)] }
        var columnOfFeature = Array(repeating: Int32(0), count: featureCount)
        for (column, feature) in features.enumerated() { columnOfFeature[Int(feature)] = Int32(column) }
        columns = rows.flatMap { $0.features.map { columnOfFeature[Int($0)] } }
        values = rows.flatMap(\.values)
    }

    var rowCount: Int { starts.count - 1 }
    var columnCount: Int { features.count }

    func times(_ vector: [Double]) -> [Double] {
        precondition(vector.count == columnCount, "not a weight for each column")
        var products = Array(repeating: 0.0, count: rowCount)
        withBuffers { columns, values in
            vector.withUnsafeBufferPointer { vector in
                for row in products.indices {
                    var sum = 0.0
                    for place in starts[row]..<starts[row + 1] {
                        sum += Double(values[place]) * vector[Int(columns[place])]
                    }
                    products[row] = factor * sum
                }
            }
        }
        return products
    }

    func transposeTimes(_ weights: [Double]) -> [Double] {
        precondition(weights.count == rowCount, "not a weight for each row")
        var sums = Array(repeating: 0.0, count: columnCount)
        withBuffers { columns, values in
            sums.withUnsafeMutableBufferPointer { sums in
                for row in weights.indices {
                    let weight = factor * weights[row]
                    for place in starts[row]..<starts[row + 1] {
                        sums[Int(columns[place])] += weight * Double(values[place])
                    }
                }
            }
        }
        return sums
    }

    private func withBuffers(_ body: (UnsafeBufferPointer<Int32>, UnsafeBufferPointer<Float>) -> Void) {
        columns.withUnsafeBufferPointer { columns in values.withUnsafeBufferPointer { body(columns, $0) } }
    }
}
