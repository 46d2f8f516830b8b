package import Protocol

/// What carries a scheduler's actions out: the coordinator's service, or a simulation of it. The order in which that is
/// done is the same for both.
package protocol SchedulerShell {
    /// Applies what changes the ledger, in one transaction; returns what the scheduler must know of it.
    mutating func commit(_ actions: [Scheduler.Action]) throws -> [Scheduler.Event]

    /// Carries out what is neither a change to the ledger nor an assignment; returns what the scheduler must know at once.
    mutating func carryOut(_ action: Scheduler.Action) throws -> Scheduler.Event?

    /// The units' texts; nil for a unit that is settled.
    mutating func payloads(of units: [UnitID]) throws -> [UnitPayload?]

    mutating func assign(_ lease: Lease, _ payload: UnitPayload, to peer: PeerID) throws
    mutating func handle(_ event: Scheduler.Event) -> [Scheduler.Action]
}

/// How many units' texts are in memory at a time.
private let payloadsMax = 64

extension SchedulerShell {
    /// Carries actions out, and those that follow from them: changes to the ledger before all else, then the others in
    /// their order, or a worker would get a revocation before the assignment that it revokes.
    package mutating func performInOrder(_ actions: [Scheduler.Action]) throws {
        var actions = actions
        while !actions.isEmpty {
            var events = try commit(actions)
            // Read together, for one look at the ledger is dearer than its rows.
            var assignments = actions.compactMap(\.assignedUnit)[...]
            var payloads: [UnitPayload?] = []
            for action in actions {
                guard case .assign(let lease, let peer) = action else {
                    events += try carryOut(action).map { [$0] } ?? []
                    continue
                }
                if payloads.isEmpty {
                    payloads = try self.payloads(of: Array(assignments.prefix(payloadsMax))).reversed()
                    assignments = assignments.dropFirst(payloadsMax)
                }
                if let payload = payloads.removeLast() {
                    try assign(lease, payload, to: peer)
                } else {
                    events.append(.settled(lease.unit))
                }
            }
            actions = events.flatMap { handle($0) }
        }
    }
}

extension Scheduler.Action {
    fileprivate var assignedUnit: UnitID? { if case .assign(let lease, _) = self { lease.unit } else { nil } }
}
