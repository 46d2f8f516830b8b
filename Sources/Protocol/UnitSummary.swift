/// A unit as the scheduler knows it; what is in it, only the ledger knows.
package struct UnitSummary: Hashable, Sendable {
    package var id: UnitID
    package var rows: Int

    /// The responses of all its rows.
    package var texts: Int

    /// Estimated cost.
    package var tokens: Int

    /// Attempts that failed so far, in earlier lives of the coordinator too.
    package var failures: Int

    package init(id: UnitID, rows: Int, texts: Int, tokens: Int, failures: Int) {
        self.id = id
        self.rows = rows
        self.texts = texts
        self.tokens = tokens
        self.failures = failures
    }
}
