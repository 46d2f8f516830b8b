/// The words of a text, in its order, each as a hash of its lower-cased UTF-8: no word is held, however long it is.
///
/// A word is a run of letters, marks and digits, with single apostrophes inside it, which are all the same; an
/// ideograph or kana, written without spaces, is a word by itself (`WordRole`). Scripts that have neither spaces nor
/// ideographs (Thai, Lao, Khmer) give one word for a phrase. Lower case is that of each scalar alone (Unicode's
/// Lowercase_Mapping); texts are not normalised, so `é` in one scalar and in two are different words.
struct WordHashes: Sequence, IteratorProtocol {
    private let empty: SeededHash
    private var scalars: String.UnicodeScalarView.Iterator

    /// What ended the last word, and may begin the next.
    private var ahead: Unicode.Scalar?

    init(_ text: String, seed: UInt64) {
        empty = SeededHash(seed: seed)
        scalars = text.unicodeScalars.makeIterator()
    }

    mutating func next() -> UInt32? {
        guard let first = firstOfWord() else { return nil }
        var hash = empty
        hash.append(lowercased: first)
        if WordRole(of: first) == .ideograph { return hash.value }
        var isBehindApostrophe = false
        while let scalar = scalars.next() {
            switch WordRole(of: scalar) {
            case .letter, .capital:
                if isBehindApostrophe { hash.append(UInt8(ascii: "'")) }
                isBehindApostrophe = false
                hash.append(lowercased: scalar)
            case .apostrophe where !isBehindApostrophe: isBehindApostrophe = true
            case .apostrophe, .ideograph, .whiteSpace, .other:
                ahead = scalar
                return hash.value
            }
        }
        return hash.value
    }

    private mutating func firstOfWord() -> Unicode.Scalar? {
        var scalar = ahead ?? scalars.next()
        ahead = nil
        while let found = scalar, !WordRole(of: found).isPartOfWord { scalar = scalars.next() }
        return scalar
    }
}

extension SeededHash {
    fileprivate mutating func append(lowercased scalar: Unicode.Scalar) {
        if scalar.isASCII {
            append(scalar.lowercasedASCII)
        } else if WordRole(of: scalar) == .capital {
            append(scalar.properties.lowercaseMapping.utf8)
        } else {
            append(UTF8.encode(scalar)!)
        }
    }
}

extension Unicode.Scalar {
    /// - Precondition: it is ASCII.
    var lowercasedASCII: UInt8 {
        let byte = UInt8(value)
        return (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
    }
}
