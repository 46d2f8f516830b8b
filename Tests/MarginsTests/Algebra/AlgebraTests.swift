import SeededRandom
import Testing

@testable import Margins

@Suite struct AlgebraTests {
    private func rows(_ count: Int, _ columns: Int, seed: UInt64) -> PairDifferences {
        var random = SeededGenerator(seed: seed)
        var rows = PairDifferences(hiddenSize: columns)
        for row in 0..<count { rows.append(random.floats(count: columns), group: row) }
        return rows
    }

    /// `W X`, one product at a time.
    private func combinations(_ weights: [Double], _ rows: DenseRows) -> [Double] {
        stride(from: 0, to: weights.count, by: rows.rowCount).flatMap { start in
            (0..<rows.columnCount).map { column in
                (0..<rows.rowCount).reduce(0) { sum, row in
                    sum + weights[start + row] * rows.values[row * rows.columnCount + column]
                }
            }
        }
    }

    /// Of all remainders by the tiles' four rows, two rows and two columns, and of more rows and columns than a tile has.
    @Test(arguments: [(1, 1, 1), (2, 3, 4), (3, 7, 5), (4, 8, 15), (5, 2, 16), (7, 9, 33), (9, 270, 67), (66, 5, 3)])
    func combinationsAreTheirSums(_ count: Int, _ rowCount: Int, _ columns: Int) {
        let rows = DenseRows(rows(rowCount, columns, seed: 1))
        var random = SeededGenerator(seed: 2)
        let weights = (0..<count * rowCount).map { _ in random.uniform() }
        #expect(ReferenceData.distance(rows.combinations(weights), combinations(weights, rows)) < 1e-12)
        let vector = (0..<columns).map { _ in random.uniform() }
        let expected = (0..<rowCount).map { row in
            dot(Array(rows.values[row * columns..<(row + 1) * columns]), vector)
        }
        #expect(ReferenceData.distance(rows.times(vector), expected) < 1e-12)
    }

    /// Sizes around one, two and three blocks of the factorisation; rows and columns the other way round as well.
    @Test(arguments: [1, 2, 5, 31, 32, 33, 64, 70], [0.0, 0.4, 1])
    func theInverseTakesTheMatrixBack(_ size: Int, a: Double) throws {
        for (rowCount, columns) in [(size, 75), (75, size)] {
            let center = Array(repeating: 0.125, count: columns)
            let factors = (0..<rowCount).map { 1 + Double($0 % 3) }
            let rows = DenseRows(rows(rowCount, columns, seed: 3), center: center, factors: factors)
            let inverse = try ShrunkInverse(rows, moment: rows.smallerMoment(), a: a, b: 0.2)
            /// `A w` for each row.
            func applied(_ solutions: [Double]) -> [Double] {
                stride(from: 0, to: solutions.count, by: columns).flatMap { start in
                    let solution = Array(solutions[start..<start + columns])
                    var product = combinations(rows.times(solution), rows).scaled(by: a / Double(rowCount))
                    product.add(solution, scaledBy: 0.2)
                    return product
                }
            }
            var random = SeededGenerator(seed: 4)
            let vector = (0..<columns).map { _ in random.uniform() }
            #expect(ReferenceData.distance(applied(inverse.times(vector)), vector) < 1e-11)
            let weights = (0..<6 * rowCount).map { _ in random.uniform() }
            let expected = combinations(weights, rows)
            #expect(ReferenceData.distance(applied(inverse.timesCombinations(weights)), expected) < 1e-10)
        }
    }

    /// Of ridge regressions to 1, against fits without each group of rows.
    @Test(arguments: [(7, 70), (70, 7), (100, 40)])
    func whatIsLeftOfAGroupIsThatOfAFitWithoutIt(_ rowCount: Int, _ columns: Int) throws {
        let pairs = rows(rowCount, columns, seed: 6)
        /// Weights of some rows, with the penalty of all.
        func fit(_ rows: DenseRows) throws -> (weights: [Double], inverse: ShrunkInverse) {
            let penalty = 0.3 * Double(rowCount) / Double(rows.rowCount)
            let inverse = try ShrunkInverse(rows, moment: rows.smallerMoment(), a: 1, b: penalty)
            let one = Array(repeating: 1 / Double(rows.rowCount), count: rows.rowCount)
            return (inverse.times(rows.transposeTimes(one)), inverse)
        }
        let all = DenseRows(pairs)
        let (weights, inverse) = try fit(all)
        let groups = (0..<rowCount).map { ($0 * $0) % rowCount / 3 }
        let left = try inverse.leavingOut(groups, of: all.times(weights).map { 1 - $0 })
        for row in 0..<rowCount {
            let others = try fit(DenseRows(pairs.filter { groups[$0] != groups[row] })).weights
            #expect(abs(left[row] - (1 - dot(others, pairs[row].map { Double($0) }))) < 1e-9)
        }
    }

    @Test func aMatrixThatIsNotPositiveHasNoInverse() {
        let rows = DenseRows(rows(4, 9, seed: 5))
        #expect(throws: DirectionError.notFinite) {
            try ShrunkInverse(rows, moment: rows.smallerMoment(), a: -1, b: 1e-3)
        }
    }
}
