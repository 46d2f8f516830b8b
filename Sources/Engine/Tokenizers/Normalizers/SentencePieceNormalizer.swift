/// SentencePiece's normalizer (https://github.com/google/sentencepiece/blob/master/src/normalizer.cc): replacements by
/// a table, spaces in a row made one, a space before the text or behind it, and a visible character for each space.
struct SentencePieceNormalizer {
    let charsMap: CharsMap?
    let addsDummyPrefix: Bool
    let removesExtraWhitespaces: Bool
    let escapesWhitespaces: Bool
    /// The dummy goes behind the text.
    let isSuffix: Bool
    /// Tokens that a user defined stay as they are.
    let userDefined: ByteTrie

    private var space: [UInt8] { escapesWhitespaces ? Metaspace.mark : [0x20] }

    /// What the text at `position` begins with, and what it becomes.
    private enum Prefix {
        case asItIs(Int)
        case replaced(Int, ArraySlice<UInt8>)

        var length: Int {
            switch self {
            case .asItIs(let length), .replaced(let length, _): length
            }
        }
    }

    private func prefix(_ text: UnsafeBufferPointer<UInt8>, at position: Int) -> Prefix {
        if let match = userDefined.longestPrefix(of: text, from: position) { return .asItIs(match.end - position) }
        if let charsMap {
            let rest = UnsafeBufferPointer(rebasing: text[position...])
            if let (length, bytes) = charsMap.replacement(rest, longest: true) { return .replaced(length, bytes) }
        }
        return .asItIs(decodeScalar(text, at: position).length)
    }

    private func isSpace(_ prefix: Prefix, _ text: UnsafeBufferPointer<UInt8>, at position: Int) -> Bool {
        switch prefix {
        case .asItIs(let length): length == 1 && text[position] == 0x20
        case .replaced(_, let bytes): bytes.elementsEqual(CollectionOfOne(0x20))
        }
    }

    /// Nil where nothing changes.
    func normalized(_ text: UnsafeBufferPointer<UInt8>) -> AlignedText? {
        var position = 0
        if removesExtraWhitespaces {
            while position < text.count {
                let prefix = prefix(text, at: position)
                guard isSpace(prefix, text, at: position) else { break }
                position += prefix.length
            }
        }
        var result = AlignedText(capacity: text.count + text.count / 2 + 8)
        guard position < text.count else {
            result.replace(to: text.count, with: [])
            return result
        }
        if position > 0 { result.replace(to: position, with: []) }
        if !isSuffix, addsDummyPrefix { result.replace(to: result.sourceEnd, with: space) }

        var wasSpace = removesExtraWhitespaces
        while position < text.count {
            let prefix = prefix(text, at: position)
            let end = position + prefix.length
            let endsWithSpace: Bool?
            switch prefix {
            case .asItIs(let length):
                let part = UnsafeBufferPointer(rebasing: text[position..<(position + length)])
                endsWithSpace = append(part, isReplacement: false, wasSpace, text, end, &result)
            case .replaced(_, let bytes):
                endsWithSpace = append(bytes, isReplacement: true, wasSpace, text, end, &result)
            }
            if let endsWithSpace { wasSpace = endsWithSpace }
            if !removesExtraWhitespaces { wasSpace = false }
            position = end
        }
        if removesExtraWhitespaces {
            while result.bytes.count >= space.count, result.bytes.suffix(space.count).elementsEqual(space) {
                result.removeLast(space.count)
            }
        }
        if isSuffix, addsDummyPrefix { result.replace(to: text.count, with: space) }
        return result
    }

    /// Appends what stands for the source up to `end`, less spaces that it begins with behind a space.
    ///
    /// - Returns: whether it ends with a space; nil if nothing is left of it.
    private func append(
        _ part: some RandomAccessCollection<UInt8>, isReplacement: Bool, _ wasSpace: Bool,
        _ text: UnsafeBufferPointer<UInt8>, _ end: Int, _ result: inout AlignedText
    ) -> Bool? {
        let kept = wasSpace ? part.drop { $0 == 0x20 } : part[...]
        guard let last = kept.last else {
            result.replace(to: end, with: [])
            return nil
        }
        if !isReplacement, kept.count == part.count, !(escapesWhitespaces && kept.contains(0x20)) {
            result.copy(text, to: end)
        } else {
            var bytes: [UInt8] = []
            for byte in kept {
                if byte == 0x20, escapesWhitespaces { bytes += Metaspace.mark } else { bytes.append(byte) }
            }
            result.replace(to: end, with: bytes)
        }
        return last == 0x20
    }
}
