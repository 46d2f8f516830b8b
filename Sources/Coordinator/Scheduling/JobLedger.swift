package import Protocol

/// What a job's loop needs of its ledger.
package protocol JobLedger {
    /// Makes all changes in one transaction, in order, or none of them.
    ///
    /// - Returns: what each change came to.
    mutating func apply(_ changes: [LedgerChange]) throws -> [LedgerOutcome]

    /// The first units of a step whose outcome is not there, ascending by id, beyond `after`.
    mutating func openUnits(of step: StepID, after: UnitID, limit: Int) throws -> [UnitSummary]

    /// The units' texts; nil for a unit that is settled.
    mutating func payloads(of units: [UnitID]) throws -> [UnitPayload?]
}

/// What the ledger must have before any message that follows from it is sent.
package enum LedgerChange: Hashable, Sendable {
    /// A unit's result, if it is its first; a later one is compared and dropped. The unit is settled then.
    case result(UnitResult, worker: String)

    /// Two halves take the unit's place.
    case split(UnitID)

    /// The unit's only row is given up for this reason. The unit is settled then.
    case quarantine(UnitID, of: StepID, reason: String)
    case failure(Lease, worker: String, reason: String)

    /// The job's model is this one from now on.
    case model(LoadedModel)

    /// The job computes in this from now on.
    case numerics(JobNumerics)
}

/// What a change came to.
package enum LedgerOutcome: Hashable, Sendable {
    case done

    /// The unit was settled before; whether the result that counts is the same to the last bit.
    case duplicate(isEqual: Bool)

    /// The result is not one of this unit, which stays open.
    case rejected
}
