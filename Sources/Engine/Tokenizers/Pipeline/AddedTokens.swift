/// A token that is found in the text itself, before the text is split into words.
struct AddedToken {
    let id: Int32
    /// What is looked for.
    var bytes: [UInt8]
    /// Found only where control tokens are allowed.
    let isControl: Bool
    /// Not beside a letter, a number or the like.
    var isSingleWord = false
    /// White space before it, or behind it, belongs to it.
    var stripsLeft = false
    var stripsRight = false
}

/// The added tokens of one stage: control tokens and those that a user defined.
struct AddedTokens {
    static let longestMax = 4096

    private let tokens: [AddedToken]
    private let trie: ByteTrie
    private let starts: [Bool]

    /// - Parameter tokens: of equal ones the first one counts. Empty ones are passed over.
    init(_ tokens: [AddedToken]) {
        self.tokens = tokens.filter { !$0.bytes.isEmpty }
        trie = ByteTrie(self.tokens.enumerated().map { ($1.bytes, Int32($0)) })
        var starts = [Bool](repeating: false, count: 256)
        for token in self.tokens { starts[Int(token.bytes[0])] = true }
        self.starts = starts
    }

    var isEmpty: Bool { tokens.isEmpty }

    /// A token that was found.
    struct Match {
        let token: Int32
        /// What is spelled, where the next one is looked for.
        let end: Int
        /// With the white space that belongs to it.
        let range: Range<Int>
        /// Of such a token nothing is left, and it is none, where another one has taken all of it.
        let stripsLeft: Bool
    }

    /// The first added token at or after `start`: the leftmost, and of those the longest that is allowed there.
    ///
    /// - Parameters:
    ///   - covered: the white space before it goes back no further.
    ///   - allowsControl: whether a control token may be spelled at these bytes of the text.
    func firstMatch(
        in text: UnsafeBufferPointer<UInt8>, from start: Int, covered: Int, allowsControl: (Range<Int>) -> Bool
    ) -> Match? {
        var position = start
        while position < text.count {
            guard starts[Int(text[position])], let (token, end) = longest(text, at: position, allowsControl) else {
                position += 1
                continue
            }
            // As in the reference, nothing shorter is looked for in its place.
            if token.isSingleWord, isWord(text, before: position) || isWord(text, at: end) {
                position = end
                continue
            }
            return Match(
                token: token.id, end: end, range: stripped(token, text, position..<end, covered),
                stripsLeft: token.stripsLeft)
        }
        return nil
    }

    private func longest(
        _ text: UnsafeBufferPointer<UInt8>, at position: Int, _ allowsControl: (Range<Int>) -> Bool
    ) -> (AddedToken, end: Int)? {
        var found: (AddedToken, end: Int)?
        var node = ByteTrie.root
        var end = position
        while end < text.count, let next = trie.child(of: node, text[end]) {
            node = next
            end += 1
            let value = trie.value(at: node)
            guard value >= 0 else { continue }
            let token = tokens[Int(value)]
            if !token.isControl || allowsControl(position..<end) { found = (token, end) }
        }
        return found
    }

    /// Where several tokens take the same white space, the first one has it.
    private func stripped(
        _ token: AddedToken, _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ covered: Int
    ) -> Range<Int> {
        var (lower, upper) = (max(range.lowerBound, covered), max(range.upperBound, covered))
        while token.stripsLeft, lower > covered {
            let previous = scalarStart(text, before: lower)
            guard ScalarTable.isWhiteSpace(decodeScalar(text, at: previous).value) else { break }
            lower = max(previous, covered)
        }
        while token.stripsRight, upper < text.count {
            let (value, length) = decodeScalar(text, at: upper)
            guard ScalarTable.isWhiteSpace(value) else { break }
            upper += length
        }
        return lower..<upper
    }

    private func isWord(_ text: UnsafeBufferPointer<UInt8>, at position: Int) -> Bool {
        position < text.count && ScalarSet.rustWord.contains(decodeScalar(text, at: position).value)
    }

    private func isWord(_ text: UnsafeBufferPointer<UInt8>, before position: Int) -> Bool {
        position > 0 && isWord(text, at: scalarStart(text, before: position))
    }
}
