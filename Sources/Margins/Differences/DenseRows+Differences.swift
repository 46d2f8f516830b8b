extension DenseRows {
    /// The differences less a vector, then times a number for each pair.
    ///
    /// - Parameters:
    ///   - center: is subtracted from each row; `[hidden]`.
    ///   - factors: `[pairs]`.
    init(_ differences: PairDifferences, center: [Double]? = nil, factors: [Double]? = nil) {
        let (rowCount, columnCount) = (differences.count, differences.hiddenSize)
        precondition(center.map { $0.count == columnCount } ?? true, "a centre of another hidden size")
        precondition(factors.map { $0.count == rowCount } ?? true, "not a factor for each pair")
        let center = center ?? Array(repeating: 0, count: columnCount)
        let values = Array<Double>(unsafeUninitializedCapacity: rowCount * columnCount) { values, count in
            differences.values.withUnsafeBufferPointer { differences in
                center.withUnsafeBufferPointer { center in
                    for row in 0..<rowCount {
                        let factor = factors?[row] ?? 1
                        let start = row * columnCount
                        for column in 0..<columnCount {
                            let value = factor * (Double(differences[start + column]) - center[column])
                            values.initializeElement(at: start + column, to: value)
                        }
                    }
                }
            }
            count = rowCount * columnCount
        }
        self.init(values: values, rowCount: rowCount, columnCount: columnCount)
    }

    /// Some components of the differences.
    init(_ differences: PairDifferences, columns: Range<Int>) {
        let (rowCount, hiddenSize) = (differences.count, differences.hiddenSize)
        let values = Array<Double>(unsafeUninitializedCapacity: rowCount * columns.count) { values, count in
            differences.values.withUnsafeBufferPointer { differences in
                for row in 0..<rowCount {
                    let (from, to) = (row * hiddenSize + columns.lowerBound, row * columns.count)
                    for column in 0..<columns.count {
                        values.initializeElement(at: to + column, to: Double(differences[from + column]))
                    }
                }
            }
            count = rowCount * columns.count
        }
        self.init(values: values, rowCount: rowCount, columnCount: columns.count)
    }
}
