internal import Digest
internal import Protocol

/// Rows of a stream that are drawn by their prompts: all rows of a prompt or none, so that what is fitted on them has seen
/// no prompt of the others. Which prompts they are depends on nothing but the prompts.
///
/// Prompts are taken in the order of a hash until there are enough rows (the bottom-k sketch: Cohen and Kaplan, PODC
/// 2007). Memory is bounded by the rows that are asked for.
struct PromptSample {
    private let rowsWanted: Int
    private var prompts: [UInt64: [UnitPayload.Item]] = [:]
    private var count = 0

    /// Prompts with a larger hash are not among the first ones.
    private var largest = UInt64.max

    /// - Parameter rows: about how many are wanted: the last prompt's may be more. Of a prompt with more rows than that,
    ///   the first are taken.
    init(rows: Int) {
        precondition(rows > 0)
        rowsWanted = rows
    }

    mutating func add(_ item: UnitPayload.Item) {
        let hash = SHA256Digest(of: Array(item.text.prompt.text.utf8)).bytes.prefix(8).reduce(0) {
            $0 << 8 | UInt64($1)
        }
        guard hash <= largest, prompts[hash]?.count ?? 0 < rowsWanted else { return }
        prompts[hash, default: []].append(item)
        count += 1
        if count >= 4 * rowsWanted { prune() }
    }

    /// In the order of the stream.
    var items: [UnitPayload.Item] {
        var pruned = self
        pruned.prune()
        return pruned.prompts.values.flatMap(\.self).sorted { $0.row < $1.row }
    }

    /// Leaves the first prompts that have enough rows, and two at least.
    private mutating func prune() {
        let order = prompts.keys.sorted()
        var rows = 0
        for (position, hash) in order.enumerated() {
            if rows >= rowsWanted, position > 1 {
                largest = order[position - 1]
                for other in order[position...] { prompts[other] = nil }
                break
            }
            rows += prompts[hash]?.count ?? 0
        }
        count = prompts.values.reduce(0) { $0 + $1.count }
    }
}
