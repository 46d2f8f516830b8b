/// The rows of a micro-batch that a layer updates: all of them, or in the deepest layer those that are asked for.
/// Element `i` of every array, and row `i` of the residual stream, is the `i`-th active row.
struct ActiveRows {
    /// Ascending rows of the micro-batch.
    let rows: [Int32]
    let positions: [Int32]
    /// One past the last row that each row attends to: itself.
    let keyEnds: [Int32]
    /// Active rows of one branch each, in ascending order; `branch` indexes the tree's branches.
    let runs: [(active: Range<Int>, branch: Int)]

    var count: Int { rows.count }

    /// - Precondition: `rows` ascend.
    init(_ rows: [Int32], of tree: PrefixTree) {
        self.rows = rows
        positions = rows.map { tree.positions[Int($0)] }
        keyEnds = rows.map { $0 + 1 }
        var runs: [(active: Range<Int>, branch: Int)] = []
        var start = 0
        for (index, branch) in tree.branches.enumerated() {
            var end = start
            while end < rows.count, rows[end] < branch.rows.upperBound { end += 1 }
            if end > start { runs.append((start..<end, index)) }
            start = end
        }
        self.runs = runs
    }

    /// Where the row of the micro-batch is among the active ones.
    func index(of row: Int) -> Int {
        let index = firstIndex(from: row)
        precondition(index < rows.count && rows[index] == row, "row \(row) is not active")
        return index
    }

    /// The active ones among rows of the micro-batch.
    func indices(in range: Range<Int>) -> Range<Int> {
        firstIndex(from: range.lowerBound)..<firstIndex(from: range.upperBound)
    }

    /// The first active row that is not before `row`.
    private func firstIndex(from row: Int) -> Int {
        var (low, high) = (0, rows.count)
        while low < high {
            let middle = (low + high) / 2
            if rows[middle] < row { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
