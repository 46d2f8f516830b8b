import Protocol
import Scheduling
import Testing

/// The order in which things are done, seen from the ledger and the connections.
@Suite struct JobLoopTests {
    /// What was done, by both.
    private final class Journal {
        var lines: [String] = []
    }

    private struct Full: Error {}

    private final class Ledger: JobLedger {
        let journal: Journal
        var units: [StepID: ClosedRange<UInt64>] = [:]
        var settled: Set<UnitID> = []
        var reads: [Int] = []
        var isFull = false
        var rejected: Set<Lease> = []

        init(_ journal: Journal) { self.journal = journal }

        func apply(_ changes: [LedgerChange]) throws -> [LedgerOutcome] {
            if isFull { throw Full() }
            journal.lines.append(
                "commit "
                    + changes.map { change in
                        switch change {
                        case .result(let result, _): "result of \(result.lease)"
                        case .model: "model"
                        default: "\(change)"
                        }
                    }.joined(separator: ", "))
            return changes.map { change in
                guard case .result(let result, _) = change else { return .done }
                if rejected.remove(result.lease) != nil { return .rejected }
                settled.insert(result.lease.unit)
                return .done
            }
        }

        func openUnits(of step: StepID, after: UnitID, limit: Int) -> [UnitSummary] {
            let ids = units[step].map { $0.map(UnitID.init) } ?? []
            return ids.filter { $0 > after && !settled.contains($0) }.prefix(limit).map {
                UnitSummary(id: $0, rows: 1, texts: 2, tokens: 10, failures: 0)
            }
        }

        func payloads(of units: [UnitID]) -> [UnitPayload?] {
            reads.append(units.count)
            return units.map { settled.contains($0) ? nil : UnitPayload(work: .embed, responses: [], items: []) }
        }
    }

    private struct Connections: WorkerConnections {
        let journal: Journal

        func send(_ message: CoordinatorMessage, to peer: PeerID) {
            switch message {
            case .assignment(let lease, _): journal.lines.append("assign \(lease) to \(peer)")
            case .revoked(let lease): journal.lines.append("revoke \(lease) of \(peer)")
            case .resultAcknowledged(let lease): journal.lines.append("acknowledge \(lease) to \(peer)")
            default: break
            }
        }
    }

    private struct Job {
        let journal = Journal()
        let ledger: Ledger
        var loop: JobLoop<Ledger, Connections>
        var occurrences: [JobLoop<Ledger, Connections>.Occurrence] = []

        /// A job of a step of units and one of the coordinator's own.
        init(units: ClosedRange<UInt64>, isIngested: Bool = true) throws {
            ledger = Ledger(journal)
            ledger.units = [.anchors: units]
            let pipeline = Pipeline([
                .init(id: .anchors, name: "a", work: .units(.embed, responses: ["x", "y"]), input: .file),
                .init(id: StepID(2), name: "fit", work: .local(.fitDirection), input: .output(of: [.anchors])),
            ])
            let scheduler = Scheduler(job: SchedulerHarness.job, policy: .test, model: nil, scorer: nil)
            loop = JobLoop(
                scheduler: scheduler, pipeline: pipeline, ledger: ledger, connections: Connections(journal: journal),
                ingested: isIngested ? [.anchors] : [])
            try take([.started])
        }

        mutating func take(_ events: [JobLoop<Ledger, Connections>.Event]) throws {
            try loop.take(events, at: .zero, &occurrences)
        }

        /// - Returns: what was done, without the joining.
        mutating func done(_ events: JobLoop<Ledger, Connections>.Event...) throws -> [String] {
            journal.lines = []
            try take(events)
            return journal.lines
        }

        var completed: [StepID] { occurrences.compactMap { if case .completed(let step) = $0 { step } else { nil } } }
        var began: [StepID] { occurrences.compactMap { if case .began(let step) = $0 { step.id } else { nil } } }
    }

    private static func hello(
        credit: Int, from peer: PeerID = .a, on connection: PeerID = .a
    ) -> JobLoop<Ledger, Connections>.Event {
        let hello = WorkerMessage.Hello.test(peer, model: .test(credit: credit))
        return .scheduler(.message(.hello(hello), from: connection))
    }

