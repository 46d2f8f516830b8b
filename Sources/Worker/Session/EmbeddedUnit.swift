package import Protocol

/// A unit whose texts are embedded, and whose result is not made yet.
package struct EmbeddedUnit: Hashable, Sendable {
    package var stage: Stage

    /// The rows' indices in their dataset.
    package var rows: [UInt64]

    /// `[rows, responses, layers, hidden]`; zero for rows that failed.
    package var vectors: [Float] = []

    /// nil where the job keeps none.
    package var kept: KeptEmbeddings?

    /// Ascending by item.
    package var failures: [UnitResult.RowFailure] = []
    package var tokensTotal: UInt64 = 0
    package var tokensComputed: UInt64 = 0
    package var computeMicroseconds: UInt64 = 0

    package init(stage: Stage, rows: [UInt64]) {
        self.stage = stage
        self.rows = rows
    }
}
