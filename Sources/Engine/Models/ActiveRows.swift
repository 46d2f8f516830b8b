/// The rows of a plan that a layer updates: all of them, or in the deepest layer those that are asked for.
/// Element `i` of every array, and row `i` of the residual stream, is the `i`-th active row.
package struct ActiveRows {
    /// Ascending rows of the plan.
    let rows: [Int32]
    let positions: [Int32]
    /// One past the last slot that each row attends to: its own.
    let slotEnds: [Int32]
    /// Active rows of one of the plan's runs each, in ascending order.
    let runs: [(active: Range<Int>, run: Int)]

    package var count: Int { rows.count }

    /// - Precondition: `rows` ascend.
    init(_ rows: [Int32], of plan: RowPlan) {
        self.rows = rows
        positions = rows.map { plan.positions[Int($0)] }
        var slotEnds: [Int32] = []
        var runs: [(active: Range<Int>, run: Int)] = []
        for (index, run) in plan.runs.enumerated() {
            let start = slotEnds.count
            while slotEnds.count < rows.count, rows[slotEnds.count] < run.rows.upperBound {
                slotEnds.append(Int32(run.slots.lowerBound - run.rows.lowerBound) + rows[slotEnds.count] + 1)
            }
            if slotEnds.count > start { runs.append((start..<slotEnds.count, index)) }
        }
        self.slotEnds = slotEnds
        self.runs = runs
    }

    /// Where the row of the plan is among the active ones.
    package func index(of row: Int) -> Int {
        let index = firstIndex(from: row)
        precondition(index < rows.count && rows[index] == row, "row \(row) is not active")
        return index
    }

    /// The active ones among rows of the plan.
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
