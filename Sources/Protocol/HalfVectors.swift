/// Vectors in half precision (IEEE 754 binary16), each with a power of two of its own: a vector is
/// `elements * 2^exponent`.
///
/// The exponent is 0 wherever the vector's largest magnitude is within 1/16 and 65504, f16's greatest. Hidden states of
/// large models can be beyond, and f16 would make infinities of them; far below, it would lose digits. Elements are
/// rounded to the nearest, ties to even, and are always finite.
package struct HalfVectors: Hashable, Sendable {
    /// The bit patterns of all vectors' elements, one vector after another.
    package private(set) var elements: [UInt16] = []

    /// One for each vector.
    package private(set) var exponents: [Int8] = []

    /// Beyond this, a number of f32 could become infinite by rounding: it counts as such.
    private static let largest: Float = 65504 * 0x1p112

    /// The exponent that says that a number of the vector is infinite or none; its elements are zero then.
    package static let notFinite = Int8.max

    /// All that a finite vector can have.
    package static let exponents: ClosedRange<Int8> = -126...113

    package init() {}

    package mutating func append(_ vector: some Collection<Float>) {
        let largest = vector.reduce(0) { $1.isNaN || $0.isNaN ? .nan : max($0, abs($1)) }
        guard largest <= Self.largest else {
            exponents.append(Self.notFinite)
            elements.append(contentsOf: repeatElement(0, count: vector.count))
            return
        }
        let exponent = Self.exponent(largest: largest)
        let scale = Self.powerOfTwo(-exponent)
        exponents.append(exponent)
        elements.append(contentsOf: vector.lazy.map { Float16($0 * scale).bitPattern })
    }

    /// The vector's exponent that brings its largest magnitude to just below 2^15, where it is not well placed as it is.
    private static func exponent(largest: Float) -> Int8 {
        if largest == 0 || (0x1p-4...65504).contains(largest) { return 0 }
        return max(Int8(clamping: largest.exponent - 14), exponents.lowerBound)
    }

    /// What a vector's elements are multiplied by; NaN for one that is not finite.
    package static func scale(_ exponent: Int8) -> Float {
        exponent == notFinite ? .nan : powerOfTwo(exponent)
    }

    private static func powerOfTwo(_ exponent: Int8) -> Float {
        Float(sign: .plus, exponent: Int(exponent), significand: 1)
    }

    /// The vector whose elements these are, f16 little-endian: `bytes.count / 2` numbers.
    ///
    /// - Precondition: every element is finite.
    package static func vector(_ bytes: ArraySlice<UInt8>, scale: Float) -> [Float] {
        bytes.withUnsafeBytes { raw in
            (0..<raw.count / 2).map { index in
                let bits = UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
                // Moved to its place in f32, a magnitude is the f16's times 2^-112, subnormal or not.
                let magnitude = Float(bitPattern: UInt32(bits & 0x7FFF) << 13) * 0x1p112 * scale
                return bits & 0x8000 == 0 ? magnitude : -magnitude
            }
        }
    }
}
