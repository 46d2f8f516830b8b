/// What a tensor's numbers are: the types of https://github.com/huggingface/safetensors#format, little-endian.
package enum ElementType: String, CaseIterable, Hashable, Sendable {
    case bool = "BOOL"
    case u8 = "U8"
    case i8 = "I8"
    case i16 = "I16"
    case u16 = "U16"
    case i32 = "I32"
    case u32 = "U32"
    case i64 = "I64"
    case u64 = "U64"
    case f16 = "F16"
    case bf16 = "BF16"
    case f32 = "F32"
    case f64 = "F64"

    /// Four bits of exponent, no infinities: E4M3FN of https://arxiv.org/abs/2209.05433.
    case f8E4M3 = "F8_E4M3"

    /// Five bits of exponent, as in F16.
    case f8E5M2 = "F8_E5M2"

    package var byteCount: Int {
        switch self {
        case .bool, .u8, .i8, .f8E4M3, .f8E5M2: 1
        case .i16, .u16, .f16, .bf16: 2
        case .i32, .u32, .f32: 4
        case .i64, .u64, .f64: 8
        }
    }
}

extension ElementType {
    /// The numbers in a tensor's bytes. All types of at most 32 bits are exact; F64 is rounded to the nearest, ties to even.
    ///
    /// - Parameter bytes: whole elements.
    /// - Throws: `SafetensorsError` where the type is one of integers or truth values, whose meaning is not a number's size,
    ///   or a finite F64 is beyond the largest float.
    func floats(_ bytes: ArraySlice<UInt8>) throws(SafetensorsError) -> [Float] {
        switch self {
        case .f8E4M3: return bytes.map(Self.f8E4M3)
        case .f8E5M2: return bytes.map { Self.f16(UInt16($0) << 8) }
        case .f16: return elements(of: bytes).map(Self.f16)
        case .bf16: return elements(of: bytes).map { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
        case .f32: return elements(of: bytes).map(Float.init(bitPattern:))
        case .f64:
            let values = elements(of: bytes).map(Double.init(bitPattern:))
            if let large = values.first(where: { $0.isFinite && !Float($0).isFinite }) {
                throw SafetensorsError("expected numbers that fit into F32, found \(large)")
            }
            return values.map(Float.init)
        case .bool, .u8, .i8, .i16, .u16, .i32, .u32, .i64, .u64:
            throw SafetensorsError("expected floating-point numbers, found \(rawValue)")
        }
    }

    private func elements<Bits: FixedWidthInteger>(of bytes: ArraySlice<UInt8>) -> [Bits] {
        bytes.withUnsafeBytes { raw in
            stride(from: 0, to: raw.count, by: byteCount).map {
                Bits(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: Bits.self))
            }
        }
    }

    /// IEEE 754's binary16. An F8_E5M2 is the upper half of one.
    private static func f16(_ bits: UInt16) -> Float {
        let (exponent, fraction) = (Int(bits >> 10 & 0x1F), UInt32(bits & 0x3FF))
        let sign = UInt32(bits & 0x8000) << 16
        if exponent == 0x1F { return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13) }
        return value(isNegative: sign != 0, exponent: exponent, bias: 15, fraction: fraction, fractionBits: 10)
    }

    private static func f8E4M3(_ bits: UInt8) -> Float {
        guard bits & 0x7F != 0x7F else {
            return Float(sign: bits & 0x80 == 0 ? .plus : .minus, exponent: 0, significand: .nan)
        }
        return value(
            isNegative: bits & 0x80 != 0, exponent: Int(bits >> 3 & 0xF), bias: 7, fraction: UInt32(bits & 7),
            fractionBits: 3)
    }

    /// A finite number. The exponent 0 is that of 1, and has no leading one.
    private static func value(
        isNegative: Bool, exponent: Int, bias: Int, fraction: UInt32, fractionBits: Int
    ) -> Float {
        let significand = exponent == 0 ? fraction : fraction | 1 << UInt32(fractionBits)
        let magnitude = Float(
            sign: .plus, exponent: max(exponent, 1) - bias - fractionBits, significand: Float(significand))
        return isNegative ? -magnitude : magnitude
    }
}
