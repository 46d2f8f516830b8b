import Testing

@testable import Safetensors

@Suite struct ElementTypeTests {
    private func file(_ type: ElementType, _ data: [UInt8]) throws -> TensorFile {
        let count = data.count / type.byteCount
        return try TensorFile(
            serialized: SafetensorsFile.bytes(
                #"{"a":{"dtype":"\#(type.rawValue)","shape":[\#(count)],"data_offsets":[0,\#(data.count)]}}"#,
                data: data))
    }

    private func values(_ type: ElementType, _ data: [UInt8]) throws -> [Float] {
        try #require(file(type, data).tensors["a"]).values
    }

    private func bytes(_ elements: [some FixedWidthInteger]) -> [UInt8] {
        elements.flatMap { element in withUnsafeBytes(of: element.littleEndian, Array.init) }
    }

    #if !(os(macOS) && arch(x86_64))
        @Test func everyHalfIsTheNumberThatItStandsFor() throws {
            let bits = Array(UInt16.min...UInt16.max)
            for (bits, value) in zip(bits, try values(.f16, bytes(bits))) {
                let expected = Float(Float16(bitPattern: bits))
                #expect(value.isNaN ? expected.isNaN : value.bitPattern == expected.bitPattern, "\(bits)")
            }
        }
    #endif

    @Test func everyBrainFloatIsTheUpperHalfOfAFloat() throws {
        let bits = Array(UInt16.min...UInt16.max)
        let read = try values(.bf16, bytes(bits)).map(\.bitPattern)
        #expect(read == bits.map { UInt32($0) << 16 })
    }

    /// Table 1 of https://arxiv.org/abs/2209.05433.
    @Test func floatsOfEightBitsHaveTheValuesOfTheirTable() throws {
        let e4m3 = try values(.f8E4M3, [0x00, 0x80, 0x01, 0x07, 0x08, 0x38, 0x7E, 0xFE, 0x7F, 0xFF])
        #expect(e4m3.prefix(8) == [0, -0.0, 0x1p-9, 0x1.Cp-7, 0x1p-6, 1, 448, -448])
        #expect(e4m3[1].sign == .minus && e4m3[8].isNaN && e4m3[9].isNaN)
        let e5m2 = try values(.f8E5M2, [0x00, 0x01, 0x03, 0x04, 0x3C, 0x7B, 0xFB, 0x7C, 0xFC, 0x7D])
        #expect(e5m2.prefix(9) == [0, 0x1p-16, 0x1.8p-15, 0x1p-14, 1, 57344, -57344, .infinity, -.infinity])
        #expect(e5m2[9].isNaN)
    }

    @Test func everyFloatOfEightBitsIsAboveTheOneBefore() throws {
        for (type, last) in [(ElementType.f8E4M3, UInt8(0x7E)), (.f8E5M2, 0x7C)] {
            let read = try values(type, Array(0...last))
            #expect(zip(read, read.dropFirst()).allSatisfy { $0 < $1 }, "\(type)")
        }
    }

    @Test func doublesAreRoundedToTheNearestFloat() throws {
        let doubles = [1, 1 + 0x1p-25, -0x1p-149, .infinity, Double(Float.greatestFiniteMagnitude)]
        #expect(
            try values(.f64, bytes(doubles.map(\.bitPattern)))
                == [1, 1, -.leastNonzeroMagnitude, .infinity, .greatestFiniteMagnitude])
        #expect(try values(.f64, bytes([Double.nan.bitPattern]))[0].isNaN)
    }

    @Test func aDoubleBeyondAllFloatsIsAnError() {
        let error = #expect(throws: SafetensorsError.self) { try file(.f64, bytes([Double(1e39).bitPattern])) }
        #expect(
            error?.description
                == "not a usable safetensors file: tensor \"a\": expected numbers that fit into F32, found 1e+39")
    }

    @Test(arguments: [ElementType.bool, .u8, .i8, .i16, .u16, .i32, .u32, .i64, .u64])
    func integersAreNotReadAsFloats(_ type: ElementType) {
        let error = #expect(throws: SafetensorsError.self) { try file(type, Array(repeating: 1, count: 16)) }
        #expect(
            error?.description == """
                not a usable safetensors file: tensor "a": expected floating-point numbers, found \(type.rawValue)
                """)
    }

    @Test(arguments: ElementType.allCases) func theHeaderHasEveryElementType(_ type: ElementType) throws {
        var header = SafetensorsHeader(metadata: [:])
        header.append("a", type, shape: [3, 2])
        let bytes = try header.serialized()
        #expect(try SafetensorsHeader(serialized: bytes[...], dataBytes: 6 * type.byteCount) == header)
        #expect(throws: SafetensorsError.self) {
            try SafetensorsHeader(serialized: bytes[...], dataBytes: 6 * type.byteCount - 1)
        }
    }
}
