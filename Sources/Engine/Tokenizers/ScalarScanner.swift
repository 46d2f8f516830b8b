/// The classes of Unicode scalars that the pre-tokenizers' patterns tell apart.
enum ScalarClass {
    /// `\p{L}`
    case letter
    /// `\p{N}`
    case number
    /// `[\r\n]`
    case newline
    /// The rest of `\s`: Unicode's `White_Space`
    case space
    /// Everything else, and bytes that are not UTF-8
    case other
    /// There is nothing here: the end of the text
    case end

    /// `\s`
    var isWhitespace: Bool { self == .space || self == .newline }

    @inline(__always)
    init(ascii byte: UInt8) {
        switch byte {
        case 0x41...0x5A, 0x61...0x7A: self = .letter
        case 0x20, 0x09, 0x0B, 0x0C: self = .space
        case 0x30...0x39: self = .number
        case 0x0A, 0x0D: self = .newline
        default: self = .other
        }
    }

    init(_ scalar: Unicode.Scalar) {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: self = .letter
        case .decimalNumber, .letterNumber, .otherNumber: self = .number
        default: self = scalar.properties.isWhitespace ? .space : .other
        }
    }
}

/// Walks over bytes that should be UTF-8, scalar by scalar. A byte that is no part of valid UTF-8 counts as one scalar
/// of class `other`.
package struct ScalarScanner {
    let bytes: UnsafeBufferPointer<UInt8>

    /// A scanner over `bytes`, to be used only as long as they are valid.
    package init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// The class and length in bytes of the scalar that starts at `position`; length 0 at the end.
    @inline(__always)
    func scalar(at position: Int) -> (class: ScalarClass, length: Int) {
        guard position < bytes.count else { return (.end, 0) }
        let byte = bytes[position]
        return byte < 0x80 ? (ScalarClass(ascii: byte), 1) : multibyteScalar(at: position)
    }

    @inline(__always)
    func scalarClass(at position: Int) -> ScalarClass { scalar(at: position).class }

    /// The end of the longest run from `position` of scalars of `scalarClass`, at most `limit` of them.
    @inline(__always)
    func runEnd(of scalarClass: ScalarClass, from position: Int, limit: Int = .max) -> Int {
        var end = position
        var count = 0
        while count < limit {
            let next = scalar(at: end)
            guard next.class == scalarClass, next.length > 0 else { break }
            end += next.length
            count += 1
        }
        return end
    }

    private func multibyteScalar(at position: Int) -> (class: ScalarClass, length: Int) {
        guard let (scalar, length) = decode(at: position) else { return (.other, 1) }
        return (ScalarClass(scalar), length)
    }

    /// The scalar of two to four bytes at `position`, or nil where the bytes are not UTF-8 (RFC 3629: no surrogates,
    /// nothing longer than needed, nothing above U+10FFFF).
    private func decode(at position: Int) -> (Unicode.Scalar, length: Int)? {
        let lead = bytes[position]
        let (length, least): (Int, UInt32)
        switch lead {
        case 0xC2...0xDF: (length, least) = (2, 0x80)
        case 0xE0...0xEF: (length, least) = (3, 0x800)
        case 0xF0...0xF4: (length, least) = (4, 0x10000)
        default: return nil
        }
        guard position + length <= bytes.count else { return nil }
        var value = UInt32(lead) & (0x7F >> UInt32(length))
        for offset in 1..<length {
            let byte = bytes[position + offset]
            guard byte & 0xC0 == 0x80 else { return nil }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        guard value >= least, let scalar = Unicode.Scalar(value) else { return nil }
        return (scalar, length)
    }
}
