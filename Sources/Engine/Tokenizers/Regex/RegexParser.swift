internal import Diagnostics

/// Reads the syntax of regular expressions that tokenizers use: Oniguruma's with Ruby's rules
/// (https://github.com/kkos/oniguruma/blob/master/doc/RE).
///
/// References to groups, conditions, recursion and absent expressions are refused by name.
struct RegexParser {
    struct Options {
        var ignoresCase = false
        /// Whether `.` is a newline, too.
        var dotIsAll = false
    }

    static let lengthLimit = 1 << 14
    static let depthLimit = 64
    static let countLimit = 1000

    let pattern: [UInt32]
    var position = 0
    private var depth = 0

    private init(_ pattern: String) { self.pattern = pattern.unicodeScalars.map(\.value) }

    /// - Throws: `RegexError`.
    static func parse(_ pattern: String) throws(RegexError) -> RegexNode {
        var parser = RegexParser(pattern)
        guard parser.pattern.count <= lengthLimit else {
            throw RegexError(
                offset: lengthLimit,
                problem: "expected at most \(lengthLimit) characters, found \(parser.pattern.count)")
        }
        let node = try parser.alternation(Options())
        guard parser.position == parser.pattern.count else { throw parser.error("a \")\" that closes no group") }
        return node
    }

    // MARK: Characters

    var current: UInt32? { position < pattern.count ? pattern[position] : nil }

    func isNext(_ text: String) -> Bool {
        pattern[position...].starts(with: text.unicodeScalars.lazy.map(\.value))
    }

    mutating func skip(_ text: String) -> Bool {
        guard isNext(text) else { return false }
        position += text.unicodeScalars.count
        return true
    }

    func error(_ found: String) -> RegexError {
        RegexError(offset: position, problem: "a regular expression has \(found), which is not supported")
    }

    // MARK: Alternatives and sequences

    private mutating func alternation(_ options: Options) throws(RegexError) -> RegexNode {
        depth += 1
        guard depth <= Self.depthLimit else { throw error("more than \(Self.depthLimit) groups in one another") }
        defer { depth -= 1 }
        var alternatives: [RegexNode] = []
        repeat {
            alternatives.append(try sequence(options))
        } while skip("|")
        return alternatives.count == 1 ? alternatives[0] : .alternatives(alternatives)
    }

    private mutating func sequence(_ options: Options) throws(RegexError) -> RegexNode {
        var nodes: [RegexNode] = []
        while let next = current, next != 0x7C, next != 0x29 {
            guard var node = try atom(options) else { continue }
            while let quantifier = try quantifier() {
                if node.first.canBeEmpty, quantifier.most != 1 {
                    guard quantifier.most != nil else { throw error("an endless repetition of what can be empty") }
                }
                node = quantifier.apply(to: node)
            }
            nodes.append(node)
        }
        return nodes.count == 1 ? nodes[0] : nodes.isEmpty ? .empty : .sequence(nodes)
    }

    // MARK: Atoms

    /// Nil for what matches nothing and cannot be repeated: comments.
    private mutating func atom(_ options: Options) throws(RegexError) -> RegexNode? {
        guard let character = current else { return nil }
        switch character {
        case 0x28: return try group(options)
        case 0x5B:
            let set = try characterClass(options)
            return .set(set)
        case 0x2A, 0x2B, 0x3F: throw error("a repetition of nothing")
        case 0x5C: return try escape(options)
        default: break
        }
        position += 1
        switch character {
        case 0x2E: return .set(options.dotIsAll ? .all : ScalarSet(0x0A).inverted)
        case 0x5E: return .assertion(.lineStart)
        case 0x24: return .assertion(.lineEnd)
        default: return .set(literal(character, options))
        }
    }

    func literal(_ value: UInt32, _ options: Options) -> ScalarSet {
        options.ignoresCase ? CaseFolding.variants(of: value) : ScalarSet(value)
    }

