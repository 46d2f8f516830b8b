import SeededRandom
import Testing

@testable import Columnar

struct DecoderTests {
    @Test(arguments: [1, 2, 3, 7, 8, 9, 12, 17, 24, 31, 32]) func runsAndPackedNumbersComeBack(_ width: Int) throws {
        var random = SeededGenerator(seed: UInt64(width))
        for count in [0, 1, 7, 8, 9, 15, 16, 17, 100, 1000] {
            var numbers: [UInt32] = []
            while numbers.count < count {
                let value = UInt32(truncatingIfNeeded: random.next() >> UInt64(64 - width))
                let run = Bool.random(using: &random) ? 1 : Int.random(in: 1...40, using: &random)
                numbers += Array(repeating: value, count: min(run, count - numbers.count))
            }
            var bytes: [UInt8] = []
            RunLengthEncoder.append(numbers, width: width, to: &bytes)
            var decoder = try RunLengthDecoder(ByteReader(bytes), width: width)
            for number in numbers { #expect(try decoder.next() == number) }
        }
    }

    @Test func numbersOfNoBitsAreZeros() throws {
        var bytes: [UInt8] = []
        bytes.append(varint: 5 << 1)
        bytes.append(varint: 1 << 1 | 1)
        var decoder = try RunLengthDecoder(ByteReader(bytes), width: 0)
        for _ in 0..<13 { #expect(try decoder.next() == 0) }
        #expect(throws: ColumnarProblem.cutOff) { try decoder.next() }
    }

    @Test func levelsAreAtMostWhatTheColumnHas() throws {
        var bytes: [UInt8] = []
        RunLengthEncoder.append([0, 1, 2, 3] + Array(repeating: 3, count: 20), width: 2, to: &bytes)
        var levels = [UInt8](repeating: 9, count: 24)
        var decoder = try RunLengthDecoder(ByteReader(bytes), width: 2)
        try decoder.fill(&levels, count: 24, most: 3)
        #expect(levels == [0, 1, 2, 3] + Array(repeating: 3, count: 20))
        decoder = try RunLengthDecoder(ByteReader(bytes), width: 2)
        #expect(throws: ColumnarProblem.self) { try decoder.fill(&levels, count: 24, most: 2) }
    }

    /// The specification's own example: 7, 5, 3, 1, 2, 3, 4, 5 in a block of 128 with four parts.
    @Test func differencesAreAddedUp() throws {
        var bytes: [UInt8] = []
        for value: UInt64 in [128, 4, 8, 14] { bytes.append(varint: value) }
        bytes.append(3)  // -2, the least difference
        bytes += [2, 0, 0, 0]
        bytes += [0b1100_0000, 0b0011_1111, 0, 0, 0, 0, 0, 0]
        bytes += [99]
        var decoder = try DeltaDecoder(ByteReader(bytes))
        #expect(decoder.count == 8)
        #expect(try decoder.rest().remaining == 1)
        var found: [Int64] = []
        for _ in 0..<8 { found.append(try decoder.next()) }
        #expect(found == [7, 5, 3, 1, 2, 3, 4, 5])
        #expect(throws: ColumnarProblem.cutOff) { try decoder.next() }
    }

    @Test func differencesWrapAround() throws {
        var bytes: [UInt8] = []
        for value: UInt64 in [128, 4, 2] { bytes.append(varint: value) }
        bytes.append(varint: .max - 1)  // the greatest integer
        bytes.append(2)  // 1
        bytes += [0, 0, 0, 0]
        var decoder = try DeltaDecoder(ByteReader(bytes))
        #expect(try decoder.next() == .max)
        #expect(try decoder.next() == .min)
    }

    @Test(
        arguments: [
            [0, 4, 1, 0], [128, 0, 1, 0], [128, 3, 1, 0], [64, 4, 1, 0], [128, 4, 1 << 40, 0], [1 << 40, 1, 1, 0],
            [128, 4],
        ] as [[UInt64]]) func headersOfDifferencesAreChecked(_ numbers: [UInt64])
    {
        var bytes: [UInt8] = []
        for number in numbers { bytes.append(varint: number) }
        #expect(throws: ColumnarProblem.self) { try DeltaDecoder(ByteReader(bytes)) }
    }

    @Test func numbersOfVariableLengthHaveAtMost64Bits() throws {
        for value: UInt64 in [0, 127, 128, 1 << 62, .max] {
            var bytes: [UInt8] = []
            bytes.append(varint: value)
            var reader = ByteReader(bytes)
            #expect(try reader.varint() == value)
        }
        for bytes in [Array(repeating: 0x80, count: 10) + [0], Array(repeating: 0xFF, count: 9) + [2], [0x80]] {
            var reader = ByteReader(bytes.map { UInt8($0) })
            #expect(throws: ColumnarProblem.self) { try reader.varint() }
        }
    }

    @Test func bitsAreReadAcrossNineBytes() {
        var random = SeededGenerator(seed: 5)
        let bytes = random.bytes(20)
        func expected(_ bit: Int, _ width: Int) -> UInt64 {
            (0..<width).reduce(0) { value, index in
                let place = bit + index
                guard place / 8 < bytes.count else { return value }
                return value | UInt64(bytes[place / 8] >> UInt8(place % 8) & 1) << UInt64(index)
            }
        }
        for bit in 0..<160 {
            for width in 0...64 { #expect(bytes.bits(at: bit, width: width) == expected(bit, width)) }
        }
    }
}
