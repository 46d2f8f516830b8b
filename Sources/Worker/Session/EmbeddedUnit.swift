package import Protocol

/// A unit whose texts are embedded, and whose result is not made yet.
package struct EmbeddedUnit: Hashable, Sendable {
    package var work: WorkKind

    /// The rows' indices in their dataset.
    package var rows: [UInt64]

    /// Of each row; the unit's texts are these, one row after another.
    package var responseCounts: [Int]

    /// What its texts are embedded to.
    package var readouts: [Readout]

    /// `[texts, readouts, hidden]`; zero for rows that failed.
    package var vectors: [Float] = []

    /// nil where the job keeps none.
    package var kept: KeptEmbeddings?

    /// Ascending by item.
    package var failures: [UnitResult.RowFailure] = []

    /// Items of which a text was cut, ascending.
    package var truncated: [Int] = []
    package var tokensTotal: UInt64 = 0
    package var tokensComputed: UInt64 = 0
    package var computeMicroseconds: UInt64 = 0

    package init(_ payload: UnitPayload, readouts: [Readout]) {
        self.readouts = readouts
        work = payload.work
        rows = payload.items.map(\.row)
        responseCounts = payload.items.map(\.text.responses.count)
    }
}
