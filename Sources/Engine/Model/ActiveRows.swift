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
    /// Active rows that go through a block's matrices together.
    let tiles: [Range<Int>]

    var count: Int { rows.count }

    init(allOf tree: PrefixTree) { self.init((0..<Int32(tree.rowCount)).map { $0 }, of: tree) }

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
        tiles = Scratch.tiles(rows.count)
    }

    /// Where the row of the micro-batch is among the active ones.
    func index(of row: Int) -> Int {
        var (low, high) = (0, rows.count)
        while low < high {
            let middle = (low + high) / 2
            if rows[middle] < row { low = middle + 1 } else { high = middle }
        }
        precondition(low < rows.count && rows[low] == row, "row \(row) is not active")
        return low
    }
}
