/// The cyclic redundancy check of IEEE 802.3 (as in zlib and PNG): finds what a broken link or disk did to a frame.
package enum CRC32 {
    /// Eight tables of 256 entries. Entry `i` of table `k` is the remainder of byte `i`, followed by `k` zero bytes,
    /// under the reflected polynomial 0xEDB88320: with them eight bytes are divided in one step ("slicing by 8", Kounavis
    /// and Berry, 2005).
    private static let tables: [UInt32] = {
        var tables: [UInt32] = (0..<256).map { byte in
            (0..<8).reduce(UInt32(byte)) { remainder, _ in
                remainder & 1 == 1 ? 0xEDB8_8320 ^ (remainder >> 1) : remainder >> 1
            }
        }
        for index in 256..<8 * 256 {
            let previous = tables[index - 256]
            tables.append(tables[Int(previous & 0xFF)] ^ (previous >> 8))
        }
        return tables
    }()

    package static func checksum(_ bytes: [UInt8]) -> UInt32 {
        tables.withUnsafeBufferPointer { tables in
            bytes.withUnsafeBytes { bytes in
                let slices = bytes.count / 8
                var remainder: UInt32 = 0xFFFF_FFFF
                for slice in 0..<slices {
                    let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * slice, as: UInt64.self))
                    let mixed = word ^ UInt64(remainder)
                    remainder = 0
                    for byte in 0..<8 {
                        remainder ^= tables[(7 - byte) << 8 | Int(mixed >> UInt64(8 * byte) & 0xFF)]
                    }
                }
                for byte in bytes[(8 * slices)...] {
                    remainder = tables[Int(UInt8(truncatingIfNeeded: remainder) ^ byte)] ^ (remainder >> 8)
                }
                return ~remainder
            }
        }
    }
}
