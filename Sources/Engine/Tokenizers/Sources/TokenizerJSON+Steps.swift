internal import Diagnostics
internal import JSON
import ModelFiles

/// Reads the normalizers and pre-tokenizers of a `tokenizer.json`.
enum TokenizerSteps {
    private static let depthMax = 16

    // MARK: Normalizers

    /// - Throws: `ModelFileError`, which names what is not supported.
    static func normalizers(_ node: JSONNode, depth: Int = 0) throws -> [Normalizer] {
        let member = try node.members()
        let type = try node.required("type").string()
        switch type {
        case "Sequence":
            try checkDepth(node, depth)
            return try node.required("normalizers").elements().flatMap { try normalizers($0, depth: depth + 1) }
        case "NFC", "NFD", "NFKC", "NFKD":
            return UnicodeNormalizer.Form(rawValue: type).map { [.unicode($0)] } ?? []
        case "Prepend": return [.prepend(try node.required("prepend").bytes())]
        case "Replace":
            let (pattern, _) = try pattern(node)
            return [.replace(pattern, with: try node.required("content").bytes())]
        case "Lowercase": return [.lowercase]
        case "Strip":
            return [
                .strip(
                    left: try member("strip_left")?.bool() ?? true, right: try member("strip_right")?.bool() ?? true)
            ]
        case "StripAccents": return [.stripAccents]
        case "Nmt": return [.nmt]
        case "Precompiled":
            guard let table = member("precompiled_charsmap") else { return [] }
            return [.charsMap(try charsMap(table))]
        default:
            throw node.error(
                "normalizer",
                expected: """
                    one of NFC, NFD, NFKC, NFKD, Prepend, Replace, Lowercase, Strip, StripAccents, Nmt, Precompiled \
                    and Sequence, which are supported
                    """, found: type.quoted)
        }
    }

    private static func charsMap(_ node: JSONNode) throws -> CharsMap {
        guard let blob = Base64.decoded(try node.bytes()) else {
            throw node.error("value", expected: "base64", found: "something else")
        }
        do throws(Problem) {
            return try CharsMap(blob)
        } catch {
            throw node.error("value", expected: "a table of replacements", found: error.description)
        }
    }

    private static func checkDepth(_ node: JSONNode, _ depth: Int) throws {
        guard depth < depthMax else {
            throw node.error("sequence", expected: "at most \(depthMax) in one another", found: "more")
        }
    }

    /// `{"String": …}` or `{"Regex": …}`
    private static func pattern(_ node: JSONNode) throws -> (SplitPattern, regex: String?) {
        let pattern = try node.required("pattern")
        if let literal = try pattern.member("String") { return (.literal(try literal.bytes()), nil) }
        let text = try pattern.required("Regex").string()
        do throws(RegexError) {
            return (.regex(try RegexProgram(text)), text)
        } catch {
            throw pattern.error(
                "expression", expected: "one of the syntax that is supported", found: "\(error): \(text.quoted)")
        }
    }

    // MARK: Pre-tokenizers

    /// The steps, and whether tokens are spelled in the byte-level alphabet.
    ///
    /// - Parameter addsPrefixSpace: what `tokenizer_config.json` says, which holds for a `ByteLevel` that stands alone.
    /// - Throws: `ModelFileError`, which names what is not supported.
    static func preTokenizer(_ node: JSONNode, addsPrefixSpace: Bool?) throws -> (PreTokenizer, isByteLevel: Bool) {
        var steps: [PreTokenizer.Step] = []
        var isByteLevel = false
        try append(node, addsPrefixSpace: addsPrefixSpace, to: &steps, &isByteLevel, depth: 0)
        // Nobody sees the spelling behind the last step.
        if case .spelledBytes? = steps.last { steps.removeLast() }
        if steps.count == 2, case .split(let digits) = steps[0], digits.isDigitByDigit, case .words(.gpt2) = steps[1] {
            steps = [.words(.smollm)]
        }
        return (PreTokenizer(steps: steps), isByteLevel)
    }

