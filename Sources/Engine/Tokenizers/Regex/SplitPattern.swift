/// What text is split at: the matches of a pattern, and what lies between them.
enum SplitPattern {
    case regex(RegexProgram)
    case literal([UInt8])
    /// Each scalar of a kind is a match of its own.
    case scalars(ScalarKind)

    enum ScalarKind: Hashable {
        /// Rust's `char::is_numeric`
        case numeric
        /// Hugging Face's `Punctuation`
        case punctuation
        /// Unicode's White_Space
        case whiteSpace

        func contains(_ value: UInt32) -> Bool {
            switch self {
            case .numeric: ScalarTable.shared.isNumeric(value)
            case .punctuation: ScalarTable.shared.isOldPunctuation(value)
            case .whiteSpace: ScalarTable.isWhiteSpace(value)
            }
        }
    }

    var description: String {
        switch self {
        case .regex(let program): program.pattern
        case .literal(let bytes): "\(bytes)"
        case .scalars(let kind): "\(kind)"
        }
    }

    /// Calls `body` with each match that is not empty, or that cuts the text in two, in order.
    func forEachMatch(
        in text: UnsafeBufferPointer<UInt8>, _ scratch: inout RegexScratch, _ body: (Range<Int>) -> Void
    ) {
        switch self {
        case .regex(let program):
            program.withMatcher(in: text, &scratch) { matcher in
                var position = 0
                var lastEnd: Int?
                while position <= text.count, let match = matcher.next(from: position) {
                    position = match.upperBound
                    if match.isEmpty, match.upperBound == lastEnd {
                        // No empty match right behind another match.
                        guard position < text.count else { break }
                        position += decodeScalar(text, at: position).length
                        continue
                    }
                    lastEnd = match.upperBound
                    body(match)
                }
            }
        case .literal(let literal):
            guard let first = literal.first else { return }
            var position = 0
            while position + literal.count <= text.count {
                if text[position] == first,
                    UnsafeBufferPointer(rebasing: text[position..<(position + literal.count)]).elementsEqual(literal)
                {
                    body(position..<(position + literal.count))
                    position += literal.count
                } else {
                    position += 1
                }
            }
        case .scalars(let kind):
            var position = 0
            while position < text.count {
                let (value, length) = decodeScalar(text, at: position)
                if kind.contains(value) { body(position..<(position + length)) }
                position += length
            }
        }
    }
}

/// What becomes of the matches (Hugging Face's `SplitDelimiterBehavior`).
enum SplitBehavior: String {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"
}

/// Splits text at the matches of a pattern.
struct Splitter {
    let pattern: SplitPattern
    let behavior: SplitBehavior
    /// Matches and what lies between them change places.
    var isInverted = false

    /// Appends the pieces' ranges in order, none of them empty.
    func split(
        _ text: UnsafeBufferPointer<UInt8>, _ scratch: inout RegexScratch, into pieces: inout [Range<Int>]
    ) {
        var assembler = PieceAssembler(behavior: behavior, first: pieces.count)
        var end = 0
        pattern.forEachMatch(in: text, &scratch) { match in
            if end < match.lowerBound { assembler.add(end..<match.lowerBound, isMatch: isInverted, to: &pieces) }
            assembler.add(match, isMatch: !isInverted, to: &pieces)
            end = match.upperBound
        }
        if end < text.count { assembler.add(end..<text.count, isMatch: isInverted, to: &pieces) }
        assembler.finish(&pieces)
    }
}

/// Puts matches and gaps together as a behaviour says.
private struct PieceAssembler {
    let behavior: SplitBehavior
    /// Where the pieces of this text start.
    let first: Int
    private var wasMatch = false
    /// With `mergedWithNext`: a match that waits for what follows it.
    private var waiting: Range<Int>?

    init(behavior: SplitBehavior, first: Int) {
        (self.behavior, self.first) = (behavior, first)
    }

    mutating func add(_ range: Range<Int>, isMatch: Bool, to pieces: inout [Range<Int>]) {
        switch behavior {
        case .removed: if !isMatch, !range.isEmpty { pieces.append(range) }
        case .isolated: if !range.isEmpty { pieces.append(range) }
        case .mergedWithPrevious:
            extend(if: isMatch && !wasMatch, range, &pieces)
        case .contiguous:
            extend(if: isMatch == wasMatch, range, &pieces)
        case .mergedWithNext:
            // A match waits: another match leaves it alone, what is none takes it.
            if isMatch {
                if let waiting { pieces.append(waiting) }
                waiting = range
            } else {
                pieces.append((waiting?.lowerBound ?? range.lowerBound)..<range.upperBound)
                waiting = nil
            }
        }
        wasMatch = isMatch
    }

    private func extend(if joins: Bool, _ range: Range<Int>, _ pieces: inout [Range<Int>]) {
        if joins, pieces.count > first {
            pieces[pieces.count - 1] = pieces[pieces.count - 1].lowerBound..<range.upperBound
        } else {
            pieces.append(range)
        }
    }

    mutating func finish(_ pieces: inout [Range<Int>]) {
        if let waiting { pieces.append(waiting) }
        waiting = nil
    }
}
