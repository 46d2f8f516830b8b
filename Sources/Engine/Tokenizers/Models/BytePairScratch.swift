/// The symbols of one word while they are merged. Reused from word to word, so that encoding allocates only for longer
/// words than before.
struct BytePairScratch {
    /// A token on the way to the word's final ones.
    private struct Symbol {
        static let noMerge = UInt32.max

        var token: Int32
        /// Bytes from the start of the word.
        var end: Int32
        /// The rank and result of the merge with the next symbol, if there is one.
        var mergeRank = noMerge
        var mergedToken: Int32 = -1
    }

    /// Two symbols that became one.
    private struct Parts {
        let left: Int32
        let right: Int32
        let leftBytes: Int32
    }

    private var symbols: [Symbol] = []
    /// Of long words: indices of the neighbours, or -1, of what is then a linked list.
    private var links: [(previous: Int32, next: Int32)] = []
    private var queue = MergeQueue()
    private var parts: [Int32: Parts] = [:]

    /// Up to here it is faster to look at all symbols for the next merge than to keep them in order.
    private static let shortWord = 48

    mutating func removeAll() { symbols.removeAll(keepingCapacity: true) }

    mutating func append(_ token: Int32, end: Int) {
        symbols.append(Symbol(token: token, end: Int32(truncatingIfNeeded: end)))
    }

    func isSingle(_ token: Int32) -> Bool { symbols.count == 1 && symbols[0].token == token }

    func contains(where isWanted: (Int32) -> Bool) -> Bool { symbols.contains { isWanted($0.token) } }

    /// Calls `body` with each token and its end, in order.
    @inline(__always)
    func forEachToken(_ body: (_ token: Int32, _ end: Int) -> Void) {
        for symbol in symbols { body(symbol.token, Int(symbol.end)) }
    }

    var count: Int { symbols.count }

    /// A token and where it ends, in bytes from the start of the word.
    @inline(__always)
    subscript(index: Int) -> (token: Int32, end: Int) { (symbols[index].token, Int(symbols[index].end)) }

    // MARK: Merging

    /// Merges until no merge is left; in time O(n log n).
    ///
    /// - Parameter takesApart: tokens that become again what they were made of.
    mutating func merge(_ merges: MergeTable, takesApart: Set<Int32>) {
        guard symbols.count > 1 else { return }
        if !takesApart.isEmpty { parts.removeAll(keepingCapacity: true) }
        if symbols.count <= Self.shortWord {
            mergeShort(merges, takesApart)
        } else {
            mergeLong(merges, takesApart)
        }
        if !takesApart.isEmpty { takeApart(takesApart) }
    }

    @inline(__always)
    private mutating func offerMerge(
        _ index: Int, _ next: Int, _ merges: MergeTable, _ takesApart: Set<Int32>
    ) -> Bool {
        guard let merge = merges.merge(symbols[index].token, symbols[next].token) else {
            symbols[index].mergeRank = Symbol.noMerge
            return false
        }
        symbols[index].mergeRank = merge.rank
        symbols[index].mergedToken = merge.token
        if !takesApart.isEmpty, takesApart.contains(merge.token) {
            let start = index == 0 ? 0 : symbols[previous(of: index)].end
            parts[merge.token] = Parts(
                left: symbols[index].token, right: symbols[next].token, leftBytes: symbols[index].end - start)
        }
        return true
    }

    private func previous(of index: Int) -> Int { links.isEmpty ? index - 1 : Int(links[index].previous) }

    private mutating func mergeShort(_ merges: MergeTable, _ takesApart: Set<Int32>) {
        links.removeAll(keepingCapacity: true)
        for index in 0..<(symbols.count - 1) { _ = offerMerge(index, index + 1, merges, takesApart) }
        while true {
            var best = -1
            var bestRank = Symbol.noMerge
            for index in 0..<(symbols.count - 1) where symbols[index].mergeRank < bestRank {
                best = index
                bestRank = symbols[index].mergeRank
            }
            guard best >= 0 else { return }
            symbols[best].token = symbols[best].mergedToken
            symbols[best].end = symbols[best + 1].end
            symbols.remove(at: best + 1)
            if best + 1 < symbols.count {
                _ = offerMerge(best, best + 1, merges, takesApart)
            } else {
                symbols[best].mergeRank = Symbol.noMerge
            }
            if best > 0 { _ = offerMerge(best - 1, best, merges, takesApart) }
        }
    }

