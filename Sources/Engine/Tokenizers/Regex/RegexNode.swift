/// A regular expression as a tree. Scalars are Unicode's; captures are groups.
indirect enum RegexNode {
    enum Greed { case greedy, lazy, possessive }

    enum Assertion {
        case textStart, textEnd, textEndBeforeNewline
        /// Behind or before a newline, too.
        case lineStart, lineEnd
        case wordBoundary, noWordBoundary
    }

    case empty
    /// One scalar of the set.
    case set(ScalarSet)
    case sequence([RegexNode])
    case alternatives([RegexNode])
    /// - Parameter most: nil for no limit.
    case repeated(RegexNode, least: Int, most: Int?, Greed)
    /// What was matched inside stays as it is.
    case atomic(RegexNode)
    case lookAhead(RegexNode, negative: Bool)
    case lookBehind([RegexNode], negative: Bool)
    case assertion(Assertion)
}

extension RegexNode {
    /// The scalars that a match can begin with; all of them where a match may be empty.
    ///
    /// What looks around or asserts counts as empty.
    var first: (scalars: ScalarSet, canBeEmpty: Bool) {
        switch self {
        case .empty, .lookAhead, .lookBehind, .assertion: return (.empty, true)
        case .set(let set): return (set, false)
        case .atomic(let node): return node.first
        case .repeated(let node, let least, _, _):
            let first = node.first
            return (first.scalars, first.canBeEmpty || least == 0)
        case .sequence(let nodes):
            var ranges: [ClosedRange<UInt32>] = []
            for node in nodes {
                let first = node.first
                ranges += first.scalars.ranges
                if !first.canBeEmpty { return (ScalarSet(ranges), false) }
            }
            return (ScalarSet(ranges), true)
        case .alternatives(let nodes):
            let firsts = nodes.map(\.first)
            return (ScalarSet(firsts.flatMap(\.scalars.ranges)), firsts.contains(where: \.canBeEmpty))
        }
    }

    /// Whether it matches at every place, if only nothing.
    var alwaysMatches: Bool {
        switch self {
        case .empty: true
        case .set, .lookAhead, .lookBehind, .assertion: false
        case .repeated(let node, let least, _, _): least == 0 || node.alwaysMatches
        case .sequence(let nodes): nodes.allSatisfy(\.alwaysMatches)
        case .alternatives(let nodes): nodes.contains(where: \.alwaysMatches)
        case .atomic(let node): node.alwaysMatches
        }
    }

    /// How many scalars every match has; nil where they differ.
    var width: Int? {
        switch self {
        case .empty, .lookAhead, .lookBehind, .assertion: return 0
        case .set: return 1
        case .atomic(let node): return node.width
        case .repeated(let node, let least, let most, _):
            guard least == most, let width = node.width else { return nil }
            return width * least
        case .sequence(let nodes):
            return nodes.reduce(0) { sum, node in
                guard let sum, let width = node.width else { return nil }
                return sum + width
            }
        case .alternatives(let nodes):
            guard let width = nodes.first?.width, nodes.allSatisfy({ $0.width == width }) else { return nil }
            return width
        }
    }
}
