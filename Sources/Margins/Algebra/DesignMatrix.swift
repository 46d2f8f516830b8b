/// Rows of numbers `[rows, columns]` as the linear map that they are, for methods that need nothing else of them.
///
/// Sums are in double precision and in one fixed order: the result does not depend on how many threads call.
protocol DesignMatrix {
    var rowCount: Int { get }
    var columnCount: Int { get }

    /// `X w`: `[columns]` to `[rows]`.
    func times(_ vector: [Double]) -> [Double]

    /// `Xᵀ a`: `[rows]` to `[columns]`.
    func transposeTimes(_ weights: [Double]) -> [Double]

    /// What the product of two vectors `[columns]` is, for columns that are no orthonormal basis.
    func product(_ left: [Double], _ right: [Double]) -> Double
}

extension DesignMatrix {
    func product(_ left: [Double], _ right: [Double]) -> Double { dot(left, right) }

    /// The root of a vector's product with itself; of what rounding has left below zero, 0.
    func norm(_ vector: [Double]) -> Double { max(product(vector, vector), 0).squareRoot() }
}

/// `Σ aᵢ bᵢ`, in eight partial sums, which are added up in pairs.
///
/// - Precondition: as many elements in both.
func dot(_ left: UnsafeBufferPointer<Double>, _ right: UnsafeBufferPointer<Double>) -> Double {
    precondition(left.count == right.count, "vectors of different sizes")
    var sums = SIMD8<Double>.zero
    let whole = left.count & ~7
    for start in stride(from: 0, to: whole, by: 8) {
        for lane in 0..<8 { sums[lane] += left[start + lane] * right[start + lane] }
    }
    var sum = sums.evenHalf.sum() + sums.oddHalf.sum()
    for index in whole..<left.count { sum += left[index] * right[index] }
    return sum
}

func dot(_ left: [Double], _ right: [Double]) -> Double {
    left.withUnsafeBufferPointer { left in right.withUnsafeBufferPointer { dot(left, $0) } }
}

/// `Σ aᵢ bᵢ` of single-precision numbers, each product and the sum in double precision.
func dot(_ left: UnsafeBufferPointer<Float>, _ right: UnsafeBufferPointer<Double>) -> Double {
    precondition(left.count == right.count, "vectors of different sizes")
    var sums = SIMD8<Double>.zero
    let whole = left.count & ~7
    for start in stride(from: 0, to: whole, by: 8) {
        for lane in 0..<8 { sums[lane] += Double(left[start + lane]) * right[start + lane] }
    }
    var sum = sums.evenHalf.sum() + sums.oddHalf.sum()
    for index in whole..<left.count { sum += Double(left[index]) * right[index] }
    return sum
}

extension [Double] {
    /// The Euclidean norm.
    var norm: Double { dot(self, self).squareRoot() }

    func scaled(by factor: Double) -> [Double] { map { $0 * factor } }

    /// `self += factor · other`.
    mutating func add(_ other: [Double], scaledBy factor: Double = 1) {
        precondition(count == other.count, "vectors of different sizes")
        for index in indices { self[index] += factor * other[index] }
    }
}
