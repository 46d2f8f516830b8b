import SeededRandom

/// Makes inputs out of valid ones. Each has a number; the same seed and number always make the same input.
struct Mutator {
    /// Nothing that a mutation does makes an input longer than that.
    static let byteCountMax = 1 << 16

    /// Where sums, products and conversions of width go wrong.
    static let integers: [UInt64] = [
        0, 1, .max, 0x7F, 0x80, 0xFF, 1 << 15, 1 << 16, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 40,
        1 << 60,
        1 << 62, (1 << 63) - 1, 1 << 63,
    ]

    private static let numbers = [
        "0", "-1", "-0", "2147483648", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1e999",
        "1e-999", "1.5", "18446744073709551616", "0x7fffffffffffffff", "9223372036854775807:59", ".inf", "NaN",
        String(repeating: "9", count: 400),
    ].map { Array($0.utf8) }

    let corpus: [[[UInt8]]]
    let parser: FuzzedParser
    var random = SeededGenerator(seed: 0)

    init(_ parser: FuzzedParser) throws {
        self.parser = parser
        corpus = try parser.corpus()
    }

    mutating func input(_ number: UInt64, seed: UInt64) -> [[UInt8]] {
        random = SeededGenerator(seed: seed << 40 ^ number)
        var parts = pick(corpus)
        if !oneIn(64) {
            for _ in 0..<pick([1, 1, 1, 1, 2, 2, 3, 6]) { mutate(&parts) }
        }
        return parser.assemble(parts, &self)
    }

    // MARK: Choices

    mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }

    mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

    mutating func pick<T>(_ elements: [T]) -> T { elements[below(elements.count)] }

    /// Some little-endian integer of 1, 2, 4 or 8 bytes that is often checked wrongly.
    mutating func integer() -> [UInt8] {
        let value = pick(Self.integers)
        return withUnsafeBytes(of: value.littleEndian) { Array($0[..<pick([1, 2, 4, 4, 8, 8])]) }
    }

    /// A few changes of bytes that were put together already.
    mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<pick([1, 1, 2, 4]) {
            if oneIn(2) { overwrite(&bytes) } else { rearrange(&bytes) }
        }
        return bytes
    }

    // MARK: Parts

    private mutating func mutate(_ parts: inout [[UInt8]]) {
        guard !parts.isEmpty, !oneIn(16) else {
            let at = below(parts.count + 1)
            switch below(4) {
            case 0 where at < parts.count: parts.remove(at: at)
            case 1 where at < parts.count: parts.insert(parts[at], at: below(parts.count + 1))
            case 2 where at < parts.count: parts.swapAt(at, below(parts.count))
            default: if let other = pick(corpus).randomElement(using: &random) { parts.insert(other, at: at) }
            }
            return
        }
        let index = below(parts.count)
        let others = parts.reduce(0) { $0 + $1.count } - parts[index].count
        if parser.isText || oneIn(3) {
            rearrange(&parts[index])
        } else {
            overwrite(&parts[index])
        }
        parts[index].removeSubrange(min(parts[index].count, max(0, Self.byteCountMax - others))...)
    }

    // MARK: Bytes

    /// Keeps the length, and so the place of everything else.
    private mutating func overwrite(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        let at = below(bytes.count)
        switch below(5) {
        case 0: bytes[at] ^= 1 << UInt8(below(8))
        case 1: bytes[at] = UInt8(below(256))
        case 2: bytes[at] &+= pick([1, 255, 8])
        default: replace(at..<bytes.count, of: &bytes, with: integer())
        }
    }

    private mutating func replace(_ range: Range<Int>, of bytes: inout [UInt8], with other: [UInt8]) {
        let count = min(range.count, other.count)
        bytes.replaceSubrange(range.lowerBound..<(range.lowerBound + count), with: other[..<count])
    }

    private mutating func rearrange(_ bytes: inout [UInt8]) {
        let at = below(bytes.count + 1)
        let piece = at..<min(bytes.count, at + 1 + below(pick([4, 16, 256])))
        switch below(12) {
        case 0: overwrite(&bytes)
        case 1: bytes.removeSubrange(piece)
        case 2: bytes.insert(contentsOf: bytes[piece], at: at)
        case 3: insert(Array(bytes[piece]), times: 1 << below(8), at: at, of: &bytes)
        case 4: bytes.insert(UInt8(below(256)), at: at)
        case 5: bytes.insert(contentsOf: integer(), at: at)
        case 6 where oneIn(2): bytes.removeSubrange(at...)
        case 7:
            // The beginning of this part, the end of another one.
            guard let other = pick(corpus).randomElement(using: &random) else { return }
            bytes.replaceSubrange(at..., with: other[below(other.count + 1)...])
        case 8: enlargeNumber(&bytes, from: at)
        case 9 where !parser.syntax.isEmpty: insert(pick(parser.syntax), times: 1 << below(12), at: at, of: &bytes)
        default: if !parser.syntax.isEmpty { bytes.insert(contentsOf: pick(parser.syntax), at: at) }
        }
    }

    private mutating func insert(_ piece: [UInt8], times: Int, at: Int, of bytes: inout [UInt8]) {
        guard !piece.isEmpty else { return }
        let fitting = max(0, Self.byteCountMax - bytes.count) / piece.count
        bytes.insert(contentsOf: repeatElement(piece, count: min(times, fitting)).joined(), at: at)
    }

    /// Replaces the next digits by an extreme number.
    private mutating func enlargeNumber(_ bytes: inout [UInt8], from start: Int) {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard let first = bytes[start...].firstIndex(where: digits.contains) else { return }
        let end = bytes[first...].firstIndex { !digits.contains($0) } ?? bytes.count
        bytes.replaceSubrange(first..<end, with: pick(Self.numbers))
    }
}
