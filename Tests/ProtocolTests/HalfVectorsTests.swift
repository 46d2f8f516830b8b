import Protocol
import SeededRandom
import Testing

@Suite struct HalfVectorsTests {
    private func vector(_ elements: [UInt16], exponent: Int8 = 0) -> [Float] {
        let bytes = elements.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        return HalfVectors.vector(bytes[...], scale: HalfVectors.scale(exponent))
    }

    private func encoded(_ values: Float...) -> HalfVectors {
        var vectors = HalfVectors()
        vectors.append(values)
        return vectors
    }

    /// What IEEE 754 says a binary16 is, worked out without any conversion of the language.
    private func value(_ bits: UInt16) -> Double {
        let (exponent, fraction) = (Int(bits >> 10 & 31), Double(bits & 1023))
        let magnitude =
            exponent == 0
            ? fraction * 0x1p-24 : (1024 + fraction) * Double(sign: .plus, exponent: exponent - 25, significand: 1)
        return bits & 0x8000 == 0 ? magnitude : -magnitude
    }

    private static let finite = (0...UInt16.max).filter { $0 & 0x7C00 != 0x7C00 }

    @Test func everyFinitePatternIsReadExactly() {
        #expect(Self.finite.count == 63_488)
        let read = vector(Self.finite)
        for (bits, number) in zip(Self.finite, read) {
            guard Double(number) == value(bits), (number.sign == .minus) == (bits & 0x8000 != 0) else {
                return #expect(Bool(false), "\(bits): \(number), expected \(value(bits))")
            }
        }
        #expect(vector([0x3C00, 0xBC00], exponent: -126) == [0x1p-126, -0x1p-126])
        #expect(vector([0x7BFF], exponent: 113) == [65504 * 0x1p113])
    }

    /// Beside each pattern comes its neighbour's middle, and the numbers just off it, which must not go there.
    @Test func everyNumberGoesToTheNearestPatternAndTiesToTheEvenOne() {
        for bits in Self.finite where bits < 0x7BFF {
            let (low, high) = (value(bits), value(bits + 1))
            let middle = Float((low + high) / 2)  // exact: one digit more
            // 1 beside it keeps the vector's exponent at 0.
            let vectors = encoded(Float(low), middle.nextDown, middle, middle.nextUp, -middle, 1)
            let even = bits.isMultiple(of: 2) ? bits : bits + 1
            guard vectors.elements == [bits, bits, even, bits + 1, even | 0x8000, 0x3C00], vectors.exponents == [0]
            else { return #expect(Bool(false), "\(bits): \(vectors.elements)") }
        }
        #expect(encoded(0, -0.0).elements == [0, 0x8000])
    }

    @Test(arguments: [65504.0, 0x1p-4, 1, 0] as [Float]) func aVectorWithinRangeIsNotScaled(_ largest: Float) {
        #expect(encoded(0, -largest).exponents == [0])
    }

    @Test(
        arguments: [
            (Float(65504).nextUp, 1), (65520, 1), (65536, 2), (1e6, 5), (65504 * 0x1p112, 113),
            (Float(0x1p-4).nextDown, -19), (1e-6, -34), (.leastNormalMagnitude, -126), (.leastNonzeroMagnitude, -126),
        ] as [(Float, Int8)])
    func aVectorOutOfRangeIsScaledByAPowerOfTwo(_ largest: Float, _ exponent: Int8) {
        for sign: Float in [1, -1] {
            let vectors = encoded(largest * sign, largest / 2, 0)
            #expect(vectors.exponents == [exponent])
            let read = vector(vectors.elements, exponent: exponent)
            // The smallest of all have no room for a larger exponent.
            let tolerance = largest < 0x1p-140 ? .infinity : largest * 0x1p-11
            #expect(abs(read[0] - largest * sign) <= tolerance && abs(read[1] - largest / 2) <= tolerance)
            #expect(read.allSatisfy { $0.isFinite })
        }
    }

    @Test func roundingIsAtMostHalfAUnitOfTheLastPlace() {
        var random = SeededGenerator(seed: 8)
        for round in 0..<2000 {
            let scale = Float(sign: .plus, exponent: Int.random(in: -90...90, using: &random), significand: 1)
            let values = (0..<9).map { _ in Float.random(in: -1...1, using: &random) * scale }
            var vectors = HalfVectors()
            vectors.append(values)
            let largest = values.map(abs).max()!
            for (read, value) in zip(vector(vectors.elements, exponent: vectors.exponents[0]), values) {
                let bound = max(abs(value) * 0x1p-11, largest * 0x1p-20)
                #expect(abs(read - value) <= bound, "round \(round)")
            }
        }
    }

    @Test(arguments: [.infinity, -.infinity, .nan, .signalingNaN, .greatestFiniteMagnitude] as [Float])
    func aVectorThatIsNotFiniteIsMarkedAndNeverStored(_ value: Float) {
        for position in 0..<3 {
            var values: [Float] = [1, 2, 3]
            values[position] = value
            var vectors = HalfVectors()
            vectors.append(values)
            vectors.append([4] as [Float])
            #expect(vectors.exponents == [HalfVectors.notFinite, 0] && vectors.elements == [0, 0, 0, 0x4400])
        }
        #expect(HalfVectors.scale(HalfVectors.notFinite).isNaN)
    }
}
