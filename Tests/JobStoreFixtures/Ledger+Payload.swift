package import JobStore
package import Protocol

extension Ledger {
    /// nil once the unit is settled.
    package func payload(of unit: UnitID) throws -> UnitPayload? { try payloads(of: [unit])[0] }
}
