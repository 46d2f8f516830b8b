/// Pseudo-random numbers that are the same for the same seed, on every machine and in every run: for benchmarks,
/// simulations and tests.
///
/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014).
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    package mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &self) }
    }

    /// Damages bytes as a link, a disk or an attacker does, one to three times: a bit flipped, a piece dropped, repeated or
    /// cut off, a byte or a piece of the format's syntax put in.
    package mutating func mutated(_ original: [UInt8], syntax: [String] = []) -> [UInt8] {
        var bytes = original
        for _ in 0..<[1, 1, 1, 2, 3].randomElement(using: &self)! {
            let at = Int.random(in: 0...bytes.count, using: &self)
            let length = min(bytes.count - at, Int.random(in: 1...8, using: &self))
            switch Int.random(in: 0..<7, using: &self) {
            case 0 where at < bytes.count: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            case 1: bytes.removeSubrange(at..<(at + length))
            case 2: bytes.insert(contentsOf: bytes[at..<(at + length)], at: at)
            case 3: bytes.removeSubrange(at...)
            case 4 where at < bytes.count: bytes[at] = [0, 0x39, 0x7F, 0x80, 0xFF].randomElement(using: &self)!
            case 5 where !syntax.isEmpty: bytes.insert(contentsOf: syntax.randomElement(using: &self)!.utf8, at: at)
            default: bytes.insert(UInt8.random(in: 0...255, using: &self), at: at)
            }
        }
        return bytes
    }
}
