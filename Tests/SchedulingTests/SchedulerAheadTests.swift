import Protocol
import Scheduling
import Testing

/// Rows that workers embed while the last anchors are computed.
@Suite struct SchedulerAheadTests {
    private let direction = SchedulerHarness.direction

    /// Unit 1 is an anchor, units 2 … have one row each; nobody has a direction.
    private func harness(rows: Int = 4, _ workers: PeerID..., textsAhead: Int = 6) -> SchedulerHarness {
        var harness = SchedulerHarness(model: .test)
        harness.begin([.test(1)], of: .anchors)
        harness.begin(rows > 0 ? UnitSummary.tests(2...UInt64(rows + 1)) : [], of: .rows)
        for worker in workers { harness.join(worker, textsAhead: textsAhead) }
        return harness
    }

    @Test func anchorsAreGivenOutFirstAndThenRows() {
        var harness = harness()
        #expect(
            harness.join(.a, textsAhead: 6).assignments == [Assignment(Lease(1), .a), Assignment(Lease(2), .a)])
        #expect(harness.join(.b, textsAhead: 6).assignments.map(\.lease) == [Lease(3), Lease(4)])
    }

    @Test func anEmbeddedUnitTakesUpNoCreditButRoom() {
        var harness = harness(.a)
        #expect(harness.receive(.embedded(Lease(2)), from: .a).assignments == [Assignment(Lease(3), .a)])
        #expect(harness.receive(.embedded(Lease(3)), from: .a).assignments == [Assignment(Lease(4), .a)])
        // The texts of three rows are all that this worker keeps.
        #expect(harness.receive(.embedded(Lease(4)), from: .a).assignments == [])
    }

    @Test func aHeartbeatSaysItToo() {
        var harness = harness(.a)
        let held: [WorkerMessage.HeldUnit] = [
            .init(lease: Lease(1), tokens: 5), .init(lease: Lease(2), tokens: 100, isEmbedded: true),
        ]
        let heartbeat = WorkerMessage.heartbeat(.init(epoch: 1, held: held, draining: false))
        #expect(harness.receive(heartbeat, from: .a).assignments == [Assignment(Lease(3), .a)])
    }

    @Test func aWorkerWithoutRoomIsNotAsked() {
        var harness = harness()
        #expect(harness.join(.a, textsAhead: 0).assignments == [Assignment(Lease(1), .a)])
    }

    /// A row may have one response or 64: what is kept of them is bounded by the texts.
    @Test func rowsOfManyResponsesTakeUpMoreRoom() {
        var harness = SchedulerHarness(model: .test)
        harness.begin([.test(1)], of: .anchors)
        harness.begin([.test(2, texts: 5), .test(3, texts: 1), .test(4, texts: 64)], of: .rows)
        harness.join(.a, textsAhead: 6)
        #expect(harness.receive(.embedded(Lease(2)), from: .a).assignments == [Assignment(Lease(3), .a)])
        #expect(harness.receive(.embedded(Lease(3)), from: .a).assignments == [])
        #expect(harness.join(.b, textsAhead: 63).assignments == [])
        #expect(harness.join(.c, textsAhead: 64).assignments == [Assignment(Lease(4), .c)])
    }

    @Test func theUnitsThatAHeartbeatListsAreBoundedToo() {
        var harness = SchedulerHarness(policy: .test { $0.unitsAheadMax = 3 }, model: .test)
        harness.begin([.test(1)], of: .anchors)
        harness.begin((2...9).map { .test($0, texts: 1) }, of: .rows)
        harness.join(.a, textsAhead: 100)
        #expect(harness.receive(.embedded(Lease(2)), from: .a).assignments == [Assignment(Lease(3), .a)])
        #expect(harness.receive(.embedded(Lease(3)), from: .a).assignments == [])
        var hello = WorkerMessage.Hello.test(.b, model: .test(textsAhead: 100))
        hello.held = (4...7).map { .init(lease: Lease($0), tokens: 1, isEmbedded: true) }
        #expect(harness.receive(.hello(hello), from: .b).messages(to: .b).last == .revoked(Lease(7)))
    }

    @Test func theirResultsCountOnceTheDirectionIsThere() {
        var harness = harness(rows: 1, .a)
        harness.receive(.embedded(Lease(2)), from: .a)
        harness.receive(.result(.anchors(Lease(1))), from: .a)
        #expect(harness.handle(.settled(UnitID(1))) == [.stepCompleted(.anchors)])
        #expect(harness.handle(.scorerReady(direction)) == [.send(.scorer(direction), to: .a)])
        #expect(harness.receive(.result(.rows(Lease(2))), from: .a).commits == [Lease(2)])
        #expect(harness.handle(.settled(UnitID(2))) == [.stepCompleted(.rows)])
    }

    @Test func rowsAreNotCompleteBeforeTheDirectionIsThere() {
        var harness = harness(rows: 0, .a)
        harness.receive(.result(.anchors(Lease(1))), from: .a)
        #expect(harness.handle(.settled(UnitID(1))) == [.stepCompleted(.anchors)])
        #expect(harness.handle(.scorerReady(direction)).last == .stepCompleted(.rows))
    }

    @Test func aResultOfRowsBeforeTheDirectionIsRejected() {
        var harness = harness(.a)
        #expect(harness.receive(.result(.rows(Lease(2))), from: .a).commits == [])
    }

    @Test func waitingForTheDirectionIsNoStall() {
        var harness = harness(.a, .b)
        harness.receive(.embedded(Lease(2)), from: .a)
        harness.receive(.result(.anchors(Lease(1))), from: .a)
        for _ in 0..<20 {
            harness.advance(seconds: 10)
            harness.heartbeat(.a, held: [Lease(2): 100])
            harness.heartbeat(.b, held: [Lease(3): 1])
            #expect(harness.handle(.tick).notes.contains(.stalled(worker: PeerID.a.name, unitsReturned: 1)) == false)
        }
        // With the direction, the results are expected.
        harness.handle(.scorerReady(direction))
        var stalled = false
        for _ in 0..<20 {
            harness.advance(seconds: 10)
            harness.heartbeat(.a, held: [Lease(2): 100])
            let notes = harness.handle(.tick).notes
            stalled = stalled || notes.contains { if case .stalled(PeerID.a.name, _) = $0 { true } else { false } }
        }
        #expect(stalled)
    }

    @Test func aLostWorkersEmbeddedUnitsAreNoFailedAttempts() {
        var harness = harness(.a)
        harness.receive(.embedded(Lease(2)), from: .a)
        #expect(harness.lose(.a).failures == [Lease(3), Lease(1)])
    }

    @Test(arguments: [false, true]) func anEmbeddedUnitOfALostLeaseIsTakenUpAgainOrRevoked(_ isTaken: Bool) {
        var harness = harness(rows: 1, .a)
        harness.advance(seconds: 70)
        harness.heartbeat(.a, held: [Lease(1): 0, Lease(2): 0])
        harness.handle(.tick)
        #expect(harness.state(of: .a) == "stalled")
        if isTaken { harness.join(.b, textsAhead: 18) }
        let actions = harness.receive(.embedded(Lease(2)), from: .a)
        #expect(actions.messages(to: .a) == (isTaken ? [.revoked(Lease(2))] : []))
        #expect(harness.state(of: .a) == (isTaken ? "stalled" : "ready"))
    }

    /// The direction waits for the anchor: the anchor must not wait for what waits for the direction.
    @Test func anAnchorOnItsLastAttemptGoesToAWorkerThatHasNothingButEmbeddedUnits() {
        var harness = harness(.a, textsAhead: 2)
        harness.receive(.embedded(Lease(2)), from: .a)
        #expect(harness.fail(Lease(1), on: .a).assignments == [Assignment(Lease(1, 2), .a)])
        #expect(harness.fail(Lease(1, 2), on: .a).assignments == [Assignment(Lease(1, 3), .a)])
        // What it does to the worker counts, for nothing else can be to blame.
        let actions = harness.lose(.a)
        #expect(actions.failures == [Lease(1, 3)])
        #expect(
            actions.contains { if case .change(.quarantine(UnitID(1), of: .anchors, _)) = $0 { true } else { false } })
    }

    @Test func aWorkerThatIsBackKeepsWhatItHasEmbedded() {
        var harness = SchedulerHarness(model: .test)
        harness.begin([.test(1)], of: .anchors)
        harness.begin(UnitSummary.tests(2...4), of: .rows)
        var hello = WorkerMessage.Hello.test(.a, model: .test(textsAhead: 18))
        hello.held = (2...4).map { .init(lease: Lease($0), tokens: 1, isEmbedded: true) }
        let actions = harness.receive(.hello(hello), from: .a)
        #expect(actions.assignments == [Assignment(Lease(1), .a)])
        #expect(!actions.messages(to: .a).contains { if case .revoked = $0 { true } else { false } })
    }

    @Test func aSlowLastAnchorIsComputedTwiceThoughThereAreRowsToEmbed() {
        var harness = SchedulerHarness(model: .test)
        harness.begin(UnitSummary.tests(1...2), of: .anchors)
        harness.begin(UnitSummary.tests(3...40), of: .rows)
        harness.join(.a, credit: 1, textsAhead: 18)
        harness.join(.b, credit: 1, textsAhead: 18)
        harness.advance(seconds: 1)
        harness.receive(.result(.anchors(Lease(1))), from: .a)
        harness.advance(seconds: 11)
        harness.heartbeat(.a, held: [Lease(3): 0])
        #expect(harness.handle(.tick).assignments == [])
        // What comes free serves the barrier first.
        #expect(harness.receive(.embedded(Lease(3)), from: .a).assignments == [Assignment(Lease(2, 2), .a)])
    }

    // MARK: What comes before rows ahead

    /// It is to have a worker to itself, which never comes while all have rows in work.
    @Test func noRowsAreGivenOutAheadWhileAnAnchorWaitsForItsLastAttempt() {
        var harness = SchedulerHarness(model: .test)
        harness.handle(.stepBegan(.anchors))
        harness.begin(UnitSummary.tests(2...9), of: .rows)
        harness.join(.a, textsAhead: 200)
        #expect(harness.handle(.unitsFetched(.anchors, [.test(1, failures: 2)], isLast: true)).assignments == [])
        #expect(harness.receive(.embedded(Lease(2)), from: .a).assignments == [])
        #expect(harness.receive(.embedded(Lease(3)), from: .a).assignments == [Assignment(Lease(1, 3), .a)])
    }

    // MARK: After a restart of the coordinator

    /// The first fetch does not reach all that workers have embedded.
    @Test func anEmbeddedUnitThatIsNotFetchedYetStaysWhereItIs() {
        var harness = SchedulerHarness(model: .test)
        harness.begin([.test(1)], of: .anchors)
        harness.handle(.stepBegan(.rows))
        harness.handle(.unitsFetched(.rows, UnitSummary.tests(2...3), isLast: false))
        harness.join(.b, credit: 1)
        let held: [WorkerMessage.HeldUnit] = [.init(lease: Lease(9), tokens: 100, isEmbedded: true)]
        var hello = WorkerMessage.Hello.test(.a, model: .test(textsAhead: 2))
        hello.held = held
        // What it holds may be all that it has room for.
        #expect(harness.receive(.hello(hello), from: .a).assignments == [])
        func revoked(_ actions: [Scheduler.Action]) -> [CoordinatorMessage] {
            actions.messages(to: .a).filter { if case .revoked = $0 { true } else { false } }
        }
        let heartbeat = WorkerMessage.heartbeat(.init(epoch: 1, held: held, draining: false))
        #expect(revoked(harness.receive(heartbeat, from: .a)) == [])
        // Once it is there, and nobody else has it, it is the worker's.
        harness.handle(.unitsFetched(.rows, [.test(9)], isLast: true))
        #expect(revoked(harness.receive(heartbeat, from: .a)) == [])
        #expect(harness.scheduler.workerReports(at: harness.now)[1].unitsHeld == 1)
    }

    @Test func noMoreEmbeddedUnitsAreTakenFromAWorkerThanItHasRoomFor() {
        var harness = self.harness(rows: 3)
        harness.join(.a, credit: 1, textsAhead: 4)
        let held = (2...4).map { WorkerMessage.HeldUnit(lease: Lease($0), tokens: 9, isEmbedded: true) }
        let heartbeat = WorkerMessage.heartbeat(
            .init(epoch: 1, held: [.init(lease: Lease(1), tokens: 1)] + held, draining: false))
        #expect(harness.receive(heartbeat, from: .a).messages(to: .a).contains(.revoked(Lease(4))))
    }
}

