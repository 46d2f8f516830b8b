/// A compiled regular expression: instructions for `RegexMatcher`. Immutable.
struct RegexProgram {
    enum Instruction {
        /// One scalar of the set.
        case set(Int)
        /// As many scalars of the set as there are, at most `most`; where what follows fails, one less after another,
        /// unless that can't help. `number` counts the spans of a program.
        case span(set: Int, least: Int, most: Int, givesBack: Bool, number: Int)
        /// Goes on at the first place, and where that fails at the second. `number` counts these.
        case split(Int, Int, number: Int)
        case jump(Int)
        /// Goes on where the table says for the next byte.
        case dispatch(table: Int)
        /// Whether what stands between here and `next` matches (or does not) `back` scalars before.
        case look(next: Int, back: Int, isBehind: Bool, negative: Bool)
        case atomic(next: Int)
        case assertion(RegexNode.Assertion)
        case accept
        case fail
    }

    static let instructionLimit = 1000

    /// For ASCII's bytes, then for all others, then for the end of the text.
    static let dispatchCount = 130

    let code: [Instruction]
    let sets: [ScalarBitmap]
    let tables: [Int]
    let splitCount: Int
    let spanCount: Int
    /// What a match can begin with; nil where it may be empty.
    let first: ScalarBitmap?

    /// As it was written.
    let pattern: String

    /// - Throws: `RegexError`, which names what is not supported.
    init(_ pattern: String) throws(RegexError) { try self.init(try RegexParser.parse(pattern), pattern: pattern) }

    init(_ node: RegexNode, pattern: String) throws(RegexError) {
        var compiler = RegexCompiler()
        try compiler.compile(node, before: .end)
        try compiler.emit(.accept)
        self.pattern = pattern
        let first = node.first
        self.first = first.canBeEmpty ? nil : ScalarBitmap(first.scalars)
        code = compiler.code
        sets = compiler.sets.map { ScalarBitmap($0) }
        tables = compiler.tables
        (splitCount, spanCount) = (compiler.splitCount, compiler.spanCount)
    }
}

/// Makes a `RegexProgram`'s instructions of a tree.
struct RegexCompiler {
    /// What comes behind a node.
    struct Following {
        /// What it can begin with.
        var scalars: ScalarSet
        var canBeEmpty: Bool
        /// It matches whatever comes, so that nothing before it is tried again.
        var alwaysMatches: Bool

        static let end = Following(scalars: .empty, canBeEmpty: true, alwaysMatches: true)

        /// The node, and then this.
        func preceded(by node: RegexNode) -> Following {
            let first = node.first
            return Following(
                scalars: first.canBeEmpty ? first.scalars.union(scalars) : first.scalars,
                canBeEmpty: first.canBeEmpty && canBeEmpty,
                alwaysMatches: node.alwaysMatches && alwaysMatches)
        }
    }

    fileprivate(set) var code: [RegexProgram.Instruction] = []
    fileprivate(set) var sets: [ScalarSet] = []
    fileprivate(set) var tables: [Int] = []
    fileprivate(set) var splitCount = 0
    fileprivate(set) var spanCount = 0
    private var numberOfSet: [ScalarSet: Int] = [:]

    mutating func emit(_ instruction: RegexProgram.Instruction) throws(RegexError) {
        guard code.count < RegexProgram.instructionLimit else {
            throw RegexError(
                offset: 0,
                problem: "a regular expression has more than \(RegexProgram.instructionLimit) steps, which is too long")
        }
        code.append(instruction)
    }

    private mutating func number(of set: ScalarSet) -> Int {
        if let number = numberOfSet[set] { return number }
        sets.append(set)
        numberOfSet[set] = sets.count - 1
        return sets.count - 1
    }

    private mutating func emitSplit() throws(RegexError) -> Int {
        try emit(.split(0, 0, number: splitCount))
        splitCount += 1
        return code.count - 1
    }

    private mutating func setSplit(at place: Int, _ first: Int, _ second: Int) {
        guard case .split(_, _, let number) = code[place] else { return }
        code[place] = .split(first, second, number: number)
    }

    // MARK: Nodes

    mutating func compile(_ node: RegexNode, before following: Following) throws(RegexError) {
        switch node {
        case .empty: break
        case .set(let set): try emit(set.isEmpty ? .fail : .set(number(of: set)))
        case .sequence(let nodes):
            var followings = [following]
            for node in nodes.dropFirst().reversed() {
                followings.append(followings[followings.count - 1].preceded(by: node))
            }
            for (node, following) in zip(nodes, followings.reversed()) { try compile(node, before: following) }
        case .alternatives(let nodes): try compile(alternatives: nodes, before: following)
        case .repeated(let node, let least, let most, let greed):
            try compile(repeated: node, least, most, greed, before: following)
        case .atomic(let node):
            try compileAtomic { compiler throws(RegexError) in try compiler.compile(node, before: .end) }
        case .lookAhead(let node, let negative): try compileLook(node, back: 0, isBehind: false, negative)
        case .lookBehind(let nodes, let negative): try compile(lookBehind: nodes, negative)
        case .assertion(let assertion): try emit(.assertion(assertion))
        }
    }

