/// A vocabulary as a source has it: each token's name and what it is for.
struct VocabularySource {
    let names: [[UInt8]]
    let kinds: [TokenKind]

    /// Tokens that plain text may become.
    func findable(_ vocabulary: Vocabulary) -> [Int32] {
        (0..<Int32(vocabulary.count)).filter { vocabulary.isFindable($0) }
    }

    /// Of the names as they are: those of bytes and of control tokens are no text.
    func vocabulary(findsUserDefined: Bool) -> Vocabulary {
        Vocabulary(count: names.count) { id, bytes in
            bytes += names[id]
            switch kinds[id] {
            case .control, .unknown, .byte: return .never
            case .userDefined: return findsUserDefined ? .afterOthers : .never
            case .undefined, .normal, .unused: return .byItsBytes
            }
        }
    }

    /// For each byte its token by name, or -1.
    var tokenOfByte: [Int32] {
        var tokens = [Int32](repeating: -1, count: 256)
        for (id, name) in names.enumerated() where kinds[id] == .byte || kinds[id] == .normal {
            if let byte = TokenNames.byte(name), tokens[Int(byte)] < 0 { tokens[Int(byte)] = Int32(id) }
        }
        return tokens
    }

    /// Marks become spaces, bytes' names the bytes.
    var spellings: Spellings {
        var spellings = Spellings()
        for (name, kind) in zip(names, kinds) {
            spellings.append { bytes in
                if kind == .byte || kind == .normal, let byte = TokenNames.byte(name) {
                    bytes.append(byte)
                } else if kind.isControl {
                    bytes += name
                } else {
                    TokenNames.appendUnescaped(name, to: &bytes)
                }
            }
        }
        return spellings
    }

    /// Control tokens and, if asked for, those that a user defined, in the order of their numbers.
    func addedTokens(userDefined: Bool) -> [AddedToken] {
        zip(names, kinds).enumerated().compactMap { id, token in
            guard token.1.isControl || userDefined && token.1 == .userDefined else { return nil }
            return AddedToken(id: Int32(id), bytes: token.0, isControl: token.1.isControl)
        }
    }

    /// Control tokens whose names say that an answer ends.
    var namedEnds: Set<Int32> {
        var tokens: Set<Int32> = []
        for (id, kind) in kinds.enumerated() where kind.isControl && TokenNames.ends.contains(names[id]) {
            tokens.insert(Int32(id))
        }
        return tokens
    }
}
