/// The cyclic redundancy check of IEEE 802.3 (as in zlib and PNG): finds what a broken link or disk did to a frame.
package enum CRC32 {
    /// Entry `i` is the remainder of byte `i` under the reflected polynomial 0xEDB88320.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { remainder, _ in
            remainder & 1 == 1 ? 0xEDB8_8320 ^ (remainder >> 1) : remainder >> 1
        }
    }

    package static func checksum(_ bytes: [UInt8]) -> UInt32 {
        table.withUnsafeBufferPointer { table in
            ~bytes.reduce(0xFFFF_FFFF as UInt32) { remainder, byte in
                table[Int(UInt8(truncatingIfNeeded: remainder) ^ byte)] ^ (remainder >> 8)
            }
        }
    }
}
