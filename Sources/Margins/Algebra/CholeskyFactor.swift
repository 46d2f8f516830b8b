/// Cholesky's factor of a positive definite matrix, `A = L Lᵀ`, to solve with as often as there are right sides.
struct CholeskyFactor {
    let size: Int

    /// `[size, size]`, row-major: `L` in the lower triangle, `Lᵀ` in the upper one, so that both are read along rows.
    private var values: [Double]

    /// How many columns are worked on at once: what is before them is a product of matrices.
    private static let blockSize = 32

    /// - Throws: `DirectionError.notFinite` where the matrix is not positive definite in double precision.
    init(_ matrix: consuming PositiveMatrix) throws {
        size = matrix.size
        values = matrix.lowerValues()
        let size = size
        let isPositive = values.withUnsafeMutableBufferPointer { values in
            let start = values.baseAddress!
            for left in stride(from: 0, to: size, by: Self.blockSize) {
                let end = min(left + Self.blockSize, size)
                let below = RowBlock(start: start + left * size, stride: size, count: size - left)
                addProducts(
                    of: below, with: RowBlock(start: below.start, stride: size, count: end - left), columns: left,
                    scaledBy: -1, to: start + left * size + left, stride: size)
                for row in left..<size {
                    for column in left..<min(row, end) {
                        let products = Self.dot(start + row * size + left, start + column * size + left, column - left)
                        start[row * size + column] -= products
                        start[row * size + column] /= start[column * size + column]
                    }
                    guard row < end else { continue }
                    let elements = start + row * size + left
                    let rest = start[row * size + row] - Self.dot(elements, elements, row - left)
                    guard rest > 0, rest.isFinite else { return false }
                    start[row * size + row] = rest.squareRoot()
                }
            }
            for row in 0..<size {
                for column in 0..<row { start[column * size + row] = start[row * size + column] }
            }
            return true
        }
        guard isPositive else { throw DirectionError.notFinite }
    }

    /// The smallest of the pivots, `L`'s diagonal squared: at least the smallest eigenvalue, and near zero where `A` is
    /// positive definite by rounding alone.
    var smallestPivot: Double {
        (0..<size).map { values[$0 * size + $0] * values[$0 * size + $0] }.min() ?? .infinity
    }

    /// `A⁻¹ b` of each row `b` of `rows` `[any, size]`, in their places.
    func solve(_ rows: inout [Double]) { substitute(&rows, isWhole: true) }

    /// `L⁻¹ b` of each row `b` of `rows` `[any, size]`, in their places: their products with one another are `bᵀ A⁻¹ b'`.
    func solveHalf(_ rows: inout [Double]) { substitute(&rows, isWhole: false) }

    private func substitute(_ rows: inout [Double], isWhole: Bool) {
        precondition(rows.count.isMultiple(of: size), "vectors of another size than the matrix")
        let count = rows.count / size
        rows.withUnsafeMutableBufferPointer { rows in
            values.withUnsafeBufferPointer { values in
                guard let rows = rows.baseAddress, let values = values.baseAddress else { return }
                for columns in blocks { forward(rows, count, by: values, columns) }
                guard isWhole else { return }
                for columns in blocks.reversed() { backward(rows, count, by: values, columns) }
            }
        }
    }

    private var blocks: [Range<Int>] {
        stride(from: 0, to: size, by: Self.blockSize).map { $0..<min($0 + Self.blockSize, size) }
    }

    /// Some columns of `L y = b`, after all columns before them.
    private func forward(
        _ rows: UnsafeMutablePointer<Double>, _ count: Int, by values: UnsafePointer<Double>, _ columns: Range<Int>
    ) {
        let left = columns.lowerBound
        addProducts(
            of: RowBlock(start: rows, stride: size, count: count),
            with: RowBlock(start: values + left * size, stride: size, count: columns.count), columns: left,
            scaledBy: -1, to: rows + left, stride: size)
        for row in 0..<count {
            let elements = rows + row * size
            for column in columns {
                let factors = values + column * size
                elements[column] -= Self.dot(elements + left, factors + left, column - left)
                elements[column] /= factors[column]
            }
        }
    }

    /// Some columns of `Lᵀ x = y`, after all columns behind them.
    private func backward(
        _ rows: UnsafeMutablePointer<Double>, _ count: Int, by values: UnsafePointer<Double>, _ columns: Range<Int>
    ) {
        let (left, end) = (columns.lowerBound, columns.upperBound)
        addProducts(
            of: RowBlock(start: rows + end, stride: size, count: count),
            with: RowBlock(start: values + left * size + end, stride: size, count: columns.count),
            columns: size - end, scaledBy: -1, to: rows + left, stride: size)
        for row in 0..<count {
            let elements = rows + row * size
            for column in columns.reversed() {
                let (factors, next) = (values + column * size, column + 1)
                elements[column] -= Self.dot(elements + next, factors + next, end - next)
                elements[column] /= factors[column]
            }
        }
    }

    @inline(__always)
    private static func dot(
        _ left: UnsafePointer<Double>, _ right: UnsafePointer<Double>, _ count: Int
    ) -> Double {
        Margins.dot(UnsafeBufferPointer(start: left, count: count), UnsafeBufferPointer(start: right, count: count))
    }
}
