// Characters in valid UTF-8.

extension [UInt8] {
    /// The character that begins at an offset, and how many bytes it has.
    ///
    /// - Precondition: the array is valid UTF-8, and a character begins there.
    func scalar(at offset: Int) -> (Unicode.Scalar, length: Int) {
        let first = self[offset]
        if first < 0x80 { return (Unicode.Scalar(first), 1) }
        let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        var value = UInt32(first) & (0x7F >> UInt32(length))
        for byte in self[offset + 1..<offset + length] { value = value << 6 | UInt32(byte & 0x3F) }
        return (Unicode.Scalar(value) ?? "\u{FFFD}", length)
    }

    /// The character that ends before an offset, and how many bytes it has.
    func scalar(before offset: Int) -> (Unicode.Scalar, length: Int) {
        var start = offset - 1
        while self[start] & 0xC0 == 0x80 { start -= 1 }
        return scalar(at: start)
    }

    var scalarCount: Int { scalarCount(in: startIndex..<endIndex) }

    func scalarCount(in range: Range<Int>) -> Int { self[range].reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) } }

    /// Where the character with this number begins: the end of the text where there are fewer.
    func offset(ofScalar number: Int) -> Int {
        var (offset, left) = (0, number)
        while left > 0, offset < count {
            offset += Self.length(self[offset])
            left -= 1
        }
        return offset
    }

    /// How many bytes the character has that begins with this one.
    static func length(_ first: UInt8) -> Int { first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4 }
}

extension Unicode.Scalar {
    /// What `str.isspace` and `\s` of Python take for whitespace: Unicode's White_Space and the four ASCII separators.
    var isPythonSpace: Bool {
        switch value {
        case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }

    /// Where `str.splitlines` of Python ends a line.
    var isPythonLineEnd: Bool {
        switch value {
        case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }

    /// `str.isprintable` of Python.
    var isPythonPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        case .spaceSeparator: self == " "
        default: true
        }
    }

    var isPythonAlphabetic: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: false
        }
    }

    var isPythonDecimal: Bool { properties.numericType == .decimal }

    var isPythonDigit: Bool { properties.numericType == .decimal || properties.numericType == .digit }

    var isPythonNumeric: Bool { properties.numericType != nil }

    var isPythonAlphanumeric: Bool { isPythonAlphabetic || isPythonNumeric }

    /// The digit's value where it is a decimal one, of any script.
    var decimalValue: Int? {
        if case 0x30...0x39 = value { return Int(value) - 0x30 }
        return isPythonDecimal ? properties.numericValue.map { Int($0) } : nil
    }
}