    private mutating func group(_ options: Options) throws(RegexError) -> RegexNode? {
        position += 1
        var node: RegexNode
        if skip("?#") {
            while let next = current, next != 0x29 { position += next == 0x5C ? 2 : 1 }
            guard skip(")") else { throw error("a comment that is not closed") }
            return nil
        } else if skip("?:") {
            node = try alternation(options)
        } else if skip("?=") {
            node = .lookAhead(try alternation(options), negative: false)
        } else if skip("?!") {
            node = .lookAhead(try alternation(options), negative: true)
        } else if skip("?<=") {
            node = try lookBehind(options, negative: false)
        } else if skip("?<!") {
            node = try lookBehind(options, negative: true)
        } else if skip("?>") {
            node = .atomic(try alternation(options))
        } else if isNext("?<"), position + 2 < pattern.count {
            guard let end = pattern[position...].firstIndex(of: 0x3E) else { throw error("a name without \">\"") }
            position = end + 1
            node = try alternation(options)
        } else if skip("?") {
            return try optionGroup(options)
        } else {
            node = try alternation(options)
        }
        guard skip(")") else { throw error("a group that is not closed") }
        if case .sequence(let nodes) = node, nodes.isEmpty { node = .empty }
        return node
    }

    /// `(?i:…)`, or `(?i)`, which holds to the end of the group around it.
    private mutating func optionGroup(_ outer: Options) throws(RegexError) -> RegexNode {
        var options = outer
        var value = true
        while let character = current {
            switch character {
            case 0x2D: value = false
            case 0x69: options.ignoresCase = value
            case 0x6D: options.dotIsAll = value
            case 0x3A, 0x29:
                position += 1
                let node = try alternation(options)
                guard character == 0x29 || skip(")") else { throw error("a group that is not closed") }
                return node
            default:
                throw error("the group \("(?\(Unicode.Scalar(character).map { String($0) } ?? "")".quoted)")
            }
            position += 1
        }
        throw error("a group that is not closed")
    }

    private mutating func lookBehind(_ options: Options, negative: Bool) throws(RegexError) -> RegexNode {
        let start = position
        let body = try alternation(options)
        let alternatives: [RegexNode]
        if case .alternatives(let nodes) = body { alternatives = nodes } else { alternatives = [body] }
        guard alternatives.allSatisfy({ $0.width != nil }) else {
            position = start
            throw error("a look behind of no fixed width")
        }
        return .lookBehind(alternatives, negative: negative)
    }

    // MARK: Quantifiers

    private struct Quantifier {
        let least: Int
        let most: Int?
        var greed = RegexNode.Greed.greedy

        func apply(to node: RegexNode) -> RegexNode { .repeated(node, least: least, most: most, greed) }
    }

    private mutating func quantifier() throws(RegexError) -> Quantifier? {
        var quantifier: Quantifier
        switch current {
        case 0x2A: quantifier = Quantifier(least: 0, most: nil)
        case 0x2B: quantifier = Quantifier(least: 1, most: nil)
        case 0x3F: quantifier = Quantifier(least: 0, most: 1)
        case 0x7B: return try interval()
        default: return nil
        }
        position += 1
        if skip("?") { quantifier.greed = .lazy } else if skip("+") { quantifier.greed = .possessive }
        return quantifier
    }

    /// `{n}`, `{n,}`, `{n,m}` and `{,m}`; anything else is a brace. A plus behind it repeats the whole.
    private mutating func interval() throws(RegexError) -> Quantifier? {
        let start = position
        position += 1
        let least = number()
        let hasComma = skip(",")
        let most = hasComma ? number() : least
        guard least != nil || most != nil, skip("}") else {
            position = start
            return nil
        }
        guard (least ?? 0) <= Self.countLimit, (most ?? 0) <= Self.countLimit, (least ?? 0) <= most ?? .max else {
            position = start
            throw error("a repetition that is not of 0 to \(Self.countLimit) times in order")
        }
        var quantifier = Quantifier(least: least ?? 0, most: most)
        guard isNext("?") else { return quantifier }
        position += 1
        // Of a fixed count, a question mark makes no reluctance but an option.
        guard hasComma else { throw error("a question mark behind a fixed count") }
        quantifier.greed = .lazy
        return quantifier
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let digit = current, (0x30...0x39).contains(digit) {
            value = min((value ?? 0) * 10 + Int(digit - 0x30), 1 << 30)
            position += 1
        }
        return value
    }
}
