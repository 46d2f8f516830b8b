internal import Margins
internal import Protocol
internal import Reports

/// Rows of a stream that are drawn by their prompts: all rows of a prompt or none, so that what is fitted on them has seen
/// no prompt of the others. Which prompts they are depends on nothing but the prompts.
///
/// Prompts are taken in the order of a hash until there are enough rows (the bottom-k sketch: Cohen and Kaplan, PODC
/// 2007). Memory is bounded by the rows that are asked for.
struct PromptSample {
    /// What prompts are ordered by.
    private struct Rank: Hashable, Comparable {
        var isKnown: Bool
        var hash: UInt64

        static func < (left: Rank, right: Rank) -> Bool {
            left.isKnown == right.isKnown ? left.hash < right.hash : right.isKnown
        }
    }

    /// Of the hash that draws some rows of a prompt.
    private static let seed: UInt64 = 12

    private let rowsWanted: Int
    private let known: Set<PromptDigest>
    private var prompts: [Rank: [UnitPayload.Item]] = [:]
    private var common = CommonPrompt()
    private var count = 0

    /// Prompts behind it are not among the first ones.
    private var last: Rank?

    /// - Parameters:
    ///   - rows: about how many are wanted: the last prompt's may be more. Of a prompt with more rows than that, so many are
    ///     drawn by a hash of their numbers.
    ///   - known: prompts that are taken only where the others are too few to say something.
    init(rows: Int, known: Set<PromptDigest> = []) {
        precondition(rows > 0)
        rowsWanted = rows
        self.known = known
    }

    mutating func add(_ item: UnitPayload.Item) {
        let prompt = PromptDigest(Array(item.text.prompt.text.utf8))
        common.add(prompt, row: item.row)
        let rank = Rank(isKnown: known.contains(prompt), hash: prompt.value)
        guard last.map({ rank <= $0 }) ?? true else { return }
        prompts[rank, default: []].append(item)
        count += 1
        if prompts[rank]!.count >= 2 * rowsWanted {
            count -= prompts[rank]!.count - rowsWanted
            prompts[rank] = drawn(prompts[rank]!)
        }
        if count >= 4 * rowsWanted { prune() }
    }

    /// That more than half of all the stream's rows have.
    var commonPrompt: PromptDigest? { common.prompt }

    /// In the order of the stream.
    var items: [UnitPayload.Item] {
        var pruned = self
        pruned.prune()
        let others = pruned.prompts.filter { !$0.key.isKnown }
        let rows = others.values.reduce(0) { $0 + $1.count }
        let areEnough = rows >= rowsWanted || TrustFigures.Agreement.isEnough(rows: rows, prompts: others.count)
        return (areEnough ? others : pruned.prompts).values.flatMap(\.self).sorted { $0.row < $1.row }
    }

    /// Some rows of one prompt, not more than are wanted.
    private func drawn(_ items: [UnitPayload.Item]) -> [UnitPayload.Item] {
        guard items.count > rowsWanted else { return items }
        func hash(_ item: UnitPayload.Item) -> UInt64 { seededHash(Int(truncatingIfNeeded: item.row), seed: Self.seed) }
        return Array(items.sorted { hash($0) < hash($1) }.prefix(rowsWanted))
    }

    /// Leaves the first prompts that have enough rows, and two at least.
    private mutating func prune() {
        let order = prompts.keys.sorted()
        var rows = 0
        for (position, rank) in order.enumerated() {
            if rows >= rowsWanted, position > 1 {
                last = order[position - 1]
                for other in order[position...] { prompts[other] = nil }
                break
            }
            prompts[rank] = drawn(prompts[rank]!)
            rows += prompts[rank]!.count
        }
        count = prompts.values.reduce(0) { $0 + $1.count }
    }
}
