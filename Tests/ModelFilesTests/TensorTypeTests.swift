import GGUFFixtures
import ModelFiles
import Testing

/// Numbers and sizes, from the table GGML_QUANT_SIZES of the Python package gguf and from ggml.h.
struct TensorTypeTests {
    @Test(
        arguments: [
            (.f32, 0, 1, 4), (.f16, 1, 1, 2), (.bf16, 30, 1, 2),
            (.q4_0, 2, 32, 18), (.q4_1, 3, 32, 20), (.q5_0, 6, 32, 22), (.q5_1, 7, 32, 24), (.q8_0, 8, 32, 34),
            (.q2_K, 10, 256, 84), (.q3_K, 11, 256, 110), (.q4_K, 12, 256, 144), (.q5_K, 13, 256, 176),
            (.q6_K, 14, 256, 210),
            (.iq2_xxs, 16, 256, 66), (.iq2_xs, 17, 256, 74), (.iq3_xxs, 18, 256, 98), (.iq1_s, 19, 256, 50),
            (.iq4_nl, 20, 32, 18), (.iq3_s, 21, 256, 110), (.iq2_s, 22, 256, 82), (.iq4_xs, 23, 256, 136),
            (.iq1_m, 29, 256, 56),
            (.tq1_0, 34, 256, 54), (.tq2_0, 35, 256, 66), (.mxfp4, 39, 32, 17), (.nvfp4, 40, 64, 36),
            (.q1_0, 41, 128, 18), (.q2_0, 42, 64, 18),
        ] as [(TensorType, UInt32, Int, Int)])
    func everyTypeHasTheFormatsNumberAndSizes(_ type: TensorType, _ number: UInt32, _ values: Int, _ bytes: Int) {
        #expect(type.rawValue == number)
        #expect(type.blockLength == values)
        #expect(type.blockBytes == bytes)
    }

    /// Formats that are no more, those of activations, integers, float64, and a number that none has yet.
    @Test(arguments: [4, 5, 9, 15, 24, 25, 26, 27, 28, 31, 32, 33, 36, 37, 38, 43] as [UInt32])
    func aNumberOfNoWeightFormatIsRefused(_ number: UInt32) throws {
        var builder = GGUFBuilder()
        builder.addTensor("t", type: number, shape: [256], bytes: [UInt8](repeating: 0, count: 4096))
        let error = #expect(throws: ModelFileError.self) { try GGUFFile(bytes: builder.build()) }
        #expect(error?.description.hasSuffix("found \(number)") == true, "\(String(describing: error))")
    }
}
