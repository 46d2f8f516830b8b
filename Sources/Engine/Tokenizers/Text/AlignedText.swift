/// A text that was made from another one, with what became of which part: where a token of it ends, the other text is
/// known to end as well.
struct AlignedText {
    private(set) var bytes: [UInt8] = []
    private(set) var alignment = Alignment()
    /// How much of the source has been taken.
    private(set) var sourceEnd = 0

    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    /// Takes the next bytes of the source as they are, up to `end`.
    mutating func copy(_ source: UnsafeBufferPointer<UInt8>, to end: Int) {
        guard end > sourceEnd else { return }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: source[sourceEnd..<end]))
        sourceEnd = end
    }

    /// Puts `replacement` in the place of the source's next bytes, up to `end`; of nothing where that is no further.
    mutating func replace(to end: Int, with replacement: some Collection<UInt8>) {
        let start = bytes.count
        bytes.append(contentsOf: replacement)
        let sourceStart = sourceEnd
        sourceEnd = max(sourceEnd, end)
        alignment.append(
            Alignment.Edit(start: start, end: bytes.count, sourceStart: sourceStart, sourceEnd: sourceEnd))
    }

    /// Takes back the last `count` bytes: what they came from is gone.
    mutating func removeLast(_ count: Int) {
        bytes.removeLast(count)
        alignment.append(
            Alignment.Edit(start: bytes.count, end: bytes.count, sourceStart: sourceEnd, sourceEnd: sourceEnd))
    }
}

/// Which places of a text are which places of its source, for places asked for in order.
struct Alignment {
    struct Edit {
        /// The place of what was put in, in the text that was made.
        let start: Int
        let end: Int
        /// The place in the source of what it replaces.
        let sourceStart: Int
        let sourceEnd: Int
    }

    private var edits: [Edit] = []
    /// How many edits start before the place that was asked for last.
    private var passed = 0

    mutating func append(_ edit: Edit) {
        // What was taken back is gone.
        while let last = edits.last, last.end > edit.start { edits.removeLast() }
        edits.append(edit)
    }

    /// The place in the source of the end of something that ends at `place`: what was put in belongs to the whole of
    /// what it replaces.
    @inline(__always)
    mutating func sourceEnd(of place: Int) -> Int {
        if passed > 0, edits[passed - 1].start >= place { passed = 0 }
        while passed < edits.count, edits[passed].start < place { passed += 1 }
        guard passed > 0 else { return place }
        let edit = edits[passed - 1]
        return place <= edit.end ? edit.sourceEnd : place - edit.end + edit.sourceEnd
    }

    /// The place in the source of the start of what stands at `place`.
    func sourceStart(of place: Int) -> Int {
        var (low, high) = (0, edits.count)
        while low < high {
            let middle = (low + high) / 2
            if edits[middle].start <= place { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return place }
        let edit = edits[low - 1]
        return place < edit.end ? edit.sourceStart : place - edit.end + edit.sourceEnd
    }
}
