internal import CZlib

/// The cyclic redundancy check of IEEE 802.3, zlib's: finds what a broken link or disk did to bytes.
package enum CRC32 {
    package static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.withUnsafeBytes { UInt32(crc32_z(0, $0.baseAddress, $0.count)) }
    }

    package static func checksum(_ bytes: [UInt8]) -> UInt32 { checksum(bytes[...]) }
}
