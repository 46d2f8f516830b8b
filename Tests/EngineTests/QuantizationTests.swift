import Engine
import Foundation
import GGUFFixtures
import ModelFiles
import SeededRandom
import TestEnvironment
import Testing

/// The block formats, against a decoder written value by value from their definition.
struct QuantizationTests {
    @Test(arguments: TensorType.allCases) func randomBlocksDecodeAsDefined(_ type: TensorType) throws {
        var random = SeededGenerator(seed: UInt64(type.rawValue))
        let rows = 64
        let blocksPerRow = 3
        let bytes = random.bytes(rows * blocksPerRow * type.blockBytes)
        let tensor = try Self.tensor(type, shape: [rows, blocksPerRow * type.blockLength], bytes)
        let values = tensor.dequantized()
        try #require(values.count == rows * blocksPerRow * type.blockLength)
        for (index, value) in values.enumerated() {
            let start = index / type.blockLength * type.blockBytes
            let block = Array(bytes[start..<(start + type.blockBytes)])
            let expected = Self.value(index % type.blockLength, of: block, type)
            guard value.bitPattern != expected.bitPattern, !(value.isNaN && expected.isNaN) else { continue }
            Issue.record("\(type) value \(index): expected \(expected), found \(value)")
            return
        }
        // Rows on their own are the same rows.
        var row = [Float](repeating: 0, count: tensor.rowLength)
        for index in [0, 1, rows - 1] {
            row.withUnsafeMutableBufferPointer { tensor.dequantize(rows: index..<(index + 1), into: $0) }
            let whole = values[(index * row.count)..<((index + 1) * row.count)]
            #expect(zip(row, whole).allSatisfy { $0.bitPattern == $1.bitPattern })
        }
    }

    @Test func everyHalfFloatWidensExactly() throws {
        let bytes = (0...UInt16.max).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        let values = try Self.tensor(.f16, shape: [256, 256], bytes).dequantized()
        for (pattern, value) in values.enumerated() {
            let expected = Self.half(UInt16(pattern))
            guard value.bitPattern != expected.bitPattern, !(value.isNaN && expected.isNaN) else { continue }
            Issue.record("half \(pattern): expected \(expected), found \(value)")
        }
    }

    @Test func knownBlocksHaveKnownValues() throws {
        let one: [UInt8] = [0x00, 0x3C]
        let minusTwo: [UInt8] = [0x00, 0xC0]
        let ramp = (0..<16).map { UInt8($0 | (15 - $0) << 4) }
        let up = (0..<16).map(Float.init)
        let down = (0..<16).map { Float(15 - $0) }
        #expect(try Self.decode(.q4_0, one + ramp) == (up + down).map { $0 - 8 })
        #expect(try Self.decode(.q4_1, one + minusTwo + ramp) == (up + down).map { $0 - 2 })
        // Fifth bits: set for the first half of the values, clear for the second.
        let fifth: [UInt8] = [0xFF, 0xFF, 0, 0]
        #expect(try Self.decode(.q5_0, one + fifth + ramp) == up + down.map { $0 - 16 })
        #expect(try Self.decode(.q5_1, one + minusTwo + fifth + ramp) == up.map { $0 + 14 } + down.map { $0 - 2 })
        let signed = (0..<32).map { UInt8(bitPattern: Int8($0 * 8 - 128)) }
        #expect(try Self.decode(.q8_0, minusTwo + signed) == (0..<32).map { Float($0 * -16 + 256) })
        #expect(try Self.decode(.bf16, [0x80, 0x3F]) == [1])
        #expect(try Self.decode(.f32, [0, 0, 0x80, 0xBF]) == [-1])
    }

    @Test func superBlocksOfScaleOneAreTheirIntegers() throws {
        let one: [UInt8] = [0x00, 0x3C]
        // All eight scales 1 and all eight minima 2: pairs 0–3 in the low six bits, pairs 4–7 as nibbles.
        let scales: [UInt8] = [1, 1, 1, 1, 2, 2, 2, 2, 0x21, 0x21, 0x21, 0x21]
        let nibbles = [UInt8](repeating: 0xA3, count: 128)
        let alternating = (0..<8).flatMap { [Float](repeating: $0 % 2 == 0 ? 1 : 8, count: 32) }
        #expect(try Self.decode(.q4_K, one + one + scales + nibbles) == alternating)
        let high = [UInt8](repeating: 0b1111_0000, count: 32)
        let raised = alternating.enumerated().map { $1 + ($0 < 128 ? 0 : 16) }
        #expect(try Self.decode(.q5_K, one + one + scales + high + nibbles) == raised)
        let sixBit = try Self.decode(
            .q6_K,
            [UInt8](repeating: 0x21, count: 128) + [UInt8](repeating: 0b11_10_01_00, count: 64)
                + [UInt8](repeating: 1, count: 16) + one)
        // Runs of 32: nibbles 1, 1, 2, 2 with high bits 0, 1, 2, 3.
        let runs: [Float] = [1 - 32, 17 - 32, 34 - 32, 50 - 32]
        let half: [Float] = runs.flatMap { [Float](repeating: $0, count: 32) }
        #expect(sixBit == half + half)
    }

