internal import Diagnostics

extension Lexer {
    /// Reads what stands inside a tag, up to its end and not over it.
    ///
    /// - Parameter endLength: how long a tag's end is that stands there. Inside of brackets none is looked for.
    mutating func readExpressionTokens(until endLength: (SourceText) -> Int?) throws(JinjaError) {
        let opening = tokens.last
        var brackets: [Token.Symbol] = []
        while true {
            if brackets.isEmpty, endLength(source) != nil { return }
            guard let byte = source.byte else {
                throw JinjaError(
                    .syntax, "expected the end of the tag that begins here, found the template's end",
                    at: opening?.position)
            }
            let space = source.skippingSpace(ahead: 0)
            if space > 0 {
                source.advance(space)
            } else if let length = floatLength {
                try readFloat(length)
            } else if isDigit(byte) {
                try readInteger()
            } else if isNameStart(byte) {
                readName()
            } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                try readString(quote: byte)
            } else {
                try readSymbol(&brackets)
            }
        }
    }

    private mutating func readSymbol(_ brackets: inout [Token.Symbol]) throws(JinjaError) {
        guard
            let symbol = Token.Symbol.allCases.first(where: {
                source.bytes[source.offset...].starts(with: $0.rawValue.utf8)
            })
        else {
            let (scalar, _) = source.bytes.scalar(at: source.offset)
            if scalar.properties.isXIDStart {
                throw JinjaError(
                    .unsupported, "expected names of ASCII letters, digits and _, found \(String(scalar).quoted)",
                    at: source.position)
            }
            throw source.error("expected a name, a value or an operator, found \(String(scalar).quoted)")
        }
        switch symbol {
        case .openBrace: brackets.append(.closeBrace)
        case .openBracket: brackets.append(.closeBracket)
        case .openParenthesis: brackets.append(.closeParenthesis)
        case .closeBrace, .closeBracket, .closeParenthesis:
            guard let expected = brackets.popLast() else {
                throw source.error("expected no closing bracket, found \(symbol.rawValue.quoted)")
            }
            guard expected == symbol else {
                throw source.error("expected \(expected.rawValue.quoted), found \(symbol.rawValue.quoted)")
            }
        default: break
        }
        append(.symbol(symbol))
        source.advance(symbol.rawValue.utf8.count)
    }

    // MARK: - Names

    private func isNameStart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
        default: false
        }
    }

    private mutating func readName() {
        let name = source.bytes[source.offset...].prefix { isNameStart($0) || isDigit($0) }
        append(.name(String(decoding: name, as: UTF8.self)))
        source.advance(name.count)
    }

    // MARK: - Numbers

    private func isDigit(_ byte: UInt8?) -> Bool { byte.map { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ?? false }

    /// Where digits end that begin that far ahead, with single underscores between them.
    private func digitsEnd(ahead distance: Int, _ isDigit: (UInt8?) -> Bool) -> Int {
        var end = distance
        while true {
            if isDigit(source.byte(ahead: end)) {
                end += 1
            } else if end > distance, source.byte(ahead: end) == UInt8(ascii: "_"),
                isDigit(source.byte(ahead: end + 1))
            {
                end += 2
            } else {
                return end
            }
        }
    }

    /// Digits with a fraction, an exponent or both. Behind a dot there is none: `x.1.2` are two places in lists.
    private var floatLength: Int? {
        guard isDigit(source.byte), source.offset == 0 || source.bytes[source.offset - 1] != UInt8(ascii: ".") else {
            return nil
        }
        var end = digitsEnd(ahead: 0, isDigit)
        var isFloat = false
        if source.byte(ahead: end) == UInt8(ascii: "."), isDigit(source.byte(ahead: end + 1)) {
            end = digitsEnd(ahead: end + 1, isDigit)
            isFloat = true
        }
        if let exponent = source.byte(ahead: end), exponent | 0x20 == UInt8(ascii: "e") {
            let sign = source.byte(ahead: end + 1)
            let digits = end + (sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") ? 2 : 1)
            if isDigit(source.byte(ahead: digits)) {
                end = digitsEnd(ahead: digits, isDigit)
                isFloat = true
            }
        }
        return isFloat ? end : nil
    }

    private mutating func readFloat(_ length: Int) throws(JinjaError) {
        let digits = source.bytes[source.offset..<source.offset + length].filter { $0 != UInt8(ascii: "_") }
        guard let value = Double(String(decoding: digits, as: UTF8.self)) else {
            throw source.error("expected a number, found \(String(decoding: digits, as: UTF8.self).quoted)")
        }
        append(.float(value))
        source.advance(length)
    }

    private mutating func readInteger() throws(JinjaError) {
        var (radix, start, end) = (10, 0, 0)
        if source.byte == UInt8(ascii: "0") {
            let prefixes: [UInt8: Int] = [UInt8(ascii: "b"): 2, UInt8(ascii: "o"): 8, UInt8(ascii: "x"): 16]
            if let letter = source.byte(ahead: 1), let found = prefixes[letter | 0x20] {
                let isFoundDigit = { (byte: UInt8?) in
                    byte.flatMap { Character(Unicode.Scalar($0)).hexDigitValue }.map { $0 < found } ?? false
                }
                // One underscore may stand behind the prefix.
                start = source.byte(ahead: 2) == UInt8(ascii: "_") ? 3 : 2
                end = digitsEnd(ahead: start, isFoundDigit)
                radix = found
            }
            if end == start {
                (radix, start) = (10, 0)
                end = digitsEnd(ahead: 0) { $0 == UInt8(ascii: "0") }
            }
        } else {
            end = digitsEnd(ahead: 0, isDigit)
        }
        let digits = source.bytes[source.offset + start..<source.offset + end].filter { $0 != UInt8(ascii: "_") }
        guard let value = Int(String(decoding: digits, as: UTF8.self), radix: radix) else {
            throw JinjaError(
                .unsupported, "expected a whole number of at most 64 bits, found one of \(digits.count) digits",
                at: source.position)
        }
        append(.integer(value))
        source.advance(end)
    }

    // MARK: - Strings

    private mutating func readString(quote: UInt8) throws(JinjaError) {
        var end = source.offset + 1
        while end < source.bytes.count, source.bytes[end] != quote {
            end += source.bytes[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard end < source.bytes.count else {
            throw source.error("expected the closing quote of the string that begins here, found none")
        }
        let content = source.bytes[source.offset + 1..<end]
        do throws(JinjaError) {
            append(.string(try StringLiteral.unescaped(Array(content))))
        } catch {
            throw error.located(at: source.position)
        }
        source.advance(end + 1 - source.offset)
    }
}
