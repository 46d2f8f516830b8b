/// Byte-pair encoding of one word: the pair of neighbours with the lowest rank is merged, the leftmost of equals
/// first, until no pair can be.
struct BytePairMerges {
    /// A merge of two tokens: its rank, the lower the earlier, and the token that they become.
    struct Merge {
        let rank: UInt32
        let token: Int32
    }

    /// Keyed by `pairKey`.
    private let merges: [UInt64: Merge]
    /// The token of each single byte, or -1 where the vocabulary has none.
    private let tokenOfByte: [Int32]

    init(merges: [UInt64: Merge], vocabulary: Vocabulary) {
        self.merges = merges
        tokenOfByte = (UInt8.min...UInt8.max).map { byte in
            withUnsafePointer(to: byte) { vocabulary.token(for: UnsafeBufferPointer(start: $0, count: 1)) } ?? -1
        }
    }

    static func pairKey(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    /// Encodes `word` into `scratch.symbols`, in time O(n log n).
    ///
    /// Bytes that the vocabulary has no token for are left out, as if they weren't there; the ends tell where they
    /// were.
    func encode(_ word: UnsafeBufferPointer<UInt8>, _ scratch: inout Scratch) {
        scratch.reset()
        for (position, byte) in word.enumerated() where tokenOfByte[Int(byte)] >= 0 {
            let index = Int32(scratch.symbols.count)
            scratch.symbols.append(
                Symbol(token: tokenOfByte[Int(byte)], previous: index - 1, next: index + 1, end: position + 1))
        }
        guard !scratch.symbols.isEmpty else { return }
        scratch.symbols[scratch.symbols.count - 1].next = -1
        for index in scratch.symbols.indices { offerMerge(at: Int32(index), &scratch) }
        while let (rank, index) = scratch.queue.popLeast() {
            let symbol = scratch.symbols[Int(index)]
            // An entry is stale when its pair has changed since; a rank belongs to one pair.
            guard symbol.mergeRank == rank else { continue }
            mergeWithNext(at: index, &scratch)
        }
    }

    /// Notes whether the symbol at `index` can merge with the next one, and queues that merge.
    private func offerMerge(at index: Int32, _ scratch: inout Scratch) {
        let symbol = scratch.symbols[Int(index)]
        guard symbol.next >= 0,
            let merge = merges[Self.pairKey(symbol.token, scratch.symbols[Int(symbol.next)].token)]
        else {
            scratch.symbols[Int(index)].mergeRank = Symbol.noMerge
            return
        }
        scratch.symbols[Int(index)].mergeRank = merge.rank
        scratch.symbols[Int(index)].mergedToken = merge.token
        scratch.queue.insert(rank: merge.rank, index: index)
    }

    private func mergeWithNext(at index: Int32, _ scratch: inout Scratch) {
        let right = scratch.symbols[Int(index)].next
        let afterRight = scratch.symbols[Int(right)].next
        scratch.symbols[Int(index)].token = scratch.symbols[Int(index)].mergedToken
        scratch.symbols[Int(index)].end = scratch.symbols[Int(right)].end
        scratch.symbols[Int(index)].next = afterRight
        scratch.symbols[Int(right)].mergeRank = Symbol.noMerge
        if afterRight >= 0 { scratch.symbols[Int(afterRight)].previous = index }
        offerMerge(at: index, &scratch)
        let previous = scratch.symbols[Int(index)].previous
        if previous >= 0 { offerMerge(at: previous, &scratch) }
    }
}

extension BytePairMerges {
    /// A token on the way to the word's final ones: a node of a linked list inside an array.
    struct Symbol {
        static let noMerge = UInt32.max

        var token: Int32
        /// Indices of the neighbours, or -1.
        var previous: Int32
        var next: Int32
        /// The rank and result of the merge with the next symbol, if there is one.
        var mergeRank = noMerge
        var mergedToken: Int32 = -1
        /// Bytes from the start of the word.
        var end: Int
    }

    /// Reused from word to word, so that encoding allocates only for longer words than before.
    struct Scratch {
        /// The word's symbols; the first one is never merged away, so the list starts at index 0.
        fileprivate(set) var symbols: [Symbol] = []
        fileprivate var queue = MergeQueue()

        fileprivate mutating func reset() {
            symbols.removeAll(keepingCapacity: true)
            queue.removeAll()
        }

        /// Calls `body` with each token of the encoded word and its end, in order.
        func forEachToken(_ body: (_ token: Int32, _ end: Int) -> Void) {
            var index = symbols.isEmpty ? -1 : 0
            while index >= 0 {
                body(symbols[index].token, symbols[index].end)
                index = Int(symbols[index].next)
            }
        }
    }
}

/// A binary min-heap of merges, ordered by rank and then by position.
struct MergeQueue {
    /// `rank << 32 | index`
    private var heap: [UInt64] = []

    mutating func removeAll() { heap.removeAll(keepingCapacity: true) }

    mutating func insert(rank: UInt32, index: Int32) {
        let entry = UInt64(rank) << 32 | UInt64(UInt32(bitPattern: index))
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
        if !heap.isEmpty { sink(last) }
        return (UInt32(least >> 32), Int32(bitPattern: UInt32(truncatingIfNeeded: least)))
    }

    /// Puts `entry` where the root was, and moves it down to its place.
    private mutating func sink(_ entry: UInt64) {
        var parent = 0
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
