import ModelFiles

/// The block formats value by value, as their definitions say.
struct BlockDefinition {
    /// Types whose values are written down here: all but those that number the points of a grid, which is a table.
    static let types = TensorType.allCases.filter { type in
        switch type {
        case .iq1_s, .iq1_m, .iq2_xxs, .iq2_xs, .iq2_s, .iq3_xxs, .iq3_s: false
        default: true
        }
    }

    let type: TensorType
    let block: [UInt8]

    /// Value `index` of the block; nil for a type that is not among `types`.
    func value(_ index: Int) -> Float? {
        switch type {
        case .f32: Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(block[$1]) << UInt32(8 * $1) })
        case .f16: half(at: 0)
        case .bf16: Float(bitPattern: UInt32(block[0]) << 16 | UInt32(block[1]) << 24)
        case .q4_0: half(at: 0) * Float(nibble(index, at: 2) - 8)
        case .q4_1: half(at: 0) * Float(nibble(index, at: 4)) + half(at: 2)
        case .q5_0: half(at: 0) * Float(nibble(index, at: 6) + 16 * bits(1, index, at: 2) - 16)
        case .q5_1: half(at: 0) * Float(nibble(index, at: 8) + 16 * bits(1, index, at: 4)) + half(at: 2)
        case .q8_0: half(at: 0) * Float(Int8(bitPattern: block[2 + index]))
        case .q1_0: bits(1, index, at: 2) == 1 ? half(at: 0) : -half(at: 0)
        case .q2_0: half(at: 0) * Float(bits(2, index, at: 2) - 1)
        case .mxfp4: power(Int(block[0]) - 128) * doubledE2M1(nibble(index, at: 1))
        case .nvfp4: halfOfE4M3(block[index / 16]) * doubledE2M1(nibble(index % 16, of: 16, at: 4 + index / 16 * 8))
        case .q2_K, .q3_K, .q4_K, .q5_K, .q6_K: superBlockValue(index)
        case .tq1_0: half(at: 52) * Float(ternaryDigit(index) - 1)
        case .tq2_0: half(at: 64) * Float(pair(index, at: 0) - 1)
        case .iq4_nl: half(at: 0) * uneven(nibble(index, at: 2))
        case .iq4_xs:
            half(at: 0) * Float(bits(4, index / 32, at: 4) + 16 * bits(2, index / 32, at: 2) - 32)
                * uneven(nibble(index % 32, at: 8 + index / 32 * 16))
        case .iq1_s, .iq1_m, .iq2_xxs, .iq2_xs, .iq2_s, .iq3_xxs, .iq3_s: nil
        }
    }

    /// Value `index` of a super-block of 256 with scales, and perhaps minima, of their own for 16 or 32 values.
    private func superBlockValue(_ index: Int) -> Float {
        let (run, part) = (index / 32, index / 16)
        switch type {
        case .q2_K:
            let (scale, minimum) = (Float(block[part] % 16), Float(block[part] / 16))
            return half(at: 80) * scale * Float(pair(index, at: 16)) - half(at: 82) * minimum
        case .q3_K:
            let low = Int(block[96 + part % 8]) >> (part / 8 * 4) & 15
            let scale = low + 16 * (Int(block[104 + part % 4]) >> (part / 4 * 2) & 3) - 32
            let isLess = Int(block[index % 32]) >> run & 1 == 0
            return half(at: 108) * Float(scale) * Float(pair(index, at: 32) - (isLess ? 4 : 0))
        case .q4_K, .q5_K:
            let (scale, minimum) = scaleAndMinimum(run)
            let nibbles = type == .q4_K ? 16 : 48
            var value = Int(block[nibbles + index / 64 * 32 + index % 32]) >> (run % 2 * 4) & 15
            if type == .q5_K { value += 16 * (Int(block[16 + index % 32]) >> run & 1) }
            return half(at: 0) * Float(scale) * Float(value) - half(at: 2) * Float(minimum)
        default:
            let inHalf = index % 128
            let low = Int(block[index / 128 * 64 + inHalf % 64]) >> (inHalf < 64 ? 0 : 4) & 15
            let high = Int(block[128 + index / 128 * 32 + index % 32]) >> (inHalf / 32 * 2) & 3
            let scale = Int8(bitPattern: block[192 + part])
            return half(at: 208) * Float(scale) * Float(low + 16 * high - 32)
        }
    }

    // MARK: Integers

    /// Integer `index` of `width` bits each, packed lowest first from byte `offset` on; none crosses a byte.
    private func bits(_ width: Int, _ index: Int, at offset: Int) -> Int {
        Int(block[offset + index * width / 8]) >> (index * width % 8) & ((1 << width) - 1)
    }

    /// Value `index` of `count` nibbles in half as many bytes: all low halves, then all high halves.
    private func nibble(_ index: Int, of count: Int = 32, at offset: Int) -> Int {
        Int(block[offset + index % (count / 2)]) >> (index < count / 2 ? 0 : 4) & 15
    }

    /// Value `index` of 256 integers of two bits: each 32 bytes have four runs of 32.
    private func pair(_ index: Int, at offset: Int) -> Int {
        Int(block[offset + index / 128 * 32 + index % 32]) >> (index / 32 % 4 * 2) & 3
    }

    /// Six-bit scale and minimum `run` of 8, packed in 12 bytes.
    private func scaleAndMinimum(_ run: Int) -> (Int, Int) {
        let bytes = block[4..<16].map(Int.init)
        guard run >= 4 else { return (bytes[run] % 64, bytes[run + 4] % 64) }
        return (bytes[run + 4] % 16 + bytes[run - 4] / 64 * 16, bytes[run + 4] / 16 + bytes[run] / 64 * 16)
    }

    /// Value `index` of 256 digits in base 3, five in a byte (32 bytes, then 16) and at last four (4 bytes). A byte is
    /// a fraction, its first digit the first after the point; a byte's digits are 32, 16 or 4 values apart.
    private func ternaryDigit(_ index: Int) -> Int {
        let (byte, digit) =
            switch index {
            case ..<160: (index % 32, index / 32)
            case ..<240: (32 + index % 16, (index - 160) / 16)
            default: (48 + index % 4, (index - 240) / 4)
            }
        var fraction = Int(block[byte])
        for _ in 0..<digit { fraction = fraction * 3 % 256 }
        return fraction * 3 / 256
    }

    // MARK: Numbers

    private func half(at offset: Int) -> Float { Self.half(UInt16(block[offset]) | UInt16(block[offset + 1]) << 8) }

    /// IEEE 754 binary16 by its definition: sign, 5 bits of exponent, 10 of fraction.
    static func half(_ pattern: UInt16) -> Float {
        let exponent = Int(pattern >> 10 & 31)
        let fraction = Float(pattern & 1023) / 1024
        let magnitude: Float =
            switch exponent {
            case 0: fraction * Float(sign: .plus, exponent: -14, significand: 1)
            case 31: fraction == 0 ? .infinity : .nan
            default: Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction)
            }
        return pattern & 0x8000 == 0 ? magnitude : -magnitude
    }

    private func power(_ exponent: Int) -> Float { Float(sign: .plus, exponent: exponent, significand: 1) }

    /// Twice a number with a sign, two bits of exponent and one of fraction.
    private func doubledE2M1(_ code: Int) -> Float {
        let (exponent, fraction) = (code >> 1 & 3, Float(code & 1))
        let magnitude = exponent == 0 ? fraction : power(exponent) * (1 + fraction / 2)
        return code < 8 || magnitude == 0 ? magnitude : -magnitude
    }

    /// Half of a number with four bits of exponent and three of fraction, without a sign.
    private func halfOfE4M3(_ code: UInt8) -> Float {
        let (exponent, fraction) = (Int(code >> 3 & 15), Float(code & 7) / 8)
        guard code != 0x7F else { return 0 }
        return exponent == 0 ? power(-7) * fraction : power(exponent - 8) * (1 + fraction)
    }

    /// What a code of iq4_nl and iq4_xs stands for.
    private func uneven(_ code: Int) -> Float {
        [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113][code]
    }
}
