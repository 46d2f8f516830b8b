import Margins
import SeededRandom
import Testing

@Suite struct DirectionTests {
    @Test func theDirectionIsTheMeanDifferenceFromHarmfulToHarmless() throws {
        var accumulator = DirectionAccumulator(hiddenSize: 3)
        accumulator.add(harmless: [1, 2, 3], harmful: [0, 4, 3])
        accumulator.add(harmless: [5, -2, 0], harmful: [2, 0, 0])
        #expect(accumulator.count == 2)
        #expect(try accumulator.direction().difference == [2, -2, 0])
    }

    @Test func aSaferResponseProjectsHigher() throws {
        var accumulator = DirectionAccumulator(hiddenSize: 2)
        accumulator.add(harmless: [3, 4], harmful: [0, 0])
        let unit = try accumulator.direction().unit
        #expect(projection(of: [3, 4] as [Float], on: unit) > projection(of: [0, 0] as [Float], on: unit))
    }

    /// In single precision the ones vanish beside 2^24, and the sums beside 2^53 would in another order.
    @Test func theMeanIsAccumulatedInDoublePrecision() throws {
        var accumulator = DirectionAccumulator(hiddenSize: 2)
        accumulator.add(harmless: [16_777_216, 0], harmful: [0, 0])
        for _ in 0..<7 { accumulator.add(harmless: [1, 0], harmful: [0, 0]) }
        #expect(try accumulator.direction().difference == [16_777_223.0 / 8, 0])
    }

    /// 2^24 + 1 is no Float: the difference itself must be taken in double precision.
    @Test func eachDifferenceIsTakenInDoublePrecision() throws {
        var accumulator = DirectionAccumulator(hiddenSize: 1)
        accumulator.add(harmless: [16_777_216], harmful: [-1])
        #expect(try accumulator.direction().difference == [16_777_217])
    }

    /// Whole numbers of 2^-10, whose sums are exact in integers and in double precision.
    @Test(arguments: 1...5 as ClosedRange<UInt64>) func theMeanOfExactNumbersIsExact(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let hiddenSize = 33
        let pairCount = 1024
        var sums = [Int](repeating: 0, count: hiddenSize)
        var accumulator = DirectionAccumulator(hiddenSize: hiddenSize)
        for _ in 0..<pairCount {
            let harmless = (0..<hiddenSize).map { _ in Int.random(in: -1_000_000...1_000_000, using: &random) }
            let harmful = (0..<hiddenSize).map { _ in Int.random(in: -1_000_000...1_000_000, using: &random) }
            for index in sums.indices { sums[index] += harmless[index] - harmful[index] }
            accumulator.add(harmless: harmless.map { Float($0) / 1024 }, harmful: harmful.map { Float($0) / 1024 })
        }
        let expected = sums.map { Double($0) / 1024 / Double(pairCount) }
        #expect(try accumulator.direction().difference == expected, "seed \(seed)")
    }

    @Test func exchangingTheSidesTurnsTheDirectionAround() throws {
        var random = SeededGenerator(seed: 3)
        var forward = DirectionAccumulator(hiddenSize: 16)
        var backward = DirectionAccumulator(hiddenSize: 16)
        for _ in 0..<10 {
            let (harmless, harmful) = (random.floats(count: 16), random.floats(count: 16))
            forward.add(harmless: harmless, harmful: harmful)
            backward.add(harmless: harmful, harmful: harmless)
        }
        #expect(try forward.direction().difference == backward.direction().difference.map { -$0 })
    }

    @Test func theSamePairsInTheSameOrderGiveTheSameBits() throws {
        func fit() throws -> Direction {
            var random = SeededGenerator(seed: 4)
            var accumulator = DirectionAccumulator(hiddenSize: 64)
            for _ in 0..<100 { accumulator.add(harmless: random.floats(count: 64), harmful: random.floats(count: 64)) }
            return try accumulator.direction()
        }
        #expect(try fit() == fit())
    }

    @Test func theNormIsEuclideanAndTheUnitHasNormOne() throws {
        let direction = try Direction(difference: [3, -4])
        #expect(direction.norm == 5)
        #expect(direction.unit == [0.6, -0.8])

        var random = SeededGenerator(seed: 5)
        let unit = try Direction(difference: random.floats(count: 576).map { Double($0) * 1e-20 }).unit
        let deviation = abs(unit.reduce(0) { $0 + Double($1) * Double($1) } - 1)
        print("the unit's squared norm differs from 1 by \(deviation)")
        #expect(deviation < 1e-6)
    }

    @Test func withoutAnchorsThereIsNoDirection() {
        #expect(throws: DirectionError.noAnchors) { try DirectionAccumulator(hiddenSize: 4).direction() }
    }

    @Test func anchorsThatCancelOutGiveNoDirection() {
        var accumulator = DirectionAccumulator(hiddenSize: 2)
        accumulator.add(harmless: [1, 2], harmful: [3, 4])
        accumulator.add(harmless: [3, 4], harmful: [1, 2])
        #expect(throws: DirectionError.zero) { try accumulator.direction() }
        #expect(throws: DirectionError.zero) { try Direction(difference: [0, -0.0]) }
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity]) func anEmbeddingThatIsNotFiniteGivesNoDirection(_ value: Float)
    {
        var harmless = DirectionAccumulator(hiddenSize: 2)
        harmless.add(harmless: [1, value], harmful: [0, 0])
        #expect(throws: DirectionError.notFinite) { try harmless.direction() }

        var harmful = DirectionAccumulator(hiddenSize: 2)
        harmful.add(harmless: [1, 1], harmful: [value, 0])
        harmful.add(harmless: [1, 1], harmful: [0, 0])
        #expect(throws: DirectionError.notFinite) { try harmful.direction() }
    }

    @Test func theLargestAndTheLeastFloatsGiveADirection() throws {
        for magnitude in [Float.greatestFiniteMagnitude, .leastNonzeroMagnitude] {
            var accumulator = DirectionAccumulator(hiddenSize: 2)
            accumulator.add(harmless: [magnitude, 0], harmful: [-magnitude, 0])
            #expect(try accumulator.direction().unit == [1, 0])
        }
    }

    @Test func everyErrorSaysWhatIsWrong() {
        let descriptions = [DirectionError.noAnchors, .zero, .notFinite].map(\.description)
        #expect(descriptions.allSatisfy { $0.contains("anchor") })
        #expect(Set(descriptions).count == 3)
    }
}
