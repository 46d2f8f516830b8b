/// A symmetric, positive definite matrix, of which only the lower triangle is used: `[size, size]`, row-major.
struct PositiveMatrix {
    let size: Int
    private(set) var values: [Double]

    init(zeroOfSize size: Int) {
        self.size = size
        values = Array(repeating: 0, count: size * size)
    }

    /// `scale · A + shift · I` of a symmetric matrix `A` `[size, size]`, row-major.
    init(_ symmetric: [Double], size: Int, scale: Double, shift: Double) {
        precondition(symmetric.count == size * size, "not a square matrix")
        self.size = size
        values = symmetric.map { scale * $0 }
        addToDiagonal(shift)
    }

    /// `scale · R Rᵀ` of rows `[size, columns]`.
    init(gramOf rows: [Double], size: Int, scale: Double) {
        self.init(zeroOfSize: size)
        addGram(of: rows, scale: scale)
    }

    /// Adds `scale · R Rᵀ` of rows `[size, columns]`.
    mutating func addGram(of rows: [Double], scale: Double) {
        guard size > 0 else { return }
        let (size, columns) = (size, rows.count / size)
        let height = 64
        values.withUnsafeMutableBufferPointer { values in
            rows.withUnsafeBufferPointer { rows in
                for top in stride(from: 0, to: size, by: height) {
                    let end = min(top + height, size)
                    addProducts(
                        of: RowBlock(start: rows.baseAddress! + top * columns, stride: columns, count: end - top),
                        with: RowBlock(start: rows.baseAddress!, stride: columns, count: end), columns: columns,
                        scaledBy: scale, to: values.baseAddress! + top * size, stride: size)
                }
            }
        }
    }

    /// `[size, size]`, with nothing of use in the upper triangle.
    consuming func lowerValues() -> [Double] { values }

    /// Both triangles, `[size, size]`.
    consuming func symmetricValues() -> [Double] {
        for row in 0..<size {
            for column in 0..<row { values[column * size + row] = values[row * size + column] }
        }
        return values
    }

    mutating func scale(by factor: Double) {
        for index in values.indices { values[index] *= factor }
    }

    /// Adds `factor · B`, of a matrix of the same size.
    mutating func add(_ other: PositiveMatrix, scaledBy factor: Double) {
        precondition(other.size == size, "matrices of different sizes")
        for index in values.indices { values[index] += factor * other.values[index] }
    }

    mutating func addToDiagonal(_ value: Double) {
        for row in 0..<size { values[row * size + row] += value }
    }

    /// Adds `factor · v vᵀ`.
    mutating func addSquare(of vector: [Double], scaledBy factor: Double) {
        precondition(vector.count == size, "a vector of another size than the matrix")
        for row in 0..<size {
            for column in 0...row { values[row * size + column] += factor * vector[row] * vector[column] }
        }
    }

    /// The sum of the squares of all elements, of both triangles.
    var squaredNorm: Double {
        (0..<size).reduce(0) { sum, row in
            let lower = values[row * size..<row * size + row].reduce(0) { $0 + $1 * $1 }
            return sum + 2 * lower + values[row * size + row] * values[row * size + row]
        }
    }
}
