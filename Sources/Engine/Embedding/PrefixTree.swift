import CKernels

/// The token sequences of a micro-batch as a trie, laid out in rows: every prefix that sequences share is one run of
/// rows, computed once.
///
/// Sequences are appended in lexicographic order of their token ids. Then the longest prefix that one shares with any
/// earlier sequence is the one it shares with its predecessor, and its remaining tokens become one new branch. A row
/// comes after all rows it attends to.
package struct PrefixTree {
    /// Rows that continue a path without a fork.
    struct Branch {
        let rows: Range<Int>
        /// The rows of the whole path from the root to the end of the branch, ascending; neighbours are merged.
        let path: [legend_row_range]
    }

    /// One token id and one position for each row.
    package private(set) var tokens: [Int32] = []
    package private(set) var positions: [Int32] = []
    /// In ascending order of rows, which they tile.
    private(set) var branches: [Branch] = []
    /// For each appended sequence, its rows in order.
    private(set) var paths: [[legend_row_range]] = []
    private var last: [Int32] = []

    package init() {}

    package var rowCount: Int { tokens.count }

    /// Tokens with which both begin.
    static func sharedCount(_ left: [Int32], _ right: [Int32]) -> Int { zip(left, right).prefix { $0 == $1 }.count }

    /// - Parameter sharing: false gives the sequence rows of its own, whatever was there before.
    /// - Precondition: `sequence` does not precede the one appended before, in lexicographic order.
    /// - Returns: the number of rows that it adds.
    package mutating func append(_ sequence: [Int32], sharing: Bool = true) -> Int {
        let shared = sharing ? Self.sharedCount(last, sequence) : 0
        precondition(!sequence.lexicographicallyPrecedes(last), "sequences must be appended in order")
        var path = Self.prefix(paths.last ?? [], count: shared)
        if shared < sequence.count {
            let rows = tokens.count..<(tokens.count + sequence.count - shared)
            tokens += sequence[shared...]
            positions += Int32(shared)..<Int32(sequence.count)
            if let end = path.last?.end, Int(end) == rows.lowerBound {
                path[path.count - 1].end = Int32(rows.upperBound)
            } else {
                path.append(legend_row_range(first: Int32(rows.lowerBound), end: Int32(rows.upperBound)))
            }
            branches.append(Branch(rows: rows, path: path))
        }
        paths.append(path)
        last = sequence
        return sequence.count - shared
    }

    /// The rows of the sequence that was appended last.
    var lastPath: [Range<Int>] { paths.last.map { $0.map { Int($0.first)..<Int($0.end) } } ?? [] }

    /// The rows of tokens `span` of an appended sequence.
    package func rows(ofSequence index: Int, span: Range<Int>) -> [Range<Int>] {
        var start = 0
        return paths[index].compactMap { range in
            let count = Int(range.end - range.first)
            defer { start += count }
            let tokens = span.clamped(to: start..<(start + count))
            let first = Int(range.first) - start
            return tokens.isEmpty ? nil : (first + tokens.lowerBound)..<(first + tokens.upperBound)
        }
    }

    /// The first `count` rows of a path.
    private static func prefix(_ path: [legend_row_range], count: Int) -> [legend_row_range] {
        var remaining = Int32(count)
        return path.compactMap { range in
            let kept = min(range.end - range.first, remaining)
            remaining -= kept
            return kept > 0 ? legend_row_range(first: range.first, end: range.first + kept) : nil
        }
    }
}
