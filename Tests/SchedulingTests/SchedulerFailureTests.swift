import Protocol
import Scheduling
import Testing

@Suite struct SchedulerFailureTests {
    @Test func aFailedUnitGoesToAWorkerThatHasNotFailedOnIt() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.join(.b)
        harness.begin([.test(1)])
        #expect(
            harness.fail(Lease(1), on: .a) == [
                .change(.failure(Lease(1), worker: PeerID.a.name, reason: "boom")),
                .note(.attemptFailed(Lease(1), worker: PeerID.a.name, reason: "boom")),
                .assign(Lease(1, 2), to: .b),
            ])
    }

    @Test func aUnitThatFailedOnEveryWorkerIsTriedAgain() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.join(.b)
        harness.begin([.test(1)])
        harness.fail(Lease(1, 1), on: .a)
        #expect(harness.fail(Lease(1, 2), on: .b).assignments == [Assignment(Lease(1, 3), .a)])
    }

    @Test func aFailedUnitDoesNotHoldUpThoseBehindIt() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a, credit: 1)
        harness.join(.b, credit: 1)
        harness.begin(UnitSummary.tests(1...4))
        harness.receive(.result(.anchors(Lease(2))), from: .b)
        // Unit 1 waits for nobody: b is busy with unit 3.
        #expect(harness.fail(Lease(1), on: .a).assignments == [Assignment(Lease(1, 2), .a)])
    }

    @Test func aUnitOfManyRowsIsSplitAfterItsLastAttempt() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.begin([.test(1, rows: 4)])
        for attempt in 1...2 as ClosedRange<UInt32> {
            #expect(harness.fail(Lease(1, attempt), on: .a).assignments == [Assignment(Lease(1, attempt + 1), .a)])
        }
        #expect(
            harness.fail(Lease(1, 3), on: .a).withoutNotes == [
                .change(.failure(Lease(1, 3), worker: PeerID.a.name, reason: "boom")), .change(.split(UnitID(1))),
            ])
        #expect(harness.handle(.replaced(UnitID(1))) == [.fetchUnits(.anchors, after: UnitID(1), limit: 4096)])
        let actions = harness.handle(.unitsFetched(.anchors, [.test(2, rows: 2), .test(3, rows: 2)], isLast: true))
        #expect(actions.assignments == [Assignment(Lease(2), .a), Assignment(Lease(3), .a)])
    }

    @Test func aLoneBadRowIsQuarantinedWithItsReason() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.begin([.test(1)])
        harness.fail(Lease(1, 1), on: .a, "first")
        harness.fail(Lease(1, 2), on: .a, "second")
        let actions = harness.fail(Lease(1, 3), on: .a, "third")
        #expect(actions.last == .change(.quarantine(UnitID(1), of: .anchors, reason: "third")))
        #expect(harness.handle(.settled(UnitID(1))) == [.stepCompleted(.anchors)])
    }

    @Test func failuresOfAnEarlierLifeCount() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        #expect(harness.begin([.test(1, failures: 2)]).assignments == [Assignment(Lease(1, 3), .a)])
        #expect(harness.fail(Lease(1, 3), on: .a).last == .change(.quarantine(UnitID(1), of: .anchors, reason: "boom")))
    }

    @Test func whatAWorkerGivesBackUntouchedIsNoFailure() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.begin([.test(1)])
        for attempt in 1...10 as ClosedRange<UInt32> {
            #expect(
                harness.fail(Lease(1, attempt), on: .a, returned: true) == [.assign(Lease(1, attempt + 1), to: .a)])
        }
        #expect(harness.scheduler.retries == 10)
    }

    @Test(arguments: [Lease(1, 2), Lease(2, 1), Lease(7, 1)])
    func aFailureOfALeaseThatTheWorkerDoesNotHoldIsIgnored(_ lease: Lease) {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a, credit: 1)
        harness.begin(UnitSummary.tests(1...2))
        #expect(harness.fail(lease, on: .a) == [])
    }

    @Test func aUnitThatKillsItsWorkersIsQuarantined() {
        var harness = SchedulerHarness(model: .test)
        harness.begin([.test(1)])
        for peer in [PeerID.a, .b] {
            harness.join(peer)
            harness.lose(peer)
        }
        harness.join(.c)
        let reason = "worker \(PeerID.c.name) was lost: it was silent for 16 s"
        #expect(harness.lose(.c).last == .change(.quarantine(UnitID(1), of: .anchors, reason: reason)))
    }

    @Test func anAttemptThatItsWorkerBringsBackFailsOnce() {
        var harness = SchedulerHarness(model: .test)
        harness.begin([.test(1)])
        harness.join(.a)
        #expect(harness.lose(.a).failures == [Lease(1)])
        for _ in 1...3 {
            #expect(harness.join(.a, held: [Lease(1)]).assignments == [])
            #expect(harness.lose(.a).failures == [])
        }
        #expect(harness.join(.b).assignments == [Assignment(Lease(1, 2), .b)])
    }

    @Test func aWorkerThatMayBeDeadGetsNoUnits() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.advance(seconds: 8)
        #expect(harness.begin([.test(1)]).assignments == [])
        #expect(harness.heartbeat(.a).assignments == [Assignment(Lease(1), .a)])
    }

    // MARK: The last attempt

    @Test func aLastAttemptHasTheWorkerToItself() {
        var harness = SchedulerHarness(model: .test)
        harness.begin([.test(1, failures: 2), .test(2), .test(3)])
        #expect(harness.join(.a).assignments == [Assignment(Lease(1, 3), .a)])
        let actions = harness.receive(.result(.anchors(Lease(1, 3))), from: .a)
        #expect(actions.assignments == [Assignment(Lease(2), .a), Assignment(Lease(3), .a)])
    }

    @Test func aLastAttemptWaitsForAWorkerWithEmptyHandsAndHoldsNothingUp() {
        var harness = SchedulerHarness(model: .test)
        harness.begin([.test(1), .test(2, failures: 2), .test(3)])
        #expect(harness.join(.a).assignments == [Assignment(Lease(1), .a), Assignment(Lease(3), .a)])
        #expect(harness.receive(.result(.anchors(Lease(1))), from: .a).assignments == [])
        let actions = harness.receive(.result(.anchors(Lease(3))), from: .a)
        #expect(actions.assignments == [Assignment(Lease(2, 3), .a)])
    }

    @Test func theNeighboursOfAUnitThatKillsItsWorkerAreNotGivenUp() {
        var harness = SchedulerHarness(model: .test)
        harness.begin(UnitSummary.tests(1...4))
        var killer: [Scheduler.Action] = []
        var computed: Set<UnitID> = []
        for epoch in 1...6 as ClosedRange<UInt64> {
            let hello = WorkerMessage.Hello.test(.a, epoch: epoch, model: .test(credit: 4))
            var held = harness.receive(.hello(hello), from: .a).assignments.map(\.lease)
            while let lease = held.first, !held.contains(where: { $0.unit == UnitID(1) }) {
                computed.insert(lease.unit)
                held.removeFirst()
                held += harness.receive(.result(.anchors(lease)), from: .a).assignments.map(\.lease)
            }
            killer += harness.lose(.a)
        }
        let givenUp = killer.compactMap { if case .change(.quarantine(let unit, _, _)) = $0 { unit } else { nil } }
        #expect(givenUp == [UnitID(1)])
        #expect(computed == [UnitID(2), UnitID(3), UnitID(4)])
    }

    @Test(arguments: [PeerID.a, .b]) func aLastAttemptThatSharesItsWorkerIsNotCounted(_ next: PeerID) {
        var harness = SchedulerHarness(model: .test)
        harness.begin([.test(1, failures: 2), .test(2)])
        harness.join(.a, held: [Lease(2, 1), Lease(1, 3)])
        let hello = WorkerMessage.hello(.test(.a, epoch: 2, model: .test))
        let actions = next == .a ? harness.receive(hello, from: .a) : harness.lose(.a)
        #expect(actions.failures == [Lease(2, 1)])
        if next == .b { harness.join(.b) }
        #expect(
            harness.fail(Lease(1, 4), on: next).contains(.change(.quarantine(UnitID(1), of: .anchors, reason: "boom"))))
    }

    // MARK: One attempt

    private static let once = Scheduler.Policy.test { $0.attemptsMax = 1 }

    @Test func withOneAttemptARowThatFailsIsGivenUpAtOnceAndAUnitIsSplit() {
        var harness = SchedulerHarness(policy: Self.once, model: .test)
        harness.join(.a)
        harness.begin([.test(1), .test(2, rows: 2)])
        #expect(harness.fail(Lease(1), on: .a).contains(.change(.quarantine(UnitID(1), of: .anchors, reason: "boom"))))
        #expect(harness.fail(Lease(2), on: .a).contains(.change(.split(UnitID(2)))))
    }

    @Test func withOneAttemptWhatSharedALostWorkerIsTriedAlone() {
        var harness = SchedulerHarness(policy: Self.once, model: .test)
        harness.begin([.test(1), .test(2), .test(3, rows: 2)])
        #expect(harness.join(.a, credit: 3).assignments.count == 3)
        let lost = harness.lose(.a)
        #expect(lost.failures == [Lease(3), Lease(2), Lease(1)])
        #expect(lost.givenUp == [] && !lost.contains(.change(.split(UnitID(3)))))
        // One after the other, for each has the worker to itself.
        #expect(harness.join(.b, credit: 3).assignments == [Assignment(Lease(1, 2), .b)])
        #expect(harness.lose(.b).givenUp == [UnitID(1)])
        #expect(harness.join(.c, credit: 3).assignments == [Assignment(Lease(2, 2), .c)])
        let next = harness.receive(.result(.anchors(Lease(2, 2))), from: .c)
        #expect(next.assignments == [Assignment(Lease(3, 2), .c)])
        #expect(harness.lose(.c).contains(.change(.split(UnitID(3)))))
    }

    @Test func withOneAttemptWhatSharedAStalledWorkerIsTriedAlone() {
        var harness = SchedulerHarness(policy: Self.once, model: .test)
        harness.begin([.test(1), .test(2)])
        harness.join(.a)
        var actions: [Scheduler.Action] = []
        for _ in 1...14 {
            harness.advance(seconds: 5)
            actions += harness.heartbeat(.a, held: [Lease(1): 0, Lease(2): 0])
            actions += harness.handle(.tick)
        }
        #expect(actions.failures == [Lease(2), Lease(1)])
        #expect(actions.givenUp == [])
    }

    @Test func aFailureWhileASecondWorkerHasTheUnitLeavesItThere() {
        var harness = SchedulerHarness.speculating()
        let actions = harness.fail(Lease(2), on: .b)
        #expect(actions.failures == [Lease(2)])
        #expect(actions.assignments == [])
        #expect(harness.receive(.result(.anchors(Lease(2, 2))), from: .a).commits == [Lease(2, 2)])
    }
}

extension [Scheduler.Action] {
    fileprivate var givenUp: [UnitID] {
        compactMap { if case .change(.quarantine(let unit, _, _)) = $0 { unit } else { nil } }
    }
}