/// A worker on which everything fails.
@Suite struct SchedulerRestTests {
    @Test func aWorkerOnWhichEveryUnitFailsRestsLongerAndLonger() {
        var harness = SchedulerHarness(
            policy: .test {
                $0.restMax = .seconds(4)
                $0.attemptsMax = 100
            }, model: .test)
        harness.begin([.test(1), .test(2)])
        harness.join(.a, credit: 1)
        for attempt in 1...2 as ClosedRange<UInt32> {
            #expect(harness.fail(Lease(1, attempt), on: .a).assignments == [Assignment(Lease(1, attempt + 1), .a)])
        }
        for (attempt, rest) in zip(3...6 as ClosedRange<UInt32>, [1.0, 2, 4, 4]) {
            #expect(harness.fail(Lease(1, attempt), on: .a).assignments == [])
            harness.advance(seconds: rest - 0.5)
            #expect(harness.handle(.tick).assignments == [])
            harness.advance(seconds: 0.5)
            #expect(harness.handle(.tick).assignments == [Assignment(Lease(1, attempt + 1), .a)])
        }
        // One good result, and it is trusted again.
        #expect(harness.receive(.result(.anchors(Lease(1, 7))), from: .a).assignments == [Assignment(Lease(2), .a)])
        #expect(harness.fail(Lease(2), on: .a).assignments == [Assignment(Lease(2, 2), .a)])
    }

    @Test func givingUnitsBackIsNoFailure() {
        var harness = SchedulerHarness(model: .test)
        harness.begin(UnitSummary.tests(1...20))
        harness.join(.a, credit: 1)
        for attempt in 1...9 as ClosedRange<UInt32> {
            #expect(harness.fail(Lease(1, attempt), on: .a, returned: true).assignments.count == 1)
        }
    }
}
