internal import Margins

/// Rows of a stream that are drawn by their prompts: all rows of a prompt or none, so that what is fitted on some of the
/// prompts has seen none of the others.
///
/// Prompts are taken in the order of a seeded hash of their number for as long as their rows fit (the bottom-k sketch:
/// Cohen and Kaplan, PODC 2007), so that which they are does not depend on the order of the stream. Of a prompt with more
/// than a tenth of the rows that fit, the first are taken. Memory is bounded by the rows that fit.
struct PromptRows<Row: Sendable>: Sendable {
    private struct Prompt: Sendable {
        let number: Int
        var rows: [Row] = []
    }

    private let rowsMax: Int
    private let seed: UInt64

    /// By their hash, which no two prompts share: each step of it is a bijection.
    private var prompts: [UInt64: Prompt] = [:]
    private var count = 0

    /// Prompts with a larger hash do not fit.
    private var hashMax = UInt64.max

    init(rowsMax: Int, seed: UInt64) {
        precondition(rowsMax > 0, "a sample without a row")
        (self.rowsMax, self.seed) = (rowsMax, seed)
    }

    /// - Parameter row: made only where it may be drawn.
    mutating func add(prompt: Int, _ row: () -> Row) {
        let hash = seededHash(prompt, seed: seed)
        guard hash <= hashMax else { return }
        guard prompts[hash].map({ $0.rows.count < max(rowsMax / 10, 1) }) ?? true else { return }
        prompts[hash, default: Prompt(number: prompt)].rows.append(row())
        count += 1
        // Rarely, since it sorts: memory is that of a quarter more rows.
        if count > rowsMax + rowsMax / 4 { prune() }
    }

    /// At most `rowsMax` rows and the number of each one's prompt: prompts in the order of their hash, the rows of one in
    /// the order of the stream.
    var drawn: (rows: [Row], prompts: [Int]) {
        var pruned = self
        pruned.prune()
        let order = pruned.prompts.sorted { $0.key < $1.key }.map(\.value)
        return (order.flatMap(\.rows), order.flatMap { prompt in prompt.rows.map { _ in prompt.number } })
    }

    /// Leaves the first prompts whose rows fit. Those that don't never will: more rows leave less room.
    private mutating func prune() {
        guard count > rowsMax else { return }
        count = 0
        var isFull = false
        for hash in prompts.keys.sorted() {
            let rows = prompts[hash]!.rows.count
            if !isFull, count + rows <= rowsMax {
                count += rows
                continue
            }
            if !isFull { hashMax = hash - 1 }
            isFull = true
            prompts[hash] = nil
        }
    }
}
