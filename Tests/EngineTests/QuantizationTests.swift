import Engine
import Foundation
import GGUFFixtures
import ModelFiles
import SeededRandom
import TestEnvironment
import Testing

/// The block formats, against a decoder written value by value from their definition.
struct QuantizationTests {
    @Test(arguments: BlockDefinition.types) func randomBlocksDecodeAsDefined(_ type: TensorType) throws {
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
            let expected = try #require(BlockDefinition(type: type, block: block).value(index % type.blockLength))
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
            let expected = BlockDefinition.half(UInt16(pattern))
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

    @Test func ternaryAndUnevenBlocksOfScaleOneAreTheirIntegers() throws {
        let one: [UInt8] = [0x00, 0x3C]
        let runs = { (values: [Float]) in values.flatMap { [Float](repeating: $0, count: 32) } }
        #expect(
            try Self.decode(.q1_0, one + [UInt8](repeating: 0b0000_1111, count: 16)).prefix(8) == [
                1, 1, 1, 1, -1, -1, -1, -1,
            ])
        #expect(try Self.decode(.q2_0, one + [UInt8](repeating: 0b11_10_01_00, count: 16)).prefix(4) == [-1, 0, 1, 2])
        #expect(
            try Self.decode(.tq2_0, [UInt8](repeating: 0b11_10_01_00, count: 64) + one)
                == runs([-1, 0, 1, 2, -1, 0, 1, 2]))
        // 0.20121 in base 3 is 178 / 243; 188 / 256 is the next fraction above it.
        let digits: [Float] = [1, -1, 0, 1, 0]
        let ternary = try Self.decode(.tq1_0, [UInt8](repeating: 188, count: 52) + one)
        #expect(Array(ternary.prefix(160)) == runs(digits))
        #expect(Array(ternary.suffix(16)) == digits.prefix(4).flatMap { [Float](repeating: $0, count: 4) })
        let ramp = (0..<16).map { UInt8($0 | (15 - $0) << 4) }
        let uneven: [Float] = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]
        #expect(try Self.decode(.iq4_nl, one + ramp) == uneven + uneven.reversed())
    }

    @Test func fourBitFloatsAreThoseOfTheirFormats() throws {
        let ramp = (0..<16).map { UInt8($0 | (15 - $0) << 4) }
        let numbers: [Float] = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
        let codes = numbers + numbers.map { -$0 }
        // E8M0: 127 is 1, 0 is 2^-127. E4M3: 0x38 is 1, 1 is 2^-9, 0x7E is 448.
        #expect(try Self.decode(.mxfp4, [127] + ramp) == codes + codes.reversed())
        #expect(try Self.decode(.mxfp4, [0] + ramp).prefix(16) == codes.map { $0 * 0x1p-127 }[...])
        let halves = (0..<8).map { UInt8($0 | ($0 + 8) << 4) }
        let scaled: [Float] = [1, 0x1p-9, 448, 0]
        #expect(
            try Self.decode(.nvfp4, [0x38, 1, 0x7E, 0x7F] + halves + halves + halves + halves)
                == scaled.flatMap { scale in codes.map { $0 * scale } })
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

    // MARK: Helpers

    private static func tensor(_ type: TensorType, shape: [Int], _ bytes: [UInt8]) throws -> ModelTensor {
        var builder = GGUFBuilder()
        builder.addTensor("t", type: type, shape: shape, bytes: bytes)
        return try GGUFFile(bytes: builder.build()).tensor("t", shape: shape)
    }

    private static func decode(_ type: TensorType, _ block: [UInt8]) throws -> [Float] {
        try tensor(type, shape: [type.blockLength], block).dequantized()
    }
}
