/// Byte strings with a number each, walked byte by byte: a double array (Aoe 1989), in blocks of 256 places where a
/// node's children are found by exclusive or, as in Darts-clone.
struct ByteTrie {
    private struct Cell {
        /// Where the children are: at `base ^ byte`.
        var base: Int32 = -1
        /// The node that this is a child of; -1 where the cell is free.
        var parent: Int32 = -1
        /// The number of the string that ends here, or -1.
        var value: Int32 = -1
    }

    private var cells: [Cell]
    /// Blocks that have free places, the fullest ones left out after some tries.
    private var openBlocks: [(start: Int32, tries: Int)] = []
    private(set) var longest = 0

    static let root: Int32 = 0
    private static let triesOfBlock = 24
    private static let openBlocksMax = 12

    /// - Parameter strings: none of them empty. Of equal ones the first one counts.
    init(_ strings: [(bytes: [UInt8], value: Int32)]) {
        cells = [Cell](repeating: Cell(), count: 256)
        cells[0].parent = 0
        openBlocks = [(0, 0)]
        let sorted = strings.enumerated().sorted { left, right in
            if left.element.bytes == right.element.bytes { return left.offset < right.offset }
            return left.element.bytes.lexicographicallyPrecedes(right.element.bytes)
        }.map(\.element)
        longest = sorted.map(\.bytes.count).max() ?? 0
        // Nodes whose children are yet to be placed: their strings, and how many bytes lead to them.
        var waiting = [(node: Self.root, strings: 0..<sorted.count, depth: 0)]
        while let (node, range, depth) = waiting.popLast() {
            var groups: [(byte: UInt8, strings: Range<Int>)] = []
            for index in range {
                let bytes = sorted[index].bytes
                guard bytes.count > depth else {
                    if cells[Int(node)].value < 0 { cells[Int(node)].value = sorted[index].value }
                    continue
                }
                if let last = groups.last, last.byte == bytes[depth] {
                    groups[groups.count - 1].strings = last.strings.lowerBound..<(index + 1)
                } else {
                    groups.append((bytes[depth], index..<(index + 1)))
                }
            }
            guard !groups.isEmpty else { continue }
            let base = place(groups.map(\.byte))
            cells[Int(node)].base = base
            for group in groups {
                let child = base ^ Int32(group.byte)
                cells[Int(child)].parent = node
                waiting.append((child, group.strings, depth + 1))
            }
        }
        openBlocks = []
    }

    /// A base whose places for these bytes are free.
    private mutating func place(_ bytes: [UInt8]) -> Int32 {
        for index in openBlocks.indices.reversed() {
            let start = openBlocks[index].start
            for low in Int32(0)..<256 {
                let base = start | low
                if bytes.allSatisfy({ cells[Int(base ^ Int32($0))].parent < 0 }) { return base }
            }
            openBlocks[index].tries += 1
            if openBlocks[index].tries > Self.triesOfBlock { openBlocks.remove(at: index) }
        }
        if openBlocks.count > Self.openBlocksMax { openBlocks.removeFirst() }
        let start = Int32(cells.count)
        cells += [Cell](repeating: Cell(), count: 256)
        openBlocks.append((start, 0))
        return start
    }

    /// The node behind `node` that `byte` leads to; nil if there is none.
    @inline(__always)
    func child(of node: Int32, _ byte: UInt8) -> Int32? {
        let base = cells[Int(node)].base
        guard base >= 0 else { return nil }
        let child = base ^ Int32(byte)
        return cells[Int(child)].parent == node && child != Self.root ? child : nil
    }

    /// The number of the string that ends at `node`; negative if none does.
    @inline(__always)
    func value(at node: Int32) -> Int32 { cells[Int(node)].value }

    /// The longest string that the text begins with at `start`: its number and where it ends.
    func longestPrefix(of text: UnsafeBufferPointer<UInt8>, from start: Int) -> (value: Int32, end: Int)? {
        var found: (value: Int32, end: Int)?
        var node = Self.root
        var end = start
        while end < text.count, let next = child(of: node, text[end]) {
            node = next
            end += 1
            if value(at: node) >= 0 { found = (value(at: node), end) }
        }
        return found
    }

    var isEmpty: Bool { longest == 0 }
}