    private mutating func mergeLong(_ merges: MergeTable, _ takesApart: Set<Int32>) {
        queue.removeAll()
        links.removeAll(keepingCapacity: true)
        let last = symbols.count - 1
        for index in 0...last { links.append((Int32(index - 1), index == last ? -1 : Int32(index + 1))) }
        for index in 0..<last where offerMerge(index, index + 1, merges, takesApart) {
            queue.append(rank: symbols[index].mergeRank, index: Int32(index))
        }
        queue.order()
        while let (rank, entry) = queue.popLeast() {
            let index = Int(entry)
            // An entry is stale when its pair has changed since.
            guard symbols[index].mergeRank == rank else { continue }
            let right = Int(links[index].next)
            let afterRight = links[right].next
            symbols[index].token = symbols[index].mergedToken
            symbols[index].end = symbols[right].end
            links[index].next = afterRight
            symbols[right].mergeRank = Symbol.noMerge
            symbols[right].token = -1
            if afterRight >= 0 {
                links[Int(afterRight)].previous = entry
                offerAndQueue(index, Int(afterRight), merges, takesApart)
            } else {
                symbols[index].mergeRank = Symbol.noMerge
            }
            let previous = links[index].previous
            if previous >= 0 { offerAndQueue(Int(previous), index, merges, takesApart) }
        }
        symbols.removeAll { $0.token < 0 }
        links.removeAll(keepingCapacity: true)
    }

    private mutating func offerAndQueue(
        _ index: Int, _ next: Int, _ merges: MergeTable, _ takesApart: Set<Int32>
    ) {
        if offerMerge(index, next, merges, takesApart) {
            queue.insert(rank: symbols[index].mergeRank, index: Int32(index))
        }
    }

    // MARK: Unused tokens

    private mutating func takeApart(_ unused: Set<Int32>) {
        guard symbols.contains(where: { unused.contains($0.token) }) else { return }
        var result: [Symbol] = []
        var start: Int32 = 0
        for symbol in symbols {
            var waiting = [(token: symbol.token, start: start, end: symbol.end)]
            while let (token, start, end) = waiting.popLast() {
                if unused.contains(token), let parts = parts[token], parts.leftBytes > 0, parts.leftBytes < end - start
                {
                    waiting.append((parts.right, start + parts.leftBytes, end))
                    waiting.append((parts.left, start, start + parts.leftBytes))
                } else {
                    result.append(Symbol(token: token, end: end))
                }
            }
            start = symbol.end
        }
        symbols = result
    }
}

/// A binary min-heap of merges, ordered by rank and then by position.
struct MergeQueue {
    /// `rank << 32 | index`
    private var heap: [UInt64] = []

    mutating func removeAll() { heap.removeAll(keepingCapacity: true) }

    /// Adds an entry before the heap is put in order.
    mutating func append(rank: UInt32, index: Int32) { heap.append(Self.entry(rank, index)) }

    /// Puts appended entries in order.
    mutating func order() { for parent in (0..<(heap.count / 2)).reversed() { sink(heap[parent], from: parent) } }

    private static func entry(_ rank: UInt32, _ index: Int32) -> UInt64 {
        UInt64(rank) << 32 | UInt64(UInt32(bitPattern: index))
    }

    mutating func insert(rank: UInt32, index: Int32) {
        let entry = Self.entry(rank, index)
        var child = heap.count
        heap.append(entry)
        while child > 0 {
            let parent = (child - 1) / 2
            guard entry < heap[parent] else { break }
            heap[child] = heap[parent]
            child = parent
        }
        heap[child] = entry
    }

    mutating func popLeast() -> (rank: UInt32, index: Int32)? {
        guard let least = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty { sink(last, from: 0) }
        return (UInt32(least >> 32), Int32(bitPattern: UInt32(truncatingIfNeeded: least)))
    }

    /// Puts `entry` at `start` and moves it down to its place.
    private mutating func sink(_ entry: UInt64, from start: Int) {
        var parent = start
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            guard heap[child] < entry else { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = entry
    }
}
