internal import Protocol

/// Cuts rows into units of about equal cost, in the order in which they come, so that rows that share a prompt and
/// follow one another stay together.
struct Sharder {
    private let stage: Stage
    private let unitTokens: Int
    private var items: [UnitPayload.Item] = []
    private var tokens = 0

    /// A unit must travel in one message, whatever its rows cost.
    private static let itemsMax = 4096

    init(stage: Stage, unitTokens: Int) {
        self.stage = stage
        self.unitTokens = unitTokens
    }

    /// Adds a row; returns a unit when it is full.
    mutating func add(_ item: UnitPayload.Item) -> Ledger.NewUnit? {
        items.append(item)
        tokens += Self.estimatedTokens(of: item.text)
        return tokens >= unitTokens || items.count == Self.itemsMax ? finish() : nil
    }

    /// The rows that are left.
    mutating func finish() -> Ledger.NewUnit? {
        guard !items.isEmpty else { return nil }
        defer {
            items = []
            tokens = 0
        }
        return Ledger.NewUnit(payload: UnitPayload(stage: stage, items: items), tokens: tokens)
    }

    /// Four bytes make about one token of English; the prompt is computed once for both responses.
    private static func estimatedTokens(of text: RenderedItem) -> Int {
        1 + (text.prompt.text.utf8.count + text.responses.reduce(0) { $0 + $1.text.utf8.count }) / 4
    }
}
