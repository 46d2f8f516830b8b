internal import Diagnostics

extension RegexParser {
    /// `[…]`, with classes in it and intersections (`&&`).
    mutating func characterClass(_ options: Options) throws(RegexError) -> ScalarSet {
        try characterClass(options, depth: 1)
    }

    private mutating func characterClass(_ options: Options, depth: Int) throws(RegexError) -> ScalarSet {
        guard depth <= Self.depthLimit else { throw error("more than \(Self.depthLimit) classes in one another") }
        position += 1
        let isNegative = skip("^")
        var intersection: ScalarSet?
        var ranges: [ClosedRange<UInt32>] = []
        var isEmpty = true
        // A bracket that comes first is a character.
        if isNext("]"), pattern[(position + 1)...].contains(0x5D) {
            ranges += literal(0x5D, options).ranges
            position += 1
            isEmpty = false
        }
        while true {
            guard let character = current else { throw error("a class that is not closed") }
            if character == 0x5D { break }
            if skip("&&") {
                let set = ScalarSet(ranges)
                intersection = intersection.map { $0.intersection(set) } ?? set
                ranges = []
                continue
            }
            isEmpty = false
            if character == 0x5B {
                if let set = try posixClass() {
                    ranges += set.ranges
                } else {
                    ranges += try characterClass(options, depth: depth + 1).ranges
                }
            } else if character == 0x5C, let set = try escapedSet(options) {
                ranges += set.ranges
            } else {
                ranges += try range(options).ranges
            }
        }
        position += 1
        guard !isEmpty else { throw error("an empty class") }
        var set = ScalarSet(ranges)
        if let intersection { set = set.intersection(intersection) }
        return isNegative ? set.inverted : set
    }

    /// One scalar, or all from one to another.
    private mutating func range(_ options: Options) throws(RegexError) -> ScalarSet {
        let start = position
        let first = try classScalar()
        guard isNext("-"), position + 1 < pattern.count, pattern[position + 1] != 0x5D, pattern[position + 1] != 0x5B
        else { return literal(first, options) }
        let dash = position
        position += 1
        if current == 0x5C, try escapedSet(options) != nil {
            position = start
            throw error("a range that ends with a class")
        }
        position = dash + 1
        let last = try classScalar()
        guard first <= last else {
            position = start
            throw error("a range that ends before it starts")
        }
        let set = ScalarSet([first...last])
        return options.ignoresCase ? CaseFolding.variants(of: set) : set
    }

    private mutating func classScalar() throws(RegexError) -> UInt32 {
        guard let character = current else { throw error("a class that is not closed") }
        guard character == 0x5C else {
            position += 1
            return character
        }
        if position + 1 < pattern.count, pattern[position + 1] == 0x62 {
            position += 2
            return 0x08
        }
        guard let scalar = try escapedScalar() else { throw unknownEscape() }
        return scalar
    }

    /// `[:alpha:]`; nil where there is none.
    private mutating func posixClass() throws(RegexError) -> ScalarSet? {
        guard isNext("[:") else { return nil }
        guard let end = pattern[(position + 2)...].firstIndex(of: 0x3A), end + 1 < pattern.count,
            pattern[end + 1] == 0x5D, end - position < 16
        else { return nil }
        throw error("a class of POSIX's syntax")
    }
}
