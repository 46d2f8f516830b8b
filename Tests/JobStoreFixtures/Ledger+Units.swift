package import JobStore
package import Protocol

extension Ledger {
    /// nil once the unit is settled.
    package func payload(of unit: UnitID) throws -> UnitPayload? { try payloads(of: [unit])[0] }
}

extension Ledger.NewUnit {
    /// Rows of two responses.
    package init(_ rows: [UInt64], tokens: Int) {
        self.init(rows: rows.map { Row(index: $0, responses: 2) }, tokens: tokens)
    }
}
