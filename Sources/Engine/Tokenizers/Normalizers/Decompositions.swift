/// The tables behind Unicode's normalization forms, as of Unicode 9.0: that of Hugging Face's `tokenizers`, which later
/// characters pass unchanged.
struct Decompositions {
    static let shared = Decompositions()

    /// Full decompositions: canonical ones, and those of compatibility where they differ.
    private let canonical: [UInt32: [UInt32]]
    private let compatible: [UInt32: [UInt32]]
    /// What two scalars compose to, by `pairKey`.
    private var compositions: [UInt64: UInt32] = [:]
    /// Combining classes that are not 0.
    private var classes: [UInt32: UInt8] = [:]

    /// What may change, or change its place, in each form.
    let unstable: [UnicodeNormalizer.Form: ScalarBitmap]
    /// What may be composed with what stands before it.
    private var composedBackwards: Set<UInt32> = []

    private init() {
        var (canonical, compatible): ([UInt32: [UInt32]], [UInt32: [UInt32]]) = ([:], [:])
        var excluded: Set<UInt32> = []
        Self.parse(Self.canonical) { scalar, parts, isExcluded in
            canonical[scalar] = parts
            if isExcluded { excluded.insert(scalar) }
        }
        Self.parse(Self.compatible) { scalar, parts, _ in compatible[scalar] = parts }
        (self.canonical, self.compatible) = (canonical, compatible)
        let composites = Dictionary(
            canonical.filter { !excluded.contains($0.key) }.map { ($0.value, $0.key) }, uniquingKeysWith: min)
        for (parts, composite) in composites {
            guard parts.count > 1, let last = parts.last else { continue }
            let head = Array(parts.dropLast())
            guard let first = head.count == 1 ? head[0] : composites[head] else { continue }
            compositions[Self.pairKey(first, last)] = composite
            composedBackwards.insert(last)
        }
        for range in ScalarSet(categories: .mark).ranges {
            for value in range {
                guard let properties = Unicode.Scalar(value)?.properties, let age = properties.age, age <= (9, 0),
                    properties.canonicalCombiningClass != .notReordered
                else { continue }
                classes[value] = properties.canonicalCombiningClass.rawValue
            }
        }
        func set(_ values: some Sequence<UInt32>) -> [ClosedRange<UInt32>] { values.map { $0...$0 } }
        let hangul: [ClosedRange<UInt32>] = [Hangul.syllables]
        let jamo: [ClosedRange<UInt32>] = [Hangul.vowels, Hangul.trailing]
        let marks = set(classes.keys)
        let composed = set(excluded) + set(composedBackwards) + jamo + marks
        let decomposed = set(canonical.keys) + hangul + marks
        unstable = [
            .nfc: ScalarBitmap(ScalarSet(composed)), .nfkc: ScalarBitmap(ScalarSet(composed + set(compatible.keys))),
            .nfd: ScalarBitmap(ScalarSet(decomposed)),
            .nfkd: ScalarBitmap(ScalarSet(decomposed + set(compatible.keys))),
        ]
    }

    private static func parse(_ table: StaticString, _ entry: (UInt32, [UInt32], _ isExcluded: Bool) -> Void) {
        table.withUTF8Buffer { bytes in
            for line in bytes.split(separator: UInt8(ascii: ";")) {
                let fields = line.split(separator: UInt8(ascii: " ")).map { Array($0) }
                guard var head = fields.first else { continue }
                let isExcluded = head.last == UInt8(ascii: "!")
                if isExcluded { head.removeLast() }
                let numbers = head.split(separator: UInt8(ascii: "+")).map { hexadecimal($0) }
                var parts = fields.dropFirst().map { hexadecimal($0[...]) }
                for offset in 0...(numbers.count > 1 ? numbers[1] : 0) {
                    if offset > 0 { parts[parts.count - 1] += 1 }
                    entry(numbers[0] + offset, parts, isExcluded)
                }
            }
        }
    }

    private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt32 {
        digits.reduce(0) { $0 << 4 | UInt32($1 < 0x40 ? $1 - 0x30 : $1 - 0x41 + 10) }
    }

    private static func pairKey(_ first: UInt32, _ second: UInt32) -> UInt64 { UInt64(first) << 32 | UInt64(second) }

    // MARK: Looking up

    func combiningClass(_ scalar: UInt32) -> UInt8 { scalar < 0x300 ? 0 : classes[scalar] ?? 0 }

    func appendDecomposition(of scalar: UInt32, compatibility: Bool, to scalars: inout [UInt32]) {
        if Hangul.syllables.contains(scalar) {
            Hangul.appendJamo(of: scalar, to: &scalars)
        } else if let parts = (compatibility ? compatible[scalar] : nil) ?? canonical[scalar] {
            scalars += parts
        } else {
            scalars.append(scalar)
        }
    }

    func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
        Hangul.composition(first, second) ?? compositions[Self.pairKey(first, second)]
    }

    /// Whether nothing that stands before the scalar has to do with it or what it decomposes to.
    func isBoundary(_ scalar: UInt32, compatibility: Bool) -> Bool {
        let first = (compatibility ? compatible[scalar] : nil)?.first ?? canonical[scalar]?.first ?? scalar
        return combiningClass(first) == 0 && !composedBackwards.contains(first) && !Hangul.vowels.contains(first)
            && !Hangul.trailing.contains(first)
    }
}

/// Hangul syllables, which are composed by arithmetic (Unicode, section 3.12).
enum Hangul {
    static let syllables: ClosedRange<UInt32> = 0xAC00...0xD7A3
    static let vowels: ClosedRange<UInt32> = 0x1161...0x1175
    static let trailing: ClosedRange<UInt32> = 0x11A8...0x11C2
    private static let leading: ClosedRange<UInt32> = 0x1100...0x1112
    private static let trailingCount: UInt32 = 28
    private static let vowelCount: UInt32 = 21

    static func appendJamo(of syllable: UInt32, to scalars: inout [UInt32]) {
        let index = syllable - syllables.lowerBound
        scalars.append(leading.lowerBound + index / (vowelCount * trailingCount))
        scalars.append(vowels.lowerBound + index % (vowelCount * trailingCount) / trailingCount)
        let last = index % trailingCount
        if last > 0 { scalars.append(trailing.lowerBound - 1 + last) }
    }

    static func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if leading.contains(first), vowels.contains(second) {
            let index = (first - leading.lowerBound) * vowelCount + (second - vowels.lowerBound)
            return syllables.lowerBound + index * trailingCount
        }
        guard syllables.contains(first), (first - syllables.lowerBound).isMultiple(of: trailingCount),
            trailing.contains(second)
        else { return nil }
        return first + (second - trailing.lowerBound + 1)
    }
}