    @Test(.needs(.model, ReferenceStates.states))
    func theModelsEmbeddingIsTheReferences() throws {
        let reference = try SafeTensors(path: ReferenceStates.states.path)
        let states = try #require(reference["0.last"])
        #expect(states.shape == [31, 576])
        let embeddings = try GGUFFile(path: TestData.model.path).tensor("token_embd.weight")
        // The first text is "Hello", the one token 19556.
        var row = [Float](repeating: 0, count: 576)
        row.withUnsafeMutableBufferPointer { embeddings.dequantize(rows: 19556..<19557, into: $0) }
        let worst = zip(row, states.values).map { abs($0 - $1) / max(abs($1), .leastNormalMagnitude) }.max() ?? .nan
        print("largest relative difference of an embedding from the reference: \(worst)")
        #expect(worst <= 1e-6)
    }

    // MARK: The definition

    /// Value `index` of a block.
    private static func value(_ index: Int, of block: [UInt8], _ type: TensorType) -> Float {
        func half(at offset: Int) -> Float { Self.half(UInt16(block[offset]) | UInt16(block[offset + 1]) << 8) }
        /// Value `index` of 32 nibbles in 16 bytes.
        func nibble(at offset: Int) -> Int { Int(block[offset + index % 16]) >> (index < 16 ? 0 : 4) & 15 }
        func bit(_ number: Int, at offset: Int) -> Int { Int(block[offset + number / 8]) >> (number % 8) & 1 }
        switch type {
        case .f32:
            return Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(block[$1]) << UInt32(8 * $1) })
        case .f16: return half(at: 0)
        case .bf16: return Float(bitPattern: UInt32(block[0]) << 16 | UInt32(block[1]) << 24)
        case .q4_0: return half(at: 0) * Float(nibble(at: 2) - 8)
        case .q4_1: return half(at: 0) * Float(nibble(at: 4)) + half(at: 2)
        case .q5_0: return half(at: 0) * Float(nibble(at: 6) + 16 * bit(index, at: 2) - 16)
        case .q5_1: return half(at: 0) * Float(nibble(at: 8) + 16 * bit(index, at: 4)) + half(at: 2)
        case .q8_0: return half(at: 0) * Float(Int8(bitPattern: block[2 + index]))
        case .q4_K, .q5_K:
            let run = index / 32
            let (scale, minimum) = scaleAndMinimum(run, Array(block[4..<16]))
            let nibbles = type == .q4_K ? 16 : 48
            var value = Int(block[nibbles + index / 64 * 32 + index % 32]) >> (run % 2 * 4) & 15
            if type == .q5_K { value += 16 * (Int(block[16 + index % 32]) >> run & 1) }
            return half(at: 0) * Float(scale) * Float(value) - half(at: 2) * Float(minimum)
        case .q6_K:
            let inHalf = index % 128
            let low = Int(block[index / 128 * 64 + inHalf % 64]) >> (inHalf < 64 ? 0 : 4) & 15
            let high = Int(block[128 + index / 128 * 32 + index % 32]) >> (inHalf / 32 * 2) & 3
            let scale = Int8(bitPattern: block[192 + index / 16])
            return half(at: 208) * Float(scale) * Float(low + 16 * high - 32)
        }
    }

    /// Six-bit scale and minimum `run` of 8, packed in 12 bytes.
    private static func scaleAndMinimum(_ run: Int, _ packed: [UInt8]) -> (Int, Int) {
        let bytes = packed.map(Int.init)
        guard run >= 4 else { return (bytes[run] % 64, bytes[run + 4] % 64) }
        return (bytes[run + 4] % 16 + bytes[run - 4] / 64 * 16, bytes[run + 4] / 16 + bytes[run] / 64 * 16)
    }

    /// IEEE 754 binary16 by its definition: sign, 5 bits of exponent, 10 of fraction.
    private static func half(_ pattern: UInt16) -> Float {
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

    // MARK: Helpers

    private static func tensor(_ type: TensorType, shape: [Int], _ bytes: [UInt8]) throws -> GGUFTensor {
        var builder = GGUFBuilder()
        builder.addTensor("t", type: type, shape: shape, bytes: bytes)
        return try GGUFFile(bytes: builder.build()).tensor("t", shape: shape)
    }

    private static func decode(_ type: TensorType, _ block: [UInt8]) throws -> [Float] {
        try tensor(type, shape: [type.blockLength], block).dequantized()
    }
}
