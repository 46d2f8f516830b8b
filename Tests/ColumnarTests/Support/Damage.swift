import SeededRandom

/// Damages binary files: bytes changed, integers replaced by those that are often checked wrongly, pieces dropped,
/// repeated and exchanged with other files.
struct Damage {
    private static let integers: [UInt64] = [
        0, 1, .max, 0x7F, 0x80, 0xFF, 1 << 15, 1 << 16, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 40,
        1 << 60,
        (1 << 63) - 1, 1 << 63,
    ]

    var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &generator) }
    mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }

    mutating func damage(_ bytes: inout [UInt8], with others: [[UInt8]]) {
        for _ in 0..<[1, 1, 1, 1, 2, 2, 3, 6][below(8)] where !bytes.isEmpty { change(&bytes, others) }
    }

    private mutating func change(_ bytes: inout [UInt8], _ others: [[UInt8]]) {
        // Most of what can be damaged stands near the end, in the footer.
        let at = oneIn(3) ? bytes.count - 1 - below(min(bytes.count, 1500)) : below(bytes.count)
        let length = min(bytes.count - at, 1 + below(oneIn(4) ? 200 : 8))
        switch below(10) {
        case 0, 1, 2: bytes[at] ^= 1 << UInt8(below(8))
        case 3, 4: bytes[at] = [0, 1, 2, 0x15, 0x7F, 0x80, 0xFF, UInt8(below(256))][below(8)]
        case 5:
            let value = Self.integers[below(Self.integers.count)]
            for index in 0..<min([1, 2, 4, 8][below(4)], bytes.count - at) {
                bytes[at + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
            }
        case 6: bytes.removeSubrange(at..<(at + length))
        case 7: bytes.insert(contentsOf: bytes[at..<(at + length)], at: at)
        case 8:
            let other = others[below(others.count)]
            guard !other.isEmpty else { return }
            let start = below(other.count)
            let piece = other[start..<min(start + length, other.count)]
            bytes.replaceSubrange(at..<min(at + piece.count, bytes.count), with: piece)
        default:
            // A varint that says more.
            if oneIn(4) { bytes.removeSubrange(at...) } else { bytes.insert(0xFF, at: at) }
        }
    }
}
