/// A symmetric, positive definite matrix, of which only the lower triangle is used: `[size, size]`, row-major.
struct PositiveMatrix {
    let size: Int
    private(set) var values: [Double]

    /// `scale · R Rᵀ` of rows `[size, columns]`.
    init(gramOf rows: [Double], size: Int, scale: Double) {
        self.size = size
        values = Array(repeating: 0, count: size * size)
        let columns = rows.count / size
        // Tiles of rows that stay in a cache: whole rows of thousands of columns would come from memory for each
        // product.
        let tile = 8
        rows.withUnsafeBufferPointer { rows in
            func vector(_ row: Int) -> UnsafeBufferPointer<Double> {
                UnsafeBufferPointer(rebasing: rows[row * columns..<(row + 1) * columns])
            }
            for top in stride(from: 0, to: size, by: tile) {
                for left in stride(from: 0, through: top, by: tile) {
                    for row in top..<min(top + tile, size) {
                        for column in left..<min(left + tile, row + 1) {
                            values[row * size + column] = scale * dot(vector(row), vector(column))
                        }
                    }
                }
            }
        }
    }

    mutating func addToDiagonal(_ value: Double) {
        for row in 0..<size { values[row * size + row] += value }
    }

    /// The sum of the squares of all elements, of both triangles.
    var squaredNorm: Double {
        (0..<size).reduce(0) { sum, row in
            let lower = values[row * size..<row * size + row].reduce(0) { $0 + $1 * $1 }
            return sum + 2 * lower + values[row * size + row] * values[row * size + row]
        }
    }

    /// `A⁻¹ b`, by Cholesky's factors `A = L Lᵀ`, which replace the matrix.
    ///
    /// - Throws: `DirectionError.notFinite` where the matrix is not positive definite in double precision.
    consuming func solving(_ right: [Double]) throws -> [Double] {
        precondition(right.count == size, "a vector of another size than the matrix")
        try factorise()
        var solution = right
        for row in 0..<size {
            for column in 0..<row { solution[row] -= values[row * size + column] * solution[column] }
            solution[row] /= values[row * size + row]
        }
        for row in (0..<size).reversed() {
            solution[row] /= values[row * size + row]
            for column in 0..<row { solution[column] -= values[row * size + column] * solution[row] }
        }
        return solution
    }

    private mutating func factorise() throws {
        let size = size
        let isPositive = values.withUnsafeMutableBufferPointer { values in
            for row in 0..<size {
                for column in 0...row {
                    let left = UnsafeBufferPointer(rebasing: values[row * size..<row * size + column])
                    let right = UnsafeBufferPointer(rebasing: values[column * size..<column * size + column])
                    let rest = values[row * size + column] - dot(left, right)
                    if column < row {
                        values[row * size + column] = rest / values[column * size + column]
                    } else {
                        guard rest > 0, rest.isFinite else { return false }
                        values[row * size + row] = rest.squareRoot()
                    }
                }
            }
            return true
        }
        guard isPositive else { throw DirectionError.notFinite }
    }
}
