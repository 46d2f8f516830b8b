/// How text is split into the words inside which tokens are made: steps, each of which splits the pieces of the one
/// before.
struct PreTokenizer {
    enum Step {
        /// Everything that a scanner's pattern matches is a piece.
        case words(WordScanner)
        case split(Splitter)
        /// A space before a piece that has none.
        case prefixSpace
        case metaspace(Metaspace)
        /// From here on the text is the byte-level alphabet's spelling of its bytes.
        case spelledBytes
    }

    var steps: [Step] = []

    /// Whether pieces may have what the text has not.
    var addsText: Bool {
        steps.contains { step in
            switch step {
            case .words, .split, .spelledBytes: false
            case .prefixSpace, .metaspace: true
            }
        }
    }

    /// Whether pieces reach over the whole text, so that it is worth looking for places that no token crosses.
    var leavesTextWhole: Bool {
        steps.allSatisfy { step in
            switch step {
            case .words, .split: false
            case .prefixSpace, .spelledBytes: true
            case .metaspace(let metaspace): !metaspace.splits
            }
        }
    }
}

extension PreTokenizer {
    /// Two of the same description split alike.
    var description: String {
        steps.map { step in
            switch step {
            case .words(.smollm):
                "\(SplitPattern.scalars(.numeric).description) Isolated / \(KnownPattern.gpt2) Isolated"
            case .words(let scanner): "\(scanner.pattern) Isolated"
            case .split(let splitter):
                "\(splitter.pattern.description) \(splitter.behavior.rawValue)\(splitter.isInverted ? " inverted" : "")"
            case .prefixSpace: "prefix space"
            case .metaspace(let metaspace):
                "metaspace \(metaspace.replacement) \(metaspace.prefix.rawValue) \(metaspace.splits)"
            case .spelledBytes: "spelled bytes"
            }
        }.joined(separator: " / ")
    }
}

/// Spaces become a visible character, as in SentencePiece.
struct Metaspace {
    enum Prefix: String {
        case always, first, never
    }

    /// The visible character's UTF-8.
    let replacement: [UInt8]
    let prefix: Prefix
    /// Whether a piece ends before each such character.
    let splits: Bool

    /// `▁`, U+2581
    static let mark: [UInt8] = [0xE2, 0x96, 0x81]

    func replaced(_ text: UnsafeBufferPointer<UInt8>, isFirst: Bool) -> AlignedText {
        var result = AlignedText(capacity: text.count + text.count / 2 + replacement.count)
        let takesPrefix = prefix == .always || prefix == .first && isFirst
        if takesPrefix, text.first != 0x20, !text.starts(with: replacement) {
            result.replace(to: 0, with: replacement)
        }
        for (position, byte) in text.enumerated() where byte == 0x20 {
            result.copy(text, to: position)
            result.replace(to: position + 1, with: replacement)
        }
        result.copy(text, to: text.count)
        return result
    }
}
