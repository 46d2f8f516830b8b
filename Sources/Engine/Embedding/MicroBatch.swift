/// Sequences that run through the layers together, each prefix once.
package struct MicroBatch {
    /// Rows that a micro-batch aims at: enough to use the matrix units well, few enough for the caches.
    package static let targetRows = 512

    /// Which sequences, in the order in which `tree` has them.
    package private(set) var sequences: [Int] = []
    package private(set) var tree = PrefixTree()
    /// So many of the tree's first rows are the beginning of the batch before: their keys and values are known.
    package private(set) var knownRows = 0
    /// So many tokens of the last sequence are the beginning of the batch that follows.
    package private(set) var keptTokens = 0

    /// Rows that are computed.
    package var rowCount: Int { tree.rowCount - knownRows }

    /// A prefix of more tokens is kept only as far: it is computed again from there on.
    static let keptTokensMax = 1024

    /// What computes this batch, after the one before it unless this is the first of a cut.
    ///
    /// - Parameter asked: Rows of the tree, ascending. What is asked for is computed, whether or not its keys and values
    ///   are known; row `r` of the tree is row `r - restoredCount` of the plan.
    func plan(layers: Set<Int>, asked: [Int32]) -> RowPlan {
        let known = min(knownRows, Int(asked.first ?? 0))
        var remaining = keptTokens
        let kept = tree.lastPath.compactMap { rows -> Range<Int>? in
            let part = rows.prefix(remaining)
            remaining -= part.count
            return part.isEmpty ? nil : part.startIndex..<part.endIndex
        }
        var plan = RowPlan(layers: layers, slots: .carried(restored: known, kept: kept))
        for branch in tree.branches where branch.rows.upperBound > known {
            let rows = max(branch.rows.lowerBound, known)..<branch.rows.upperBound
            plan.append(
                tree.tokens[rows], positions: tree.positions[rows], slot: rows.lowerBound, attended: branch.path)
        }
        plan.ask(for: asked.map { $0 - Int32(known) })
        return plan
    }

    /// Cuts sequences into micro-batches of about equal cost, to be run in order. Those with a common prefix are
    /// neighbours in lexicographic order; where they come into two batches, the first keeps the prefix for the second.
    /// A sequence longer than the target gets a batch of its own size.
    ///
    /// - Parameters:
    ///   - keepsPrefixes: false where the states of all tokens are asked for, which a kept prefix does not have.
    ///   - sharesPrefixes: false computes every token of every sequence, to measure what sharing is worth.
    package static func cut(
        _ sequences: [TokenSequence], keepsPrefixes: Bool = true, sharesPrefixes: Bool = true
    ) -> [MicroBatch] {
        let order = sequences.indices.sorted { left, right in
            let (a, b) = (sequences[left].tokens, sequences[right].tokens)
            return a.lexicographicallyPrecedes(b) || (a == b && left < right)
        }
        var shared = [Int](repeating: 0, count: order.count)  // with the sequence before
        for index in order.indices.dropFirst() where sharesPrefixes {
            shared[index] = PrefixTree.sharedCount(
                sequences[order[index - 1]].tokens, sequences[order[index]].tokens)
        }
        let costs = order.indices.map { sequences[order[$0]].tokens.count - shared[$0] }
        var remaining = costs.reduce(0, +)
        var batches: [MicroBatch] = []
        var (rows, goal) = (0, 0)
        for index in order.indices {
            let tokens = sequences[order[index]].tokens
            let known = keepsPrefixes ? min(shared[index], keptTokensMax) : 0
            if batches.isEmpty || !fits(costs[index], after: rows, goal: goal, shared: shared[index], known: known) {
                if let last = batches.indices.last { batches[last].keptTokens = known }
                batches.append(MicroBatch())
                batches[batches.count - 1].knownRows = known
                rows = -known
                // The fewest batches that the target allows for what is left, all of about the same size.
                goal = remaining / max((remaining + targetRows - 1) / targetRows, 1)
            }
            batches[batches.count - 1].sequences.append(order[index])
            rows += batches[batches.count - 1].tree.append(tokens, sharing: sharesPrefixes)
            remaining -= costs[index]
        }
        return batches
    }

    /// Whether a batch is nearer to its goal with `cost` rows more than without. One that shares more with the batch
    /// than it adds, and would have to compute that again in the next one, stays until there are two targets' rows
    /// besides the prefix.
    private static func fits(_ cost: Int, after rows: Int, goal: Int, shared: Int, known: Int) -> Bool {
        let isNearer = rows + cost <= Scratch.tileRows && rows + cost / 2 <= goal
        return isNearer || (shared - known > cost && rows + cost <= shared + 2 * targetRows)
    }
}
