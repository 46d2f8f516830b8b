/// Which pairs of tokens merge, in which order, and into what. Immutable once made.
struct MergeTable {
    /// A merge of two tokens: its rank, the lower the earlier, and the token that they become.
    struct Merge {
        let rank: UInt32
        let token: Int32
    }

    /// Open addressing with linear probing; a power of two of slots, at most half of them used.
    private var keys: [UInt64]
    private var merges: [Merge]
    private let hash = SeededHash()
    private(set) var count = 0

    /// No pair of tokens, whose numbers are not negative.
    private static let free = UInt64.max

    init(capacity: Int) {
        var slots = 16
        while slots < 2 * capacity { slots *= 2 }
        keys = Array(repeating: Self.free, count: slots)
        merges = Array(repeating: Merge(rank: 0, token: 0), count: slots)
    }

    @inline(__always)
    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    @inline(__always)
    func merge(_ left: Int32, _ right: Int32) -> Merge? {
        let key = Self.key(left, right)
        let mask = keys.count - 1
        var slot = hash.slot(of: key) & mask
        while true {
            let found = keys[slot]
            if found == key { return merges[slot] }
            if found == Self.free { return nil }
            slot = (slot + 1) & mask
        }
    }

    /// Adds a merge; an earlier one of the same pair stays, or goes if `replaces`.
    mutating func insert(_ left: Int32, _ right: Int32, _ merge: Merge, replaces: Bool = false) {
        if 2 * (count + 1) > keys.count { grow() }
        let key = Self.key(left, right)
        let mask = keys.count - 1
        var slot = hash.slot(of: key) & mask
        while keys[slot] != Self.free, keys[slot] != key { slot = (slot + 1) & mask }
        if keys[slot] == key, !replaces { return }
        if keys[slot] == Self.free { count += 1 }
        keys[slot] = key
        merges[slot] = merge
    }

    private mutating func grow() {
        var larger = MergeTable(capacity: keys.count)
        for (key, merge) in zip(keys, merges) where key != Self.free {
            larger.insert(Int32(truncatingIfNeeded: key >> 32), Int32(truncatingIfNeeded: key), merge)
        }
        self = larger
    }
}

/// A fast hash for tables of ours, of another seed in every process, so that no file can be made to fill one slot.
struct SeededHash {
    private static let seed = UInt64.random(in: .min ... .max)
    private let seed = Self.seed

    private static func mixed(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    @inline(__always)
    func slot(of key: UInt64) -> Int {
        Int(truncatingIfNeeded: Self.mixed(key ^ seed, 0x9E37_79B9_7F4A_7C15 ^ (seed << 1)))
    }

    @inline(__always)
    func slot(of bytes: UnsafeBufferPointer<UInt8>) -> Int {
        let raw = UnsafeRawBufferPointer(bytes)
        let count = raw.count
        var state = seed ^ UInt64(truncatingIfNeeded: count)
        if count >= 8 {
            var offset = 0
            while offset + 8 < count {
                state = Self.mixed(
                    state ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self), 0xA076_1D64_78BD_642F)
                offset += 8
            }
            state ^= raw.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
        } else {
            var last: UInt64 = 0
            for byte in raw { last = last << 8 | UInt64(byte) }
            state ^= last
        }
        return Int(truncatingIfNeeded: Self.mixed(state, 0xE703_7ED1_A0B4_28DB ^ (seed << 1)))
    }
}
