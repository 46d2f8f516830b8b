import CKernels
import Testing

@testable import Engine

/// Angles of long texts, to the bits that PyTorch computes: `1 / base ** (arange(0, d, 2, dtype=float32) / d)`, and that
/// times the position, in f32. Exact ones would be others from here on.
struct RotaryTableTests {
    @Test(
        arguments: [
            (
                1e6, 256,
                [1: 0x3f65_ced3, 2: 0x3f4e_4bad, 5: 0x3f15_3ba8, 6: 0x3f05_f6ef, 9: 0x3ec1_d182, 13: 0x3e7b_b964]
            ),
            (1e4, 64, [1: 0x3f3f_f911, 5: 0x3e72_d423, 9: 0x3d99_940d, 10: 0x3d66_55c2, 12: 0x3d01_86e3]),
            (
                5e5, 128,
                [1: 0x3f50_8ac1, 2: 0x3f29_e1c6, 4: 0x3ee1_77bc, 5: 0x3eb7_ab7d, 8: 0x3e46_93b0, 10: 0x3e03_c6a0]
            ),
        ] as [(Double, Int, [Int: UInt32])])
    func frequenciesAreRoundedAsInTraining(_ base: Double, _ dimension: Int, _ expected: [Int: UInt32]) {
        let frequencies = RotarySettings(base: base, dimension: dimension, scaling: .none).frequencies
        #expect(frequencies.count == dimension / 2)
        for (pair, bits) in expected { #expect(frequencies[pair].bitPattern == bits, "pair \(pair)") }
    }

    @Test(
        arguments: [
            (1e6, 256, 2416, 1, 0.441_899_99, 0.897_064_33), (1e6, 256, 4703, 5, -0.509_311_32, 0.860_582_35),
            (1e4, 64, 2416, 1, -0.577_954_53, 0.816_068_95), (1e4, 64, 4703, 5, -0.999_964_42, 0.008_433_917),
            (5e5, 128, 2416, 1, 0.092_430_98, 0.995_719_08), (5e5, 128, 4703, 5, -0.997_335_14, -0.072_956_517),
        ] as [(Double, Int, Int32, Int, Float, Float)])
    func anglesAreRoundedAsInTraining(
        _ base: Double, _ dimension: Int, _ position: Int32, _ pair: Int, _ cosine: Float, _ sine: Float
    ) {
        let settings = RotarySettings(base: base, dimension: dimension, scaling: .none)
        let table = RotaryTable(frequencies: settings.frequencies)
        let angles = table.table(covering: [position], headDimension: dimension)
        let place = Int(position) * dimension + 2 * pair
        #expect(abs(angles.cosines[place] - cosine) < 2e-7)
        #expect(abs(angles.sines[place + 1] - sine) < 2e-7)
    }
}
