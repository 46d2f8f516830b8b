/// Rows of numbers `[rows, columns]` in double precision, as they are multiplied with one another and with vectors.
struct DenseRows: DesignMatrix {
    /// `[rows, columns]`, row-major.
    let values: [Double]
    let rowCount: Int
    let columnCount: Int

    /// Whether the rows' products with one another are a smaller matrix than the columns'.
    var isWide: Bool { rowCount < columnCount }

    /// `X Xᵀ / n`, or `XᵀX / n`, whichever is smaller: their eigenvalues are the same but for zeros.
    func smallerMoment() -> PositiveMatrix {
        let smaller = isWide ? values : transposed(0..<columnCount)
        return PositiveMatrix(gramOf: smaller, size: min(rowCount, columnCount), scale: 1 / Double(rowCount))
    }

    /// `XᵀX`.
    func columnProducts() -> PositiveMatrix {
        PositiveMatrix(gramOf: transposed(0..<columnCount), size: columnCount, scale: 1)
    }

    func times(_ vector: [Double]) -> [Double] {
        precondition(vector.count == columnCount, "a vector of another size than the rows")
        var products = Array(repeating: 0.0, count: rowCount)
        products.withUnsafeMutableBufferPointer { products in
            values.withUnsafeBufferPointer { values in
                vector.withUnsafeBufferPointer { vector in
                    guard let rows = values.baseAddress, let vector = vector.baseAddress else { return }
                    addProducts(
                        of: RowBlock(start: rows, stride: columnCount, count: rowCount),
                        with: RowBlock(start: vector, stride: columnCount, count: 1), columns: columnCount,
                        scaledBy: 1, to: products.baseAddress!, stride: 1)
                }
            }
        }
        return products
    }

    func transposeTimes(_ weights: [Double]) -> [Double] { combinations(weights) }

    /// `W X`: what rows of weights `W` `[combinations, rows]` make of the rows; `[combinations, columns]`.
    func combinations(_ weights: [Double]) -> [Double] {
        precondition(rowCount > 0 && weights.count.isMultiple(of: rowCount), "not a weight for each row")
        let count = weights.count / rowCount
        var sums = Array(repeating: 0.0, count: count * columnCount)
        // A few columns at a time, so that there is no second copy of all the rows.
        let width = 64
        sums.withUnsafeMutableBufferPointer { sums in
            weights.withUnsafeBufferPointer { weights in
                for start in stride(from: 0, to: columnCount, by: width) {
                    let columns = start..<min(start + width, columnCount)
                    transposed(columns).withUnsafeBufferPointer { transposed in
                        addProducts(
                            of: RowBlock(start: weights.baseAddress!, stride: rowCount, count: count),
                            with: RowBlock(start: transposed.baseAddress!, stride: rowCount, count: columns.count),
                            columns: rowCount, scaledBy: 1, to: sums.baseAddress! + start, stride: columnCount)
                    }
                }
            }
        }
        return sums
    }

    /// Some columns as rows: `[columns.count, rows]`.
    private func transposed(_ columns: Range<Int>) -> [Double] {
        // Columns that share a cache line are taken together.
        let width = 8
        return Array(unsafeUninitializedCapacity: columns.count * rowCount) { transposed, count in
            values.withUnsafeBufferPointer { values in
                for start in stride(from: 0, to: columns.count, by: width) {
                    for row in 0..<rowCount {
                        for column in start..<min(start + width, columns.count) {
                            let value = values[row * columnCount + columns.lowerBound + column]
                            transposed.initializeElement(at: column * rowCount + row, to: value)
                        }
                    }
                }
            }
            count = columns.count * rowCount
        }
    }
}