    private static func append(
        _ node: JSONNode, addsPrefixSpace: Bool? = nil, to steps: inout [PreTokenizer.Step],
        _ isByteLevel: inout Bool, depth: Int
    ) throws {
        let member = try node.members()
        let type = try node.required("type").string()
        let isSpelled = steps.contains { if case .spelledBytes = $0 { true } else { false } }
        switch type {
        case "Sequence":
            try checkDepth(node, depth)
            for child in try node.required("pretokenizers").elements() {
                try append(child, to: &steps, &isByteLevel, depth: depth + 1)
            }
        case "Split":
            let (pattern, regex) = try pattern(node)
            let name = try node.required("behavior").string()
            guard let behavior = SplitBehavior(rawValue: name) else {
                throw node.error("behavior", expected: "one that is known", found: name.quoted)
            }
            let isInverted = try member("invert")?.bool() ?? false
            if let regex, behavior == .isolated, !isInverted, let scanner = WordScanner(pattern: regex) {
                steps.append(.words(scanner))
            } else {
                steps.append(.split(Splitter(pattern: pattern, behavior: behavior, isInverted: isInverted)))
            }
        case "Digits":
            let individual = try member("individual_digits")?.bool() ?? false
            steps.append(
                .split(Splitter(pattern: .scalars(.numeric), behavior: individual ? .isolated : .contiguous)))
        case "Punctuation":
            let name = try member("behavior")?.string() ?? SplitBehavior.isolated.rawValue
            guard let behavior = SplitBehavior(rawValue: name) else {
                throw node.error("behavior", expected: "one that is known", found: name.quoted)
            }
            steps.append(.split(Splitter(pattern: .scalars(.punctuation), behavior: behavior)))
        case "Whitespace": steps.append(.split(try whitespace(node)))
        case "WhitespaceSplit":
            steps.append(.split(Splitter(pattern: .scalars(.whiteSpace), behavior: .removed)))
        case "CharDelimiterSplit":
            steps.append(
                .split(Splitter(pattern: .literal(try node.required("delimiter").bytes()), behavior: .removed)))
        case "ByteLevel" where !isByteLevel:
            isByteLevel = true
            let adds = try member("add_prefix_space")?.bool() ?? true
            if addsPrefixSpace ?? adds { steps.append(.prefixSpace) }
            if try member("use_regex")?.bool() ?? true { steps.append(.words(.gpt2)) }
            steps.append(.spelledBytes)
        case "Metaspace" where !isSpelled: steps.append(.metaspace(try metaspace(node)))
        default:
            throw node.error(
                "pre-tokenizer",
                expected: """
                    one of Split, ByteLevel (once), Metaspace (not behind it), Digits, Punctuation, Whitespace, \
                    WhitespaceSplit, CharDelimiterSplit and Sequence, which are supported
                    """, found: type.quoted)
        }
    }

    /// `\w+|[^\w\s]+` of Rust's `regex`; what lies between is left out.
    private static func whitespace(_ node: JSONNode) throws -> Splitter {
        let other = ScalarSet.rustWord.union(.whiteSpace).inverted
        let words: [RegexNode] = [ScalarSet.rustWord, other].map {
            .repeated(.set($0), least: 1, most: nil, .greedy)
        }
        do throws(RegexError) {
            let program = try RegexProgram(.alternatives(words), pattern: "Whitespace")
            return Splitter(pattern: .regex(program), behavior: .removed, isInverted: true)
        } catch {
            throw node.error("expression", expected: "one that can be compiled", found: "\(error)")
        }
    }

    private static func metaspace(_ node: JSONNode) throws -> Metaspace {
        let member = try node.members()
        let replacement = try node.required("replacement").bytes()
        guard !replacement.isEmpty else { throw node.error("replacement", expected: "a character", found: "none") }
        let prefix: Metaspace.Prefix
        if let scheme = try member("prepend_scheme")?.string() {
            guard let known = Metaspace.Prefix(rawValue: scheme) else {
                throw node.error("prepend_scheme", expected: "always, first or never", found: scheme.quoted)
            }
            prefix = known
        } else {
            prefix = try member("add_prefix_space")?.bool() ?? true ? .always : .never
        }
        return Metaspace(replacement: replacement, prefix: prefix, splits: try member("split")?.bool() ?? true)
    }
}

extension Splitter {
    /// Hugging Face's `Digits` one by one.
    fileprivate var isDigitByDigit: Bool {
        if case .scalars(.numeric) = pattern { behavior == .isolated && !isInverted } else { false }
    }
}

/// RFC 4648, section 4.
enum Base64 {
    static func decoded(_ text: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var bits: UInt32 = 0
        var count = 0
        for character in text {
            let value: UInt8
            switch character {
            case 0x41...0x5A: value = character - 0x41
            case 0x61...0x7A: value = character - 0x61 + 26
            case 0x30...0x39: value = character - 0x30 + 52
            case 0x2B: value = 62
            case 0x2F: value = 63
            case 0x3D, 0x0A, 0x0D: continue
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
        return bytes
    }
}
