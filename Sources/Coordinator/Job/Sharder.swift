internal import JobStore
internal import Protocol

/// Cuts rows that come in the order of their prompts into units of about equal cost, with what shares a prompt in one
/// unit: a worker computes each prefix that texts of a unit share once.
///
/// Rows of one prompt may share responses, too, as pairs do that are made of several: each distinct one costs once.
///
/// A unit ends with the prompt with which it is full. Rows of one prompt are parted only where they alone cost more
/// than two units, or are too much for one message.
struct Sharder {
    /// Rows of a unit to be.
    private struct Part {
        var rows: [Ledger.NewUnit.Row] = []
        var texts = 0
        var tokens = 0
        var bytes = 0

        /// Responses of the last prompt: those that rows share cost once.
        var responses: Set<[UInt8]> = []
    }

    private let unitTokens: Int

    /// A unit must travel in one message, whatever its rows cost, and so must its result.
    private let textsMax: Int

    /// The rows before those of the last prompt.
    private var unit = Part()

    /// The rows of the last prompt; `tokens` are those of the responses alone.
    private var group = Part()
    private var prompt: [UInt8] = []

    /// Bytes of the prompt that the prompt before it begins with, too.
    private var sharedBytes = 0

    /// Of a unit's texts, unless one row has more.
    private static let bytesMax = 4 << 20

    init(unitTokens: Int, textsMax: Int) {
        self.unitTokens = unitTokens
        self.textsMax = textsMax
    }

    /// Adds a row whose prompt is the last one's or comes after it; returns the units that are full.
    mutating func add(_ text: Ledger.Text) -> [Ledger.NewUnit] {
        var full: [Ledger.NewUnit] = []
        if text.prompt != prompt {
            endGroup()
            sharedBytes = Self.commonPrefix(prompt, text.prompt)
            prompt = text.prompt
            if unit.tokens >= unitTokens { full += takeUnit() }
        }
        while !hasRoom(for: text) {
            // First without the rows of this prompt; if it has no others, with them.
            if unit.rows.isEmpty { endGroup() }
            full += takeUnit()
        }
        group.rows.append(Ledger.NewUnit.Row(index: text.row, responses: text.responses))
        group.texts += text.responses
        group.tokens += responseTokens(of: text)
        group.responses.formUnion(text.sharedTexts)
        group.bytes += text.byteCount
        return full
    }

    /// The rows that are left.
    mutating func finish() -> [Ledger.NewUnit] {
        endGroup()
        return takeUnit()
    }

    private func hasRoom(for text: Ledger.Text) -> Bool {
        let rows = unit.rows.count + group.rows.count
        return rows == 0
            || rows < UnitPayload.rowsMax
                && unit.texts + group.texts + text.responses <= textsMax
                && unit.bytes + group.bytes + text.byteCount <= Self.bytesMax
                && unit.tokens + promptTokens + group.tokens + responseTokens(of: text) <= 2 * unitTokens
    }

    private mutating func endGroup() {
        guard !group.rows.isEmpty else { return }
        unit.tokens += promptTokens + group.tokens
        unit.rows += group.rows
        unit.texts += group.texts
        unit.bytes += group.bytes
        group = Part()
    }

    private mutating func takeUnit() -> [Ledger.NewUnit] {
        guard !unit.rows.isEmpty else { return [] }
        defer { unit = Part() }
        return [Ledger.NewUnit(rows: unit.rows, tokens: unit.tokens)]
    }

    // MARK: Cost

    // Four bytes make about one token of English.

    /// What the last prompt costs behind the unit's other rows.
    private var promptTokens: Int { (prompt.count - (unit.rows.isEmpty ? 0 : sharedBytes)) / 4 }

    /// What the row's responses cost behind those of the group.
    private func responseTokens(of text: Ledger.Text) -> Int {
        let known = text.sharedTexts.filter(group.responses.contains).reduce(0) { $0 + $1.count }
        return 1 + (text.responseBytes - known) / 4
    }

    private static func commonPrefix(_ left: [UInt8], _ right: [UInt8]) -> Int {
        let count = min(left.count, right.count)
        return (0..<count).first { left[$0] != right[$0] } ?? count
    }
}
