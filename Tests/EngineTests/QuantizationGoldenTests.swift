import Engine
import GGUFFixtures
import ModelFiles
import SeededRandom
import Testing

/// The block formats against the numbers of their reference implementations.
///
/// They were computed with the decoders of the Python package gguf 0.19.0, those of q1_0 and q2_0, which it does not
/// have, with ggml 0.20.2. To the bit, but that all NaNs are one.
struct QuantizationGoldenTests {
    /// FNV-1a of the values' bit patterns, of so many blocks of pseudo-random bytes that they name every point of a
    /// grid and every scale of one byte.
    @Test(
        arguments: [
            (.q4_0, 0xEB58_310A_CBE3_3325),
            (.q4_1, 0xC71D_86AC_A186_B687),
            (.q5_0, 0xD350_F60C_9F27_2D25),
            (.q5_1, 0x7CC2_3044_59D9_4DF0),
            (.q8_0, 0xA154_7AE0_517C_01E5),
            (.q2_K, 0x8293_89F4_7E4A_94B9),
            (.q3_K, 0xC3E3_0F8F_947C_A7E5),
            (.q4_K, 0xFF8C_3F97_7963_E889),
            (.q5_K, 0x05DB_272F_2AB1_9A3B),
            (.q6_K, 0xDA6B_E5E0_F3D8_13F3),
            (.iq2_xxs, 0x999D_B1C9_5E4F_C56D),
            (.iq2_xs, 0x7E2F_4CD8_0FB8_6F59),
            (.iq3_xxs, 0x94A0_9FC0_68C3_FFCD),
            (.iq1_s, 0x2942_CFEB_EEF7_23E5),
            (.iq4_nl, 0x7DFC_DC1F_16EB_2A25),
            (.iq3_s, 0x768F_9C02_CF0D_7DB5),
            (.iq2_s, 0xEAF1_DDD1_1E92_4D0D),
            (.iq4_xs, 0x0626_D679_B71C_F3A9),
            (.iq1_m, 0x89EF_EC52_06DB_C285),
            (.tq1_0, 0x9FA4_611A_430D_4325),
            (.tq2_0, 0x8179_79FC_F36F_4325),
            (.mxfp4, 0xF760_D1E8_538A_2325),
            (.nvfp4, 0xA4F8_B04A_9F42_2325),
            (.q1_0, 0x11CB_E364_3744_E325),
            (.q2_0, 0xF847_6F01_E846_4325),
        ] as [(TensorType, UInt64)])
    func randomBlocksDecodeAsInTheReference(_ type: TensorType, _ expected: UInt64) throws {
        var random = SeededGenerator(seed: UInt64(type.rawValue))
        let count = Self.blockCount(type)
        let bytes = (0..<(count * type.blockBytes)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let digest = try decode(type, bytes).reduce(0xCBF2_9CE4_8422_2325 as UInt64) { digest, value in
            let pattern = value.isNaN ? 0x7FC0_0000 : value.bitPattern
            return (digest ^ UInt64(pattern)) &* 0x100_0000_01B3
        }
        #expect(digest == expected)
    }

    private static func blockCount(_ type: TensorType) -> Int {
        switch type {
        case .iq1_s, .iq1_m, .iq2_xxs, .iq2_xs, .iq2_s, .iq3_xxs, .iq3_s: 768
        case .mxfp4: 4096
        case .nvfp4: 1024
        default: 64
        }
    }

    /// A block in hexadecimal, and eight of its values: the first, the last, and six in even steps between them.
    struct Block: Sendable, CustomTestStringConvertible {
        let type: TensorType
        let bytes: [UInt8]
        let values: [Float]

        init(_ type: TensorType, _ values: [Float], _ hexadecimal: String) {
            self.type = type
            self.values = values
            let digits = hexadecimal.compactMap(\.hexDigitValue)
            bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
        }

        var testDescription: String { "\(type)" }
    }

    @Test(arguments: blocks) func aBlockHasTheReferencesValues(_ block: Block) throws {
        let values = try decode(block.type, block.bytes)
        let picked = (0..<8).map { values[$0 * (values.count - 1) / 7] }
        #expect(picked == block.values)
    }

    private func decode(_ type: TensorType, _ bytes: [UInt8]) throws -> [Float] {
        let shape = [bytes.count / type.blockBytes, type.blockLength]
        var builder = GGUFBuilder()
        builder.addTensor("t", type: type, shape: shape, bytes: bytes)
        return try GGUFFile(bytes: builder.build()).tensor("t", shape: shape).dequantized()
    }

    /// tq1_0, tq2_0 and mxfp4 as gguf quantizes a growing wave; the others random but for their scales.
    static let blocks: [Block] = [
        Block(
            .q1_0,
            [
                0.012496948, -0.012496948, -0.012496948, -0.012496948, -0.012496948, 0.012496948, 0.012496948,
                0.012496948,
            ],
            """
            66227f842aeac7c804e9d3a84a6d98d7498c
            """),
        Block(
            .q2_0, [0.024993896, 0.012496948, 0.024993896, 0.024993896, 0.024993896, 0.0, -0.012496948, -0.012496948],
            """
            6622873439cd78b0e29b95eb57f4934e3815
            """),
        Block(
            .mxfp4, [0.0, 0.125, -0.25, 0.1875, -0.375, 0.25, -0.5, 0.25],
            """
            7ce0d20464727a4ccdfcf0e41675737b4e
            """),
        Block(
            .nvfp4, [0.0, -1.5, -9.0, 0.0, 0.03515625, -0.0234375, -1792.0, 896.0],
            """
            3841037ef8bb26244e0aef0adff53e010fae00c11d52660697e5d8925ebc982c030b0e46
            """),
        Block(
            .q2_K,
            [-0.44989014, -0.19995117, -0.34991455, -0.14996338, -0.5123749, -0.18745422, -0.012496948, -0.32492065],
            """
            91c64fe07a9542b7fab122973a4f2bea545a86d6404e8aa20a1778a3588709b6b81df1ad807bfe15fdd263b4e3a31ab88c75
            38227ffd6afc266924380632e889d553ae756ab7bfc87eabd3f69affc0c76622662a
            """),
        Block(
            .q3_K, [0.23744202, 0.06248474, 0.14996338, 0.0, -0.5498657, -0.024993896, 0.2624359, 0.3124237],
            """
            8e770ca3c60ecfc1a86d7f7a1aeb625475305aa082a0300cf2c978fd1494f8cdfb4d29e0f6d54bf5d7d3b544302e2c26ab3d
            7008c29144f1848b1620b52d2562bd3fa40053a844819456474f66325bf1878ed5e58d4918d8f96152fc09c9c7441da175fe
            cc5a6b9bf4cfdeda6622
            """),
        Block(
            .tq1_0, [0.0, 0.0, 0.0, 0.0, 0.9794922, 0.9794922, 0.9794922, 0.9794922],
            """
            818080807f828080817e7d80807f828080817e7d80807f828080817e7d80807f37675ecdca9998a5331b675ecdcaef983d40
            9582d63b
            """),
        Block(
            .tq2_0, [0.0, 0.0, 0.0, 0.0, 0.9794922, 0.9794922, 0.9794922, 0.9794922],
            """
            5555555555955555551515555555955555551515555555955555551515555555625585898854152522625585898858152522
            6255858988581521226255858988d63b
            """),
        Block(
            .iq4_nl,
            [0.47488403, -0.12496948, -0.81230164, 0.16246033, -0.61235046, -0.4373932, 0.012496948, -0.81230164],
            """
            6622bb4adca347aa53b0f3568293d9391d3c
            """),
        Block(
            .iq4_xs, [-25.868683, 38.99048, 10.922333, 6.048523, -3.0617523, 6.498413, -0.13746643, -27.293335],
            """
            662230d622a7b7555dfce349346e60be70a3c1365dd8ffa2fc7fa9ad719af0ffae4c0049dd832cae3810f308af376ca6eb19
            c5c902ac33d89fed65be951deb17bab7c9d36f364a173b564b3daf75a84c84b26925278788c9660fd5b8f6581a0a3090a964
            bfe768251cdfcf83a7721a2b68d28c15cfc31a6300085d0f937dc3d5d3e029e130685512
            """),
        Block(
            .iq2_xxs, [-2.082304, -0.037490845, 0.18745422, 0.0671711, 0.58579445, -0.9763241, -0.13746643, 0.3374176],
            """
            66221323620831d758fda7e2293f54c62c10d20c98c53af21379c2fee2522ce34501d18464c62a346978f8ea4d7025c4b0c4
            177a3be50d47ed560cb738236c9887db
            """),
        Block(
            .iq2_xs, [0.3624115, 0.3374176, -0.112472534, 0.06248474, 0.7420063, 0.08747864, -0.18745422, -0.3374176],
            """
            66223d7087621e185ed9d6d682c91a5a40409a6ce6baddc5d8a7c59a3e9a7982f322a078b0eb8959715fff1a3513240704bc
            266afad3ffa35deb8edb9b03112f69704ebd34c296327bda
            """),
        Block(
            .iq2_s, [0.89821815, 0.23744202, 0.89821815, -0.08747864, -0.21244812, 1.0075665, -0.039052963, 0.3124237],
            """
            6622bb1c1aede79fd67c7376c4236a01d8080d1aa02365e00f69820bcc92a276265cc4ac8fdc0edeb0a6b7e2b349103afcaf
            2f7a7f992326100f9326ddde04d0ad0f957ae86d7d315133bbe9cbb383720fc9
            """),
        Block(
            .iq3_xxs, [-1.7433243, -3.2929459, 1.0872345, -0.68733215, -1.687088, -2.6118622, 0.3374176, -1.9120331],
            """
            66221ffe91feccad3f20ebb392a635240cb18f862fb15cc338a965ec9d119a23ac4ece06f5d6cb0212579563b3ecb4302794
            b84b7e855ac1ebc42931d78b938ef8b50fe3144efc8fa28d29ea17e6ae70ff5918f0dcd6a2d79398138a5edb983ab482
            """),
        Block(
            .iq3_s, [0.4123993, -2.1369781, -1.2371979, -0.2874298, -0.037490845, -1.1622162, -0.08747864, -1.5621185],
            """
            662202833ed0ef145d4d824bc179fb4bd7cb9b81b26fb460a6f53184d3e7014e2f44580bfe285e9c85a75bbd37e7699e6e38
            383cf8c503d872382183ef28ed0b95c517aa26772c708a5b24c28f8892ee580642095cf27135f4ed5a34ebb99a1a471baa57
            d3144d997bbc91b5f1c3
            """),
        Block(
            .iq1_s, [-0.03280449, 0.210886, -0.1265316, 0.03280449, 0.15464973, 0.14215279, 0.09841347, -0.01093483],
            """
            6622da120c7fcd1f9cd4ef465607dcf909c7b3540d439177a1fa8393ef07fd5e006cd7122578b2c7fe917154cfeb22cad0b7
            """),
        Block(
            .iq1_m,
            [-0.023431778, -0.014059067, -0.0015621185, 0.15464973, -0.017183304, -0.023431778, -0.210886, 0.14215279],
            """
            c317b2843cb78f550d5591e21c71c4da5d3c91f812577173d6b94ce98d19ad47ab324a2eafb224a68fa88e9ed6bd91f31f62
            606bac2f3d2c
            """),
    ]
}
