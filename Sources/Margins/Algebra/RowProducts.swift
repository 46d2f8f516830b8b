/// Rows of numbers in memory that somebody else owns, row `i` from `start + i · stride` on.
struct RowBlock {
    let start: UnsafePointer<Double>
    let stride: Int
    let count: Int
}

/// `C[m,n] += factor · A[m,k] · B[n,k]ᵀ`, row-major, in tiles that stay in a cache.
///
/// - Parameters:
///   - columns: `k`, how many elements of each row of `A` and `B` are read.
///   - result: `C`, whose row `i` starts at `result + i · stride`. It may lie between elements of `A` and `B`, but not
///     on those that are read.
func addProducts(
    of a: RowBlock, with b: RowBlock, columns: Int, scaledBy factor: Double, to result: UnsafeMutablePointer<Double>,
    stride: Int
) {
    // 64 rows of 256 columns are 128 KiB, a part of any second-level cache.
    let (columnsMax, rowsMax) = (256, 64)
    var column = 0
    while column < columns {
        let width = min(columnsMax, columns - column)
        var top = 0
        while top < b.count {
            let height = min(rowsMax, b.count - top)
            addTile(
                of: RowBlock(start: a.start + column, stride: a.stride, count: a.count),
                with: RowBlock(start: b.start + top * b.stride + column, stride: b.stride, count: height),
                columns: width, scaledBy: factor, to: result + top, stride: stride)
            top += height
        }
        column += width
    }
}

private func addTile(
    of a: RowBlock, with b: RowBlock, columns: Int, scaledBy factor: Double, to result: UnsafeMutablePointer<Double>,
    stride: Int
) {
    let (whole, wholeOther) = (a.count & ~3, b.count & ~1)
    var row = 0
    while row < whole {
        var other = 0
        while other < wholeOther {
            addProductsOfFourAndTwo(
                a.start + row * a.stride, a.stride, b.start + other * b.stride, b.stride, columns: columns,
                scaledBy: factor, to: result + row * stride + other, stride: stride)
            other += 2
        }
        row += 4
    }
    for row in 0..<a.count {
        let left = UnsafeBufferPointer(start: a.start + row * a.stride, count: columns)
        for other in row < whole ? wholeOther..<b.count : 0..<b.count {
            let right = UnsafeBufferPointer(start: b.start + other * b.stride, count: columns)
            result[row * stride + other] += factor * dot(left, right)
        }
    }
}

/// Four rows with two: each number is read once for two or four products, and the sums fill half of the sixteen vector
/// registers that every x86-64 has.
@inline(__always)
private func addProductsOfFourAndTwo(
    _ a: UnsafePointer<Double>, _ aStride: Int, _ b: UnsafePointer<Double>, _ bStride: Int, columns: Int,
    scaledBy factor: Double, to result: UnsafeMutablePointer<Double>, stride: Int
) {
    let (a1, a2, a3, b1) = (a + aStride, a + 2 * aStride, a + 3 * aStride, b + bStride)
    var (sum00, sum10, sum20, sum30) = (SIMD2<Double>(), SIMD2<Double>(), SIMD2<Double>(), SIMD2<Double>())
    var (sum01, sum11, sum21, sum31) = (sum00, sum00, sum00, sum00)
    var column = 0
    while column + 2 <= columns {
        let (first, second) = (pair(b + column), pair(b1 + column))
        let left0 = pair(a + column)
        sum00 += left0 * first
        sum01 += left0 * second
        let left1 = pair(a1 + column)
        sum10 += left1 * first
        sum11 += left1 * second
        let left2 = pair(a2 + column)
        sum20 += left2 * first
        sum21 += left2 * second
        let left3 = pair(a3 + column)
        sum30 += left3 * first
        sum31 += left3 * second
        column += 2
    }
    if column < columns {
        // The last one of an odd number, with a zero beside it.
        let (first, second) = (SIMD2(b[column], 0), SIMD2(b1[column], 0))
        let (left0, left1, left2, left3) = (
            SIMD2(a[column], 0), SIMD2(a1[column], 0), SIMD2(a2[column], 0), SIMD2(a3[column], 0)
        )
        sum00 += left0 * first
        sum10 += left1 * first
        sum20 += left2 * first
        sum30 += left3 * first
        sum01 += left0 * second
        sum11 += left1 * second
        sum21 += left2 * second
        sum31 += left3 * second
    }
    result[0] += factor * (sum00[0] + sum00[1])
    result[1] += factor * (sum01[0] + sum01[1])
    result[stride] += factor * (sum10[0] + sum10[1])
    result[stride + 1] += factor * (sum11[0] + sum11[1])
    result[2 * stride] += factor * (sum20[0] + sum20[1])
    result[2 * stride + 1] += factor * (sum21[0] + sum21[1])
    result[3 * stride] += factor * (sum30[0] + sum30[1])
    result[3 * stride + 1] += factor * (sum31[0] + sum31[1])
}

@inline(__always)
private func pair(_ start: UnsafePointer<Double>) -> SIMD2<Double> {
    UnsafeRawPointer(start).loadUnaligned(as: SIMD2<Double>.self)
}
