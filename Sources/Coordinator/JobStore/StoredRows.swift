package import Protocol

/// A row whose embeddings are in the store.
package struct StoredRow: Hashable, Sendable {
    var row: UInt64

    /// Counts from 0 in each step.
    var slot: Int
    var place: EmbeddingStore.Place
    var responses: Int

    /// `[readouts, responses]`
    var exponents: [Int8]

    /// Of each readout's vectors.
    var checksums: [UInt32]

    var texts: Range<Int> { place.text..<place.text + responses }
}

/// The rows of one of a step's shards.
package struct StoredShard: Hashable, Sendable {
    var slots: Range<Int>
    var texts: Int
}

/// What is known of the rows in the store, which holds nothing but their vectors: the ledger.
package protocol StoredRows: Sendable {
    /// How many rows of a step are in the store.
    func storedCount(of step: StepID) throws -> Int

    /// A step's shards, in their order.
    func storedShards(of step: StepID) throws -> [StoredShard]

    /// Calls `body` with the rows in some slots of a step, in the slots' order, one at a time.
    func forEachStoredRow(of step: StepID, slots: Range<Int>, _ body: (StoredRow) throws -> Void) throws

    /// Calls `body` with all rows of a step that are in the store, in the order of the input, one at a time.
    func forEachStoredRow(of step: StepID, _ body: (StoredRow) throws -> Void) throws
}
