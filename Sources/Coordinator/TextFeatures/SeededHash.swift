/// A 32-bit hash of bytes that is the same in every run and on every machine, unlike `Hasher`, and another one for each
/// seed.
///
/// FNV-1a (Fowler, Noll and Vo; RFC 9923) over the seed's bytes and the data's, mixed by the last step of MurmurHash3
/// (Appleby), since the low bits of FNV-1a depend on the low bits of the bytes alone. Not made against those who look
/// for collisions.
struct SeededHash: Sendable {
    private var state: UInt32 = 0x811C_9DC5

    init(seed: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { append(UInt8(truncatingIfNeeded: seed >> shift)) }
    }

    mutating func append(_ byte: UInt8) { state = (state ^ UInt32(byte)) &* 0x0100_0193 }

    mutating func append(_ bytes: some Sequence<UInt8>) { for byte in bytes { append(byte) } }

    /// The lowest byte first.
    mutating func append(_ number: UInt32) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) { append(UInt8(truncatingIfNeeded: number >> shift)) }
    }

    /// Of all that was appended. Two hashes of equal beginnings that differ in the last byte are never equal: each step
    /// is a bijection of the state.
    var value: UInt32 {
        var mixed = state
        mixed = (mixed ^ (mixed >> 16)) &* 0x85EB_CA6B
        mixed = (mixed ^ (mixed >> 13)) &* 0xC2B2_AE35
        return mixed ^ (mixed >> 16)
    }
}
