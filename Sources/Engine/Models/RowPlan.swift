import CKernels

/// What one forward pass computes: rows of one token each, where their keys and values go, what they attend to, and
/// whose hidden states are asked for after which layers.
///
/// Keys and values lie in the slots of a `KeyValueCache`, whose numbers are the same in every layer. Whoever has tokens
/// to run makes plans: a prefix tree for texts that share their beginnings, a decoder for the next token of each of its
/// sequences. The forward pass knows neither.
package struct RowPlan {
    /// Neighbouring rows that attend to the same slots, each as far as to its own.
    struct Run {
        let rows: Range<Int>
        /// The slots of `rows`, in order.
        let slots: Range<Int>
        /// Ranges of slots in the order of the sequence, which end with those of the rows.
        let attended: [legend_row_range]
    }

    /// What becomes of the cache's slots.
    package enum Slots {
        /// Every layer has slots of its own, which stay as they are for the plans that follow: what a decoder needs.
        case inPlace
        /// All layers share the slots of one pass, which then takes little memory. Those before `restored` come from
        /// what the plan before kept; `kept`, in this order, stay for the next one, where they are the first.
        case carried(restored: Int, kept: [Range<Int>])
    }

    /// One token id and one position in its sequence for each row.
    package private(set) var tokens: [Int32] = []
    package private(set) var positions: [Int32] = []
    /// In ascending order of rows, which they tile.
    private(set) var runs: [Run] = []
    /// One past the last slot that is written or attended to.
    private(set) var slotCount: Int
    let slots: Slots
    /// Layer 0 are the embeddings, layer `l` the states after block `l`; at least one.
    let layers: Set<Int>
    /// Ascending rows whose states are asked for. In the deepest layer only these exist.
    private(set) var asked: [Int32] = []

    /// - Parameter layers: The layers whose states are asked for, at least one.
    package init(layers: Set<Int>, slots: Slots) {
        precondition(!layers.isEmpty, "a plan that asks for no layer")
        self.layers = layers
        self.slots = slots
        slotCount = if case .carried(let restored, _) = slots { restored } else { 0 }
    }

    package var rowCount: Int { tokens.count }

    /// Slots that come from what the plan before kept, and that no row of this plan writes.
    package var restoredCount: Int {
        switch slots {
        case .inPlace: 0
        case .carried(let restored, _): restored
        }
    }

    /// Adds rows of which each attends to the slots of `attended` up to its own.
    ///
    /// - Parameters:
    ///   - slot: That of the first row; those of the others follow it.
    ///   - attended: Ranges of slots in the order of the sequence. The last one ends with the rows' own; what lies before
    ///     it must have been computed, by an earlier row of this plan or an earlier plan.
    package mutating func append(
        _ tokens: some Collection<Int32>, positions: some Collection<Int32>, slot: Int, attended: [Range<Int>]
    ) {
        append(
            tokens, positions: positions, slot: slot,
            attended: attended.map { legend_row_range(first: Int32($0.lowerBound), end: Int32($0.upperBound)) })
    }

    /// The same with the ranges as attention takes them.
    mutating func append(
        _ tokens: some Collection<Int32>, positions: some Collection<Int32>, slot: Int, attended: [legend_row_range]
    ) {
        guard !tokens.isEmpty else { return }
        let slots = slot..<slot + tokens.count
        precondition(positions.count == tokens.count, "\(positions.count) positions of \(tokens.count) tokens")
        precondition(slot >= restoredCount, "slot \(slot) holds what an earlier plan kept")
        precondition(
            attended.last.map { Int($0.first) <= slots.lowerBound && Int($0.end) == slots.upperBound } ?? false,
            "rows of the slots \(slots) do not attend to themselves")
        runs.append(Run(rows: rowCount..<rowCount + tokens.count, slots: slots, attended: attended))
        self.tokens += tokens
        self.positions += positions
        slotCount = max(slotCount, slots.upperBound)
    }

    /// Asks for the states of `rows`, which ascend.
    package mutating func ask(for rows: [Int32]) {
        precondition(zip(rows, rows.dropFirst()).allSatisfy { $0 < $1 }, "rows that do not ascend")
        precondition(rows.first ?? 0 >= 0 && Int(rows.last ?? -1) < rowCount, "rows that are not in the plan")
        asked = rows
    }
}
