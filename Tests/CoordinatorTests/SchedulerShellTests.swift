import Coordinator
import Protocol
import Testing
import Transport

/// The order in which a scheduler's actions are carried out.
@Suite struct SchedulerShellTests {
    /// Writes down what is done.
    private struct Shell: SchedulerShell {
        var done: [String] = []
        var settled: Set<UnitID> = []
        var reads: [Int] = []
        var heard: [UnitID] = []

        mutating func commit(_ actions: [Scheduler.Action]) -> [Scheduler.Event] {
            for case .split(let unit) in actions { done.append("split \(unit)") }
            return []
        }

        mutating func carryOut(_ action: Scheduler.Action) -> Scheduler.Event? {
            if case .send(.revoked(let lease), let peer) = action { done.append("revoke \(lease) of \(peer)") }
            return nil
        }

        mutating func payloads(of units: [UnitID]) -> [UnitPayload?] {
            reads.append(units.count)
            return units.map { settled.contains($0) ? nil : UnitPayload(work: .project, responses: [], items: []) }
        }

        mutating func assign(_ lease: Lease, _ payload: UnitPayload, to peer: PeerID) {
            done.append("assign \(lease) to \(peer)")
        }

        mutating func handle(_ event: Scheduler.Event) -> [Scheduler.Action] {
            if case .settled(let unit) = event { heard.append(unit) }
            return []
        }
    }

    @Test func aRevocationFollowsTheAssignmentThatItRevokes() throws {
        var shell = Shell()
        try shell.performInOrder([
            .assign(Lease(1), to: .a), .send(.revoked(Lease(1)), to: .a), .split(UnitID(7)),
            .assign(Lease(1, 2), to: .b), .send(.revoked(Lease(1, 2)), to: .b),
        ])
        #expect(
            shell.done == [
                "split \(UnitID(7))", "assign \(Lease(1)) to \(PeerID.a)", "revoke \(Lease(1)) of \(PeerID.a)",
                "assign \(Lease(1, 2)) to \(PeerID.b)", "revoke \(Lease(1, 2)) of \(PeerID.b)",
            ])
    }

    @Test func aUnitThatIsSettledIsNotSentAndTheSchedulerIsTold() throws {
        var shell = Shell(settled: [UnitID(2)])
        try shell.performInOrder((1...3 as ClosedRange<UInt64>).map { .assign(Lease($0), to: .a) })
        #expect(shell.done == ([1, 3] as [UInt64]).map { "assign \(Lease($0)) to \(PeerID.a)" })
        #expect(shell.heard == [UnitID(2)])
    }

    @Test func theTextsOfManyUnitsAreReadInParts() throws {
        var shell = Shell()
        try shell.performInOrder((1...150 as ClosedRange<UInt64>).map { .assign(Lease($0), to: .a) })
        #expect(shell.reads == [64, 64, 22])
        #expect(shell.done == (1...150 as ClosedRange<UInt64>).map { "assign \(Lease($0)) to \(PeerID.a)" })
    }
}
