import Digest
import SeededRandom
import Testing

@Suite struct CRC32Tests {
    /// The check value of the catalogue of parametrised CRC algorithms, and others from zlib.
    @Test(
        arguments: [
            ("123456789", 0xCBF4_3926), ("", 0), ("a", 0xE8B7_BE43),
            ("The quick brown fox jumps over the lazy dog", 0x414F_A339),
        ] as [(String, UInt32)])
    func theChecksumIsThatOfIEEE(_ text: String, _ checksum: UInt32) {
        #expect(CRC32.checksum(Array(text.utf8)) == checksum)
    }

    /// Against the definition, a bit at a time, at every length around a step of eight bytes and from an odd address.
    @Test func theChecksumIsThatOfTheDefinition() {
        var random = SeededGenerator(seed: 2)
        for count in 0...67 {
            let bytes = random.bytes(count)
            let remainder = bytes.reduce(0xFFFF_FFFF as UInt32) { remainder, byte in
                (0..<8).reduce(remainder ^ UInt32(byte)) { remainder, _ in
                    remainder & 1 == 1 ? 0xEDB8_8320 ^ (remainder >> 1) : remainder >> 1
                }
            }
            #expect(CRC32.checksum(bytes) == ~remainder, "\(count) bytes")
            #expect(CRC32.checksum(Array(([0xAA] + bytes)[1...])) == ~remainder, "\(count) bytes")
        }
    }

    @Test func leadingAndTrailingZerosCount() {
        let checksums = [[], [0], [0, 0], [0, 1], [1, 0]].map(CRC32.checksum)
        #expect(Set(checksums).count == checksums.count)
    }

    @Test func everyFlippedBitIsFound() {
        var random = SeededGenerator(seed: 1)
        let bytes = random.bytes(257)
        let checksum = CRC32.checksum(bytes)
        for bit in 0..<bytes.count * 8 {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(CRC32.checksum(damaged) != checksum, "bit \(bit)")
        }
    }
}
