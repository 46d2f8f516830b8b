import Margins
import SeededRandom
import Testing

@Suite struct ProjectionTests {
    @Test func aProjectionIsTheScalarProduct() {
        #expect(projection(of: [1, 2, 3] as [Float], on: [4, -5, 6] as [Float]) == 12)
        #expect(projection(of: [] as [Float], on: [] as [Float]) == 0)
    }

    @Test func aProjectionIsAccumulatedInDoublePrecision() {
        let embedding: [Float] = [16_777_216, 1, 1, 1, -16_777_216]
        #expect(projection(of: embedding, on: [1, 1, 1, 1, 1] as [Float]) == 3)
        // 4097² needs 25 bits: the products must be double as well.
        #expect(projection(of: [4097] as [Float], on: [4097] as [Float]) == 16_785_409)
    }

    /// Whole numbers: every product and sum is exact, so linearity must hold to the bit.
    @Test(arguments: 1...5 as ClosedRange<UInt64>) func aProjectionOfExactNumbersIsLinear(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func vector(upTo limit: Int) -> [Float] {
            (0..<65).map { _ in Float(Int.random(in: -limit...limit, using: &random)) }
        }
        let (left, right, unit) = (vector(upTo: 10_000), vector(upTo: 10_000), vector(upTo: 100_000))
        let combined = zip(left, right).map { 3 * $0 - 5 * $1 }
        #expect(
            projection(of: combined, on: unit) == 3 * projection(of: left, on: unit) - 5
                * projection(of: right, on: unit),
            "seed \(seed)")
    }

    /// `margin = (h(chosen) - h(rejected)) · u = score(chosen) - score(rejected)`, up to rounding.
    @Test func theMarginIsTheDifferenceOfTheScores() throws {
        var random = SeededGenerator(seed: 6)
        var largest = 0.0
        for _ in 0..<200 {
            let (chosen, rejected) = (random.floats(count: 576), random.floats(count: 576))
            let unit = try Direction(difference: random.floats(count: 576).map(Double.init)).unit
            let margin = zip(zip(chosen, rejected), unit).reduce(0.0) { sum, element in
                sum + (Double(element.0.0) - Double(element.0.1)) * Double(element.1)
            }
            let difference = projection(of: chosen, on: unit) - projection(of: rejected, on: unit)
            largest = max(largest, abs(margin - difference))
        }
        print("largest difference of margins: \(largest)")
        #expect(largest < 1e-12)
    }

    /// Parts of a packed tensor are projected without a copy.
    @Test func aSliceProjectsLikeAnArray() {
        let packed: [Float] = [9, 1, 2, 3, 9]
        let unit: [Float] = [7, 7, 0, 1, -1]
        #expect(
            projection(of: packed[1...3], on: unit[2...4])
                == projection(of: [1, 2, 3] as [Float], on: [0, 1, -1] as [Float]))
    }

    @Test func projectionsOnSeveralDirectionsAreThoseOnEach() {
        #expect(projections(of: [1, 2, 3] as [Float], on: [4, -5, 6, 0, 0, 1]) == [12, 3])
        #expect(projections(of: [1, 2, 3] as [Float], on: []) == [])
    }
}