    private mutating func compile(alternatives nodes: [RegexNode], before following: Following) throws(RegexError) {
        let dispatch = code.count
        try emit(.dispatch(table: 0))
        var starts: [Int] = []
        var jumps: [Int] = []
        for node in nodes {
            starts.append(code.count)
            try compile(node, before: following)
            jumps.append(code.count)
            try emit(.jump(0))
        }
        // Which alternatives there are for each next byte.
        let firsts = nodes.map(\.first)
        let table = tables.count
        tables += [Int](repeating: 0, count: RegexProgram.dispatchCount)
        var chains: [[Int]: Int] = [:]
        let others = ScalarSet([0x80...ScalarSet.last])
        for entry in 0..<RegexProgram.dispatchCount {
            let possible = firsts.indices.filter { index in
                if firsts[index].canBeEmpty { return true }
                switch entry {
                case 0..<0x80: return firsts[index].scalars.contains(UInt32(entry))
                case 0x80: return !firsts[index].scalars.isDisjoint(with: others)
                default: return false
                }
            }
            if chains[possible] == nil { chains[possible] = try emitChain(possible.map { starts[$0] }) }
            tables[table + entry] = chains[possible] ?? 0
        }
        code[dispatch] = .dispatch(table: table)
        for jump in jumps { code[jump] = .jump(code.count) }
    }

    /// Tries one place after another.
    private mutating func emitChain(_ places: [Int]) throws(RegexError) -> Int {
        guard let last = places.last else {
            try emit(.fail)
            return code.count - 1
        }
        if places.count == 1 { return last }
        let start = code.count
        for place in places.dropLast() {
            let split = try emitSplit()
            setSplit(at: split, place, split + 1)
        }
        try emit(.jump(last))
        return start
    }

    private mutating func compile(
        repeated node: RegexNode, _ least: Int, _ most: Int?, _ greed: RegexNode.Greed, before following: Following
    ) throws(RegexError) {
        guard most != 0 else { return }
        if case .set(let set) = node, greed != .lazy {
            let givesBack =
                greed == .greedy && !following.alwaysMatches && least != most
                && (following.canBeEmpty || !set.isDisjoint(with: following.scalars))
            try emit(
                .span(
                    set: number(of: set), least: least, most: most ?? .max, givesBack: givesBack, number: spanCount))
            spanCount += 1
            return
        }
        if greed == .possessive {
            try compileAtomic { compiler throws(RegexError) in
                try compiler.compile(repeated: node, least, most, .greedy, before: .end)
            }
            return
        }
        var again = following.preceded(by: node)
        again.scalars = again.scalars.union(following.scalars)
        again.canBeEmpty = following.canBeEmpty
        again.alwaysMatches = false
        for _ in 0..<least { try compile(node, before: again) }
        if let most {
            var splits: [Int] = []
            for _ in least..<most {
                splits.append(try emitSplit())
                try compile(node, before: again)
            }
            for split in splits { set(split, body: split + 1, exit: code.count, greed) }
        } else {
            let split = try emitSplit()
            try compile(node, before: again)
            try emit(.jump(split))
            set(split, body: split + 1, exit: code.count, greed)
        }
    }

    private mutating func set(_ split: Int, body: Int, exit: Int, _ greed: RegexNode.Greed) {
        if greed == .lazy { setSplit(at: split, exit, body) } else { setSplit(at: split, body, exit) }
    }

    private mutating func compileAtomic(
        _ body: (inout RegexCompiler) throws(RegexError) -> Void
    ) throws(RegexError) {
        let place = code.count
        try emit(.atomic(next: 0))
        try body(&self)
        try emit(.accept)
        code[place] = .atomic(next: code.count)
    }

    private mutating func compileLook(
        _ node: RegexNode, back: Int, isBehind: Bool, _ negative: Bool
    ) throws(RegexError) {
        let place = code.count
        try emit(.look(next: 0, back: back, isBehind: isBehind, negative: negative))
        try compile(node, before: .end)
        try emit(.accept)
        code[place] = .look(next: code.count, back: back, isBehind: isBehind, negative: negative)
    }

    /// Each alternative looks behind by its own width.
    private mutating func compile(lookBehind nodes: [RegexNode], _ negative: Bool) throws(RegexError) {
        if negative {
            for node in nodes { try compileLook(node, back: node.width ?? 0, isBehind: true, true) }
            return
        }
        var jumps: [Int] = []
        for (index, node) in nodes.enumerated() {
            let split = index < nodes.count - 1 ? try emitSplit() : nil
            try compileLook(node, back: node.width ?? 0, isBehind: true, false)
            jumps.append(code.count)
            try emit(.jump(0))
            if let split { setSplit(at: split, split + 1, code.count) }
        }
        for jump in jumps { code[jump] = .jump(code.count) }
    }
}
