/// Cuts a template into tokens as Jinja2 does with `trim_blocks`, `lstrip_blocks` and its own delimiters:
/// https://jinja.palletsprojects.com/en/stable/templates/#whitespace-control.
struct Lexer {
    private enum Tag {
        case output, block, comment
        case raw
    }

    var source: SourceText
    var tokens: [Token] = []

    /// Whether what was read last ended with a line feed, so that whitespace from here on is a line's indentation.
    private var isAtLineStart = true

    private init(_ source: SourceText) { self.source = source }

    /// - Returns: all tokens; the last one is ``Token/Kind/end``.
    static func tokens(of source: String) throws(JinjaError) -> [Token] {
        var lexer = Lexer(try SourceText(source))
        while !lexer.source.isAtEnd { try lexer.readTextAndTag() }
        lexer.append(.end)
        return lexer.tokens
    }

    mutating func append(_ kind: Token.Kind) { tokens.append(Token(kind: kind, position: source.position)) }

    // MARK: - Text

    private mutating func readTextAndTag() throws(JinjaError) {
        let start = source.offset
        let position = source.position
        var end = start
        while end < source.bytes.count, !isTagStart(end) { end += 1 }
        guard end < source.bytes.count else {
            appendText(start..<end, at: position)
            source.advance(end - start)
            return
        }
        let tag = tag(at: end)
        let sign = end + 2 < source.bytes.count ? source.bytes[end + 2] : 0
        appendText(start..<textEnd(start..<end, sign: sign, mayStripIndentation: tag != .output), at: position)
        source.advance(end - start)
        switch tag {
        case .output: try readOutput(sign: sign)
        case .block: try readBlock(sign: sign)
        case .comment: try readComment(sign: sign)
        case .raw: try readRaw()
        }
    }

    private func isTagStart(_ offset: Int) -> Bool {
        guard source.bytes[offset] == UInt8(ascii: "{"), offset + 1 < source.bytes.count else { return false }
        let second = source.bytes[offset + 1]
        return second == UInt8(ascii: "{") || second == UInt8(ascii: "%") || second == UInt8(ascii: "#")
    }

    private func tag(at offset: Int) -> Tag {
        switch source.bytes[offset + 1] {
        case UInt8(ascii: "{"): .output
        case UInt8(ascii: "#"): .comment
        default: rawBeginLength(ahead: offset - source.offset) == nil ? .block : .raw
        }
    }

    /// Where text ends that stands before a tag, by the tag's sign and the rules of whitespace.
    private func textEnd(_ range: Range<Int>, sign: UInt8, mayStripIndentation: Bool) -> Int {
        var end = range.upperBound
        if sign == UInt8(ascii: "-") {
            while end > range.lowerBound, case let (scalar, length) = source.bytes.scalar(before: end),
                scalar.isPythonSpace
            {
                end -= length
            }
            return end
        }
        guard mayStripIndentation, sign != UInt8(ascii: "+") else { return end }
        while end > range.lowerBound, source.bytes[end - 1] != UInt8(ascii: "\n") {
            let (scalar, length) = source.bytes.scalar(before: end)
            guard scalar.isPythonSpace else { return range.upperBound }
            end -= length
        }
        return end > range.lowerBound || isAtLineStart ? end : range.upperBound
    }

    private mutating func appendText(_ range: Range<Int>, at position: JinjaPosition) {
        guard !range.isEmpty else { return }
        tokens.append(Token(kind: .data(Array(source.bytes[range])), position: position))
    }

    // MARK: - Tags

    private func isSign(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") }

    private mutating func advance(_ distance: Int) {
        source.advance(distance)
        isAtLineStart = source.isBehindLineEnd
    }

    private mutating func readOutput(sign: UInt8) throws(JinjaError) {
        append(.outputBegin)
        source.advance(isSign(sign) ? 3 : 2)
        try readExpressionTokens(until: Self.outputEndLength)
        append(.outputEnd)
        advance(Self.outputEndLength(source) ?? 0)
    }

    private mutating func readBlock(sign: UInt8) throws(JinjaError) {
        append(.blockBegin)
        source.advance(isSign(sign) ? 3 : 2)
        try readExpressionTokens(until: { Self.endLength("%}", $0) })
        append(.blockEnd)
        advance(Self.endLength("%}", source) ?? 0)
    }

    private mutating func readComment(sign: UInt8) throws(JinjaError) {
        let opening = source.position
        source.advance(isSign(sign) ? 3 : 2)
        while !source.isAtEnd {
            if let length = Self.endLength("#}", source) { return advance(length) }
            source.advance(1)
        }
        throw JinjaError(.syntax, "expected \"#}\" somewhere behind the comment's begin, found none", at: opening)
    }

    private mutating func readRaw() throws(JinjaError) {
        let opening = source.position
        advance(rawBeginLength(ahead: 0) ?? 0)
        let start = source.offset
        let position = source.position
        while !source.isAtEnd {
            if let length = rawEndLength() {
                let sign = source.byte(ahead: 2) ?? 0
                appendText(
                    start..<textEnd(start..<source.offset, sign: sign, mayStripIndentation: true), at: position)
                return advance(length)
            }
            source.advance(1)
        }
        throw JinjaError(.syntax, "expected {% endraw %} somewhere behind {% raw %}, found none", at: opening)
    }

    private func rawBeginLength(ahead distance: Int) -> Int? {
        guard var end = tagLength("raw", ahead: distance) else { return nil }
        if source.starts(with: "-%}", ahead: end) {
            end = source.skippingSpace(ahead: end + 3)
        } else if source.starts(with: "%}", ahead: end) {
            end += 2
        } else {
            return nil
        }
        return end - distance
    }

    private func rawEndLength() -> Int? {
        guard let end = tagLength("endraw", ahead: 0) else { return nil }
        var rest = source
        rest.advance(end)
        return Self.endLength("%}", rest).map { end + $0 }
    }

    /// Where a tag's name ends, with the whitespace behind it.
    private func tagLength(_ name: StaticString, ahead distance: Int) -> Int? {
        guard source.starts(with: "{%", ahead: distance) else { return nil }
        var end = distance + 2
        if let sign = source.byte(ahead: end), isSign(sign) { end += 1 }
        end = source.skippingSpace(ahead: end)
        guard source.starts(with: name, ahead: end) else { return nil }
        return source.skippingSpace(ahead: end + name.utf8CodeUnitCount)
    }

    /// How long the end of a tag is that stands here, with the whitespace that goes with it: all of it behind a
    /// minus, one line feed behind no sign.
    private static func endLength(_ end: StaticString, _ source: SourceText) -> Int? {
        if source.starts(with: end) { return source.byte(ahead: 2) == UInt8(ascii: "\n") ? 3 : 2 }
        guard source.starts(with: end, ahead: 1) else { return nil }
        if source.byte == UInt8(ascii: "+") { return 3 }
        return source.byte == UInt8(ascii: "-") ? source.skippingSpace(ahead: 3) : nil
    }

    private static func outputEndLength(_ source: SourceText) -> Int? {
        if source.starts(with: "-}}") { return source.skippingSpace(ahead: 3) }
        return source.starts(with: "}}") ? 2 : nil
    }
}
