/// Sequences that run through the layers together, each prefix once.
package struct MicroBatch {
    /// Rows after sharing that a micro-batch aims at: enough to use the matrix units well, few enough for the caches.
    package static let targetRows = 512

    /// Which sequences, in the order in which `tree` has them.
    package private(set) var sequences: [Int] = []
    package private(set) var tree = PrefixTree()

    /// Cuts sequences into micro-batches. Those with a common prefix are neighbours in lexicographic order; one that
    /// shares more than it adds stays with its prefix beyond the target, up to twice the target besides that prefix.
    /// A sequence longer than the target gets a batch of its own size.
    package static func cut(_ sequences: [TokenSequence]) -> [MicroBatch] {
        let order = sequences.indices.sorted { left, right in
            let (a, b) = (sequences[left].tokens, sequences[right].tokens)
            return a.lexicographicallyPrecedes(b) || (a == b && left < right)
        }
        var batches = [MicroBatch()]
        for index in order {
            let tokens = sequences[index].tokens
            if !batches[batches.count - 1].hasRoom(for: tokens) { batches.append(MicroBatch()) }
            batches[batches.count - 1].sequences.append(index)
            batches[batches.count - 1].tree.append(tokens)
        }
        return batches
    }

    private func hasRoom(for tokens: [Int32]) -> Bool {
        let shared = tree.sharedCount(tokens)
        let rows = tree.rowCount + tokens.count - shared
        let savesMoreThanItAdds = shared > tokens.count - shared
        return sequences.isEmpty || rows <= Self.targetRows
            || (savesMoreThanItAdds && rows <= shared + 2 * Self.targetRows)
    }
}
