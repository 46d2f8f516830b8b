import Coordinator
import Protocol

extension Ledger {
    /// nil once the unit is settled.
    func payload(of unit: UnitID) throws -> UnitPayload? { try payloads(of: [unit])[0] }
}
