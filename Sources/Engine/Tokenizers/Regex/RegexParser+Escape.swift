internal import Diagnostics

extension RegexParser {
    /// A backslash and what follows it, outside of a class.
    mutating func escape(_ options: Options) throws(RegexError) -> RegexNode {
        let start = position
        if let set = try escapedSet(options) { return .set(set) }
        guard position + 1 < pattern.count else { throw error("a backslash at its end") }
        position += 2
        switch pattern[start + 1] {
        case 0x41: return .assertion(.textStart)
        case 0x7A: return .assertion(.textEnd)
        case 0x5A: return .assertion(.textEndBeforeNewline)
        case 0x62: return .assertion(.wordBoundary)
        case 0x42: return .assertion(.noWordBoundary)
        case 0x52:
            // \R: any line break, CR LF as one
            let pair = RegexNode.sequence([.set(ScalarSet(0x0D)), .set(ScalarSet(0x0A))])
            let single = RegexNode.set(ScalarSet([0x0A...0x0D, 0x85...0x85, 0x2028...0x2029]))
            return .atomic(.alternatives([pair, single]))
        default: break
        }
        position = start
        if let value = try escapedScalar() { return .set(literal(value, options)) }
        throw unknownEscape()
    }

    /// `\s`, `\p{L}` and the like; nil for what is no set.
    mutating func escapedSet(_ options: Options) throws(RegexError) -> ScalarSet? {
        guard position + 1 < pattern.count else { return nil }
        let letter = pattern[position + 1]
        let set: ScalarSet
        switch letter | 0x20 {
        case 0x73: set = .whiteSpace
        case 0x77: set = .word
        case 0x64: set = ScalarSet(categories: ScalarCategories(.nd))
        case 0x68: set = ScalarSet([0x30...0x39, 0x41...0x46, 0x61...0x66])
        case 0x70: return try property(options)
        default: return nil
        }
        position += 2
        return letter & 0x20 == 0 ? set.inverted : set
    }

    /// `\p{Lu}`, `\p{^Lu}`, `\P{Lu}`, `\pL`
    private mutating func property(_ options: Options) throws(RegexError) -> ScalarSet {
        let start = position
        var isNegative = pattern[position + 1] == 0x50
        position += 2
        guard current != nil else { throw error("a property without a name") }
        var scalars: ArraySlice<UInt32>
        if skip("{") {
            if skip("^") { isNegative.toggle() }
            guard let end = pattern[position...].firstIndex(of: 0x7D) else { throw error("a property without \"}\"") }
            scalars = pattern[position..<end]
            position = end + 1
        } else {
            scalars = pattern[position...position]
            position += 1
        }
        let name = String(String.UnicodeScalarView(scalars.prefix(64).compactMap(Unicode.Scalar.init)))
        guard let set = Self.set(ofProperty: name) else {
            position = start
            throw error("the property \(name.quoted)")
        }
        if options.ignoresCase, !set.isDisjoint(with: Self.cased), !Self.cased.subtracting(set).isEmpty {
            position = start
            throw error("the property \(name.quoted) without regard to case")
        }
        return isNegative ? set.inverted : set
    }

    private static let cased = ScalarSet(categories: ScalarCategories(.lu, .ll, .lt))

    /// General categories, the script Han, and POSIX's names.
    static func set(ofProperty name: String) -> ScalarSet? {
        switch name.lowercased() {
        case "han": .han
        case "any": .all
        case "space", "white_space": .whiteSpace
        case "word": .word
        case "digit": ScalarSet(categories: ScalarCategories(.nd))
        case "ascii": ScalarSet([0...0x7F])
        default: ScalarCategories(named: name).map { ScalarSet(categories: $0) }
        }
    }

    /// A backslash and what stands for one scalar; nil for what doesn't.
    mutating func escapedScalar() throws(RegexError) -> UInt32? {
        guard position + 1 < pattern.count else { throw error("a backslash at its end") }
        let letter = pattern[position + 1]
        let controls: [UInt32: UInt32] = [
            0x74: 0x09, 0x6E: 0x0A, 0x72: 0x0D, 0x66: 0x0C, 0x76: 0x0B, 0x61: 0x07, 0x65: 0x1B, 0x30: 0x00,
        ]
        if letter == 0x78 || letter == 0x75 {
            position += 2
            return try hexadecimal(digits: letter == 0x75 ? 4...4 : skip("{") ? 1...8 : 1...2)
        }
        if let control = controls[letter] {
            position += 2
            return control
        }
        let isWord = (0x30...0x39).contains(letter) || (0x41...0x5A).contains(letter) || (0x61...0x7A).contains(letter)
        if isWord { return nil }
        position += 2
        return letter
    }

    private mutating func hexadecimal(digits: ClosedRange<Int>) throws(RegexError) -> UInt32 {
        var value: UInt32 = 0
        var count = 0
        while count < digits.upperBound, let digit = current, let scalar = Unicode.Scalar(digit),
            let number = Character(scalar).hexDigitValue, digit < 0x80
        {
            guard value < 1 << 28 else { throw error("a number that is no character's") }
            value = value << 4 | UInt32(number)
            count += 1
            position += 1
        }
        guard digits.contains(count), Unicode.Scalar(value) != nil, digits.upperBound < 8 || skip("}") else {
            throw error("a number that is no character's")
        }
        return value
    }

    func unknownEscape() -> RegexError {
        let name = pattern[position...].prefix(2).compactMap { Unicode.Scalar($0).map { String($0) } }.joined()
        return error("the escape \(name.quoted)")
    }
}
