/// A set of Unicode scalars as ordered ranges that neither touch nor overlap.
struct ScalarSet: Hashable {
    private(set) var ranges: [ClosedRange<UInt32>]

    static let last: UInt32 = 0x10FFFF
    static let empty = ScalarSet(ranges: [])
    static let all = ScalarSet(ranges: [0...last])

    /// `\s`
    static let whiteSpace = ScalarSet([
        0x09...0x0D, 0x20...0x20, 0x85...0x85, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029,
        0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000,
    ])

    /// `\w` as Rust's `regex` has it (https://www.unicode.org/reports/tr18/#word), of Unicode 16.0.
    static let rustWord = ScalarSet(categories: [.letter, .mark, ScalarCategories(.nd, .nl, .pc)])
        .union(
            ScalarSet([
                0x200C...0x200D, 0x24B6...0x24E9, 0x1F130...0x1F149, 0x1F150...0x1F169, 0x1F170...0x1F189,
            ]))

    /// `\w` as Oniguruma has it: no joiners, but Latin-1's numbers.
    static let word = rustWord.subtracting(ScalarSet([0x200C...0x200D]))
        .union(ScalarSet([0xB2...0xB3, 0xB9...0xB9, 0xBC...0xBE]))

    /// `\p{Han}`: the script's ranges in Unicode 16.0 (https://www.unicode.org/Public/16.0.0/ucd/Scripts.txt).
    static let han = ScalarSet([
        0x2E80...0x2E99, 0x2E9B...0x2EF3, 0x2F00...0x2FD5, 0x3005...0x3005, 0x3007...0x3007, 0x3021...0x3029,
        0x3038...0x303B, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFA6D, 0xFA70...0xFAD9, 0x16FE2...0x16FE3,
        0x16FF0...0x16FF1, 0x20000...0x2A6DF, 0x2A700...0x2B739, 0x2B740...0x2B81D, 0x2B820...0x2CEA1,
        0x2CEB0...0x2EBE0, 0x2EBF0...0x2EE5D, 0x2F800...0x2FA1D, 0x30000...0x3134A, 0x31350...0x323AF,
    ])

    private init(ranges: [ClosedRange<UInt32>]) { self.ranges = ranges }

    /// Ranges in any order.
    init(_ ranges: [ClosedRange<UInt32>]) {
        self.ranges = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) { append(range) }
    }

    init(_ scalar: UInt32) { ranges = [scalar...scalar] }

    init(categories: ScalarCategories) {
        ranges = []
        for (scalars, category) in ScalarTable.shared.runs where categories.contains(category) { append(scalars) }
        guard categories.contains(.cn) else { return }
        let assigned = ScalarSet(ScalarTable.shared.runs.map(\.scalars))
        self = union(assigned.inverted)
    }

    /// Adds a range that starts at or behind the start of the last one.
    private mutating func append(_ range: ClosedRange<UInt32>) {
        if let last = ranges.last, range.lowerBound <= last.upperBound || range.lowerBound == last.upperBound + 1 {
            ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
        } else {
            ranges.append(range)
        }
    }

    var isEmpty: Bool { ranges.isEmpty }

    func union(_ other: ScalarSet) -> ScalarSet {
        if isEmpty || other.isEmpty { return isEmpty ? other : self }
        var result = ScalarSet.empty
        var (own, others) = (ranges[...], other.ranges[...])
        while let left = own.first, let right = others.first {
            if left.lowerBound <= right.lowerBound {
                result.append(left)
                own.removeFirst()
            } else {
                result.append(right)
                others.removeFirst()
            }
        }
        for rest in own + others { result.append(rest) }
        return result
    }

    var inverted: ScalarSet {
        var gaps: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if next < range.lowerBound { gaps.append(next...(range.lowerBound - 1)) }
            next = range.upperBound + 1
        }
        if next <= Self.last { gaps.append(next...Self.last) }
        return ScalarSet(ranges: gaps)
    }

    func intersection(_ other: ScalarSet) -> ScalarSet { inverted.union(other.inverted).inverted }

    func subtracting(_ other: ScalarSet) -> ScalarSet { intersection(other.inverted) }

    func isDisjoint(with other: ScalarSet) -> Bool {
        var (own, others) = (0, 0)
        while own < ranges.count, others < other.ranges.count {
            if ranges[own].overlaps(other.ranges[others]) { return false }
            if ranges[own].upperBound < other.ranges[others].upperBound { own += 1 } else { others += 1 }
        }
        return true
    }

    func contains(_ scalar: UInt32) -> Bool {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < scalar { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(scalar)
    }
}
