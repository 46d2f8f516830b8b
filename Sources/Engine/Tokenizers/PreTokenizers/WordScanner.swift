/// The patterns of the most common models, as scanners that find the same words as the regular expressions.
package enum WordScanner: CaseIterable, Sendable {
    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    case gpt2
    /// Each `\p{N}` is a word; what lies between them is split by the rule of `gpt2`.
    case smollm
    /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}`, then
    /// `| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
    case llamaBPE
    /// The pattern of `llamaBPE` with `\p{N}` for `\p{N}{1,3}`
    case qwen2

    /// The scanner that finds the same words as a regular expression, if there is one.
    init?(pattern: String) {
        let scanner = Self.allCases.first { $0.pattern.utf8.elementsEqual(pattern.utf8) }
        guard let scanner else { return nil }
        self = scanner
    }

    /// The regular expression; of `smollm` the one behind the splitting of digits.
    package var pattern: String {
        switch self {
        case .gpt2, .smollm: KnownPattern.gpt2
        case .llamaBPE: KnownPattern.llama3
        case .qwen2: KnownPattern.qwen2
        }
    }

    /// The end of the word that starts at `start`, which lies before the end of the text.
    @inline(__always)
    package func wordEnd(in text: ScalarScanner, from start: Int) -> Int {
        switch self {
        case .gpt2: Self.gpt2WordEnd(text, start, digitsStandAlone: false)
        case .smollm: Self.gpt2WordEnd(text, start, digitsStandAlone: true)
        case .llamaBPE: Self.llamaWordEnd(text, start, digits: 3)
        case .qwen2: Self.llamaWordEnd(text, start, digits: 1)
        }
    }

    // MARK: Scanners

    /// With `digitsStandAlone` a number ends the text as far as the pattern can see.
    @inline(__always)
    private static func gpt2WordEnd(_ text: ScalarScanner, _ start: Int, digitsStandAlone: Bool) -> Int {
        if let end = contractionEnd(text, start, ignoringCase: false) { return end }
        let body = text.bytes[start] == UInt8(ascii: " ") ? start + 1 : start
        switch text.scalarClass(at: body) {
        case .letter: return text.runEnd(of: .letter, from: body)
        case .other: return text.runEnd(of: .other, from: body)
        case .number where !digitsStandAlone: return text.runEnd(of: .number, from: body)
        case .number where body == start: return text.runEnd(of: .number, from: start, limit: 1)
        case .number, .space, .newline, .end:
            let run = whitespaceRun(text, start)
            let next = text.scalarClass(at: run.end)
            return next == .end || digitsStandAlone && next == .number ? run.end : run.endBeforeWord
        }
    }

    @inline(__always)
    private static func llamaWordEnd(_ text: ScalarScanner, _ start: Int, digits: Int) -> Int {
        if let end = contractionEnd(text, start, ignoringCase: true) { return end }
        let first = text.scalar(at: start)
        switch first.class {
        case .letter: return text.runEnd(of: .letter, from: start)
        case .number: return text.runEnd(of: .number, from: start, limit: digits)
        case .space, .other:
            let second = start + first.length
            if text.scalarClass(at: second) == .letter { return text.runEnd(of: .letter, from: second) }
            if first.class == .other { return punctuationEnd(text, start) }
            if text.bytes[start] == UInt8(ascii: " "), text.scalarClass(at: second) == .other {
                return punctuationEnd(text, second)
            }
        case .newline, .end: break
        }
        let run = whitespaceRun(text, start)
        if let afterNewlines = run.endOfNewlines { return afterNewlines }
        return text.scalarClass(at: run.end) == .end ? run.end : run.endBeforeWord
    }

    // MARK: Parts of the patterns

    /// `'s|'t|'re|'ve|'m|'ll|'d`, in any case if `ignoringCase`; a case of "s" is the long one, U+017F.
    @inline(__always)
    private static func contractionEnd(_ text: ScalarScanner, _ start: Int, ignoringCase: Bool) -> Int? {
        guard text.bytes[start] == UInt8(ascii: "'"), start + 1 < text.bytes.count else { return nil }
        // 0x20 is the bit between an ASCII letter's two cases.
        let caseBit: UInt8 = ignoringCase ? 0x20 : 0
        let first = text.bytes[start + 1] | caseBit
        let second = start + 2 < text.bytes.count ? text.bytes[start + 2] | caseBit : 0
        switch (first, second) {
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return start + 3
        case (UInt8(ascii: "s"), _), (UInt8(ascii: "t"), _), (UInt8(ascii: "m"), _), (UInt8(ascii: "d"), _):
            return start + 2
        default: break
        }
        // The long s: C5 BF in UTF-8.
        guard ignoringCase, start + 2 < text.bytes.count, text.bytes[start + 1] == 0xC5, text.bytes[start + 2] == 0xBF
        else { return nil }
        return start + 3
    }

    /// `[^\s\p{L}\p{N}]+[\r\n]*`
    private static func punctuationEnd(_ text: ScalarScanner, _ start: Int) -> Int {
        text.runEnd(of: .newline, from: text.runEnd(of: .other, from: start))
    }

    /// The run of `\s` at `start`, which has at least one scalar.
    private static func whitespaceRun(
        _ text: ScalarScanner, _ start: Int
    ) -> (end: Int, endBeforeWord: Int, endOfNewlines: Int?) {
        var end = start
        var lastStart = start
        var endOfNewlines: Int?
        while true {
            let next = text.scalar(at: end)
            guard next.class.isWhitespace else { break }
            lastStart = end
            end += next.length
            if next.class == .newline { endOfNewlines = end }
        }
        // `\s+(?!\S)` leaves the last scalar of a longer run to the word that follows; `\s+` takes a run of one.
        return (end, lastStart > start ? lastStart : end, endOfNewlines)
    }
}
