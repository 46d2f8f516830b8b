/// Texts of peers end up in logs, the status and the ledger: they are kept short, and to one line.
extension String {
    /// Bytes of a reason that are kept. The reasons of all rows of a unit fit into a header.
    package static let reasonBytesMax = 1000

    private static let nameBytesMax = 1000

    /// The text with blanks for control characters, cut off where it is too long for a reason.
    package var bounded: String {
        let isFine = utf8.count <= Self.reasonBytesMax && !unicodeScalars.contains(where: \.isControl)
        if isFine { return self }
        var text = String.UnicodeScalarView()
        var bytes = 0
        for scalar in unicodeScalars {
            bytes += UTF8.width(scalar)
            guard bytes <= Self.reasonBytesMax - 3 else {
                text.append("…")
                break
            }
            text.append(scalar.isControl ? " " : scalar)
        }
        return String(text)
    }

    /// The text itself.
    ///
    /// - Throws: `ProtocolError` where it is too long for a name, or has control characters.
    func checked(_ what: String) throws -> String {
        guard utf8.count <= Self.nameBytesMax else {
            throw ProtocolError("\(what) of \(utf8.count) bytes; at most \(Self.nameBytesMax) are expected")
        }
        guard !hasControlCharacters else { throw ProtocolError("\(what) with control characters") }
        return self
    }

    package var hasControlCharacters: Bool { unicodeScalars.contains(where: \.isControl) }
}

extension Unicode.Scalar {
    /// Unicode's general categories Cc, Zl and Zp: a log line ends at the separators, too.
    fileprivate var isControl: Bool {
        switch value {
        case 0...0x1F, 0x7F...0x9F, 0x2028, 0x2029: true
        default: false
        }
    }
}