    private static func result(_ unit: UInt64) -> JobLoop<Ledger, Connections>.Event {
        .scheduler(.message(.result(.anchors(Lease(unit))), from: .a))
    }

    @Test func aRevocationFollowsTheAssignmentThatItRevokes() throws {
        var job = try Job(units: 1...1)
        // The worker is given the unit, and comes back on another connection without it, before anything is sent.
        let done = try job.done(Self.hello(credit: 1), Self.hello(credit: 1, on: .b))
        #expect(
            done == [
                "commit model", "assign \(Lease(1)) to \(PeerID.a)", "revoke \(Lease(1)) of \(PeerID.b)",
                "assign \(Lease(1, 2)) to \(PeerID.b)",
            ])
    }

    @Test func aResultIsInTheLedgerBeforeItIsAcknowledged() throws {
        var job = try Job(units: 1...3)
        _ = try job.done(Self.hello(credit: 2))
        let done = try job.done(Self.result(1), Self.result(2))
        #expect(
            done == [
                "commit result of \(Lease(1)), result of \(Lease(2))", "acknowledge \(Lease(1)) to \(PeerID.a)",
                "assign \(Lease(3)) to \(PeerID.a)", "acknowledge \(Lease(2)) to \(PeerID.a)",
            ])
    }

    @Test func whatCannotBeCommittedIsNotAcknowledged() throws {
        var job = try Job(units: 1...3)
        _ = try job.done(Self.hello(credit: 2))
        job.ledger.isFull = true
        job.journal.lines = []
        #expect(throws: Full.self) { try job.take([Self.result(1)]) }
        #expect(job.journal.lines == [])
    }

    @Test func whatTheLedgerRejectsIsAFailedAttempt() throws {
        var job = try Job(units: 1...1)
        _ = try job.done(Self.hello(credit: 1))
        job.ledger.rejected = [Lease(1)]
        let done = try job.done(Self.result(1))
        #expect(done.first == "commit result of \(Lease(1))" && done.last == "assign \(Lease(1, 2)) to \(PeerID.a)")
        let reason = "a result that does not belong to its unit"
        #expect(done.contains { $0.hasPrefix("commit failure") && $0.contains(reason) })
        _ = try job.done(.scheduler(.message(.result(.anchors(Lease(1, 2))), from: .a)))
        #expect(job.completed == [.anchors])
    }

    @Test func aUnitThatIsSettledIsNotSentAndTheSchedulerIsTold() throws {
        var job = try Job(units: 1...3)
        // Since it was fetched.
        job.ledger.settled = [UnitID(2)]
        let done = try job.done(Self.hello(credit: 3))
        #expect(
            done == ["commit model"] + ([1, 3] as [UInt64]).map { "assign \(Lease($0)) to \(PeerID.a)" }
                + ["revoke \(Lease(2)) of \(PeerID.a)"])
        _ = try job.done(Self.result(1), Self.result(3))
        #expect(job.completed == [.anchors])
    }

    @Test func theTextsOfManyUnitsAreReadInParts() throws {
        var job = try Job(units: 1...150)
        let done = try job.done(Self.hello(credit: 150))
        #expect(job.ledger.reads == [64, 64, 22])
        #expect(
            done == ["commit model"] + (1...150 as ClosedRange<UInt64>).map { "assign \(Lease($0)) to \(PeerID.a)" })
    }

    @Test func noUnitIsGivenOutBeforeAllAreThere() throws {
        var job = try Job(units: 1...1, isIngested: false)
        let early = try job.done(Self.hello(credit: 1))
        let late = try job.done(.ingested(.anchors))
        #expect(early == ["commit model"] && late == ["assign \(Lease(1)) to \(PeerID.a)"])
    }

    @Test func aStepOfTheCoordinatorsOwnBeginsAfterTheUnitsThatItNeeds() throws {
        var job = try Job(units: 1...1)
        _ = try job.done(Self.hello(credit: 1))
        #expect(job.began == [.anchors])
        _ = try job.done(Self.result(1))
        #expect(job.began == [.anchors, StepID(2)] && job.completed == [.anchors])
        _ = try job.done(.localWorkDone(StepID(2), scorer: SchedulerHarness.direction))
        #expect(job.completed == [.anchors, StepID(2)] && job.loop.pipeline.isComplete)
    }
}
