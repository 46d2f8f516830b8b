import Protocol
import Scheduling
import Testing

@Suite struct SchedulerLeaseTests {
    // MARK: Giving units out

    @Test(arguments: 1...4) func creditIsNeverExceeded(_ credit: Int) {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a, credit: credit)
        let actions = harness.begin(UnitSummary.tests(1...10))
        #expect(actions.assignments == (1...UInt64(credit)).map { Assignment(Lease($0), .a) })
        let next = harness.receive(.result(.anchors(Lease(1))), from: .a)
        #expect(next.assignments == [Assignment(Lease(UInt64(credit) + 1), .a)])
        #expect(harness.heartbeat(.a, held: [:]).assignments == [])
    }

    @Test func aShortQueueIsSpreadOverAllWorkers() {
        var harness = SchedulerHarness(model: .test)
        for peer in [PeerID.a, .b, .c] { harness.join(peer, credit: 4) }
        #expect(
            harness.begin(UnitSummary.tests(1...4)).assignments == [
                Assignment(Lease(1), .a), Assignment(Lease(2), .b), Assignment(Lease(3), .c), Assignment(Lease(4), .a),
            ])
    }

    @Test func aWorkerThatLoadsItsModelGetsNothing() {
        var harness = SchedulerHarness(model: .test)
        harness.receive(.hello(.test(.a)), from: .a)
        #expect(harness.begin([.test(1)]).assignments == [])
        #expect(harness.receive(.ready(.test), from: .a).assignments == [Assignment(Lease(1), .a)])
    }

    // MARK: Silence

    @Test func aSilentWorkersUnitsGoToAnotherAsFailedAttempts() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.begin(UnitSummary.tests(1...2))
        harness.advance(seconds: 15)
        #expect(harness.handle(.tick) == [])
        harness.join(.b)
        harness.advance(seconds: 1)
        let actions = harness.handle(.tick)
        #expect(actions.notes.first == .lost(worker: PeerID.a.name, unitsReturned: 2, reason: "it was silent for 16 s"))
        #expect(
            actions.contains(
                .change(
                    .failure(
                        Lease(1), worker: PeerID.a.name,
                        reason: "worker \(PeerID.a.name) was lost: it was silent for 16 s"))))
        #expect(actions.assignments == [Assignment(Lease(1, 2), .b), Assignment(Lease(2, 2), .b)])
        #expect(harness.heartbeat(.a) == [.send(.whoAreYou, to: .a)])
    }

    @Test func aWorkerThatSpeaksIsNotLost() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        for _ in 0..<10 {
            harness.advance(seconds: 14)
            harness.heartbeat(.a)
            #expect(harness.handle(.tick) == [])
        }
    }

    @Test func aWorkerWhoseConnectionBreaksKeepsItsUnitsAndGetsNoMore() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.begin(UnitSummary.tests(1...1))
        #expect(harness.handle(.unreachable(.a)) == [])
        harness.handle(.unitsAvailable(.anchors))
        #expect(harness.handle(.unitsFetched(.anchors, UnitSummary.tests(2...2), isLast: true)).assignments == [])
        // It says something again: it can have more.
        #expect(harness.heartbeat(.a, held: [Lease(1): 0]).assignments == [Assignment(Lease(2), .a)])
        // Or it does not, and is lost.
        harness.handle(.unreachable(.a))
        #expect(harness.lose(.a).failures == [Lease(2), Lease(1)])
    }

    // MARK: Stalls

    /// Two workers that say every 10 s what they hold, for the given time.
    private func beat(
        _ harness: inout SchedulerHarness, seconds: Int, tokens: (Int) -> UInt64
    ) -> [Scheduler.Action] {
        var actions: [Scheduler.Action] = []
        for second in stride(from: 10, through: seconds, by: 10) {
            harness.advance(seconds: 10)
            actions += harness.heartbeat(.a, held: [Lease(1): tokens(second)])
            actions += harness.heartbeat(.b, held: [:])
            actions += harness.handle(.tick)
        }
        return actions.filter { if case .send(.heartbeatReply, _) = $0 { false } else { true } }
    }

    @Test func aUnitWithoutProgressIsTakenAwayAndGivenToAnother() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.join(.b)
        harness.begin([.test(1)])
        #expect(beat(&harness, seconds: 60) { _ in 0 } == [])
        let actions = beat(&harness, seconds: 10) { _ in 0 }
        #expect(actions.notes.first == .stalled(worker: PeerID.a.name, unitsReturned: 1))
        #expect(actions.messages(to: .a) == [.revoked(Lease(1))])
        #expect(actions.failures == [Lease(1)])
        #expect(actions.assignments == [Assignment(Lease(1, 2), .b)])
        #expect(harness.state(of: .a) == "stalled")
    }

    @Test func progressRenewsALease() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.join(.b)
        harness.begin([.test(1)])
        // A token every 60 s is enough for a limit of 65 s.
        #expect(beat(&harness, seconds: 600) { UInt64($0 / 60) } == [])
        #expect(harness.state(of: .a) == "ready")
    }

    @Test func aLargeUnitMayTakeLonger() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.begin([UnitSummary(id: UnitID(1), rows: 1, texts: 2, tokens: 10_000, failures: 0)])
        #expect(beat(&harness, seconds: 560) { _ in 0 }.failures == [])
        #expect(beat(&harness, seconds: 10) { _ in 0 }.failures == [Lease(1)])
    }

    @Test func anIdleWorkersClockStartsWithItsNextUnit() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        _ = beat(&harness, seconds: 600) { _ in 0 }
        harness.begin([.test(1)])
        #expect(beat(&harness, seconds: 60) { _ in 0 }.failures == [])
    }

    @Test func aStalledWorkerGetsNothingUntilItsHandsAreEmpty() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.begin([.test(1)])
        _ = beat(&harness, seconds: 70) { _ in 0 }
        #expect(harness.state(of: .a) == "stalled")
        #expect(harness.heartbeat(.a, held: [Lease(1): 0]).assignments == [])
        #expect(harness.heartbeat(.a, held: [:]).assignments == [Assignment(Lease(1, 2), .a)])
        #expect(harness.state(of: .a) == "ready")
    }

    @Test func aResultShowsThatAStalledWorkerWorks() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a, credit: 1)
        harness.begin(UnitSummary.tests(1...2))
        _ = beat(&harness, seconds: 70) { _ in 0 }
        #expect(harness.state(of: .a) == "stalled")
        let actions = harness.receive(.result(.anchors(Lease(1))), from: .a)
        #expect(actions.commits == [Lease(1)])
        #expect(actions.assignments == [Assignment(Lease(2), .a)])
    }

    // MARK: Lost assignments

    @Test func anAssignmentThatNeverArrivedIsGivenAgainAndIsNoFailure() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.begin(UnitSummary.tests(1...2))
        harness.advance(seconds: 10)
        #expect(harness.heartbeat(.a, held: [Lease(1): 0]) == [.send(.heartbeatReply, to: .a)])
        harness.advance(seconds: 1)
        #expect(
            harness.heartbeat(.a, held: [Lease(1): 0]) == [
                .send(.revoked(Lease(2)), to: .a), .send(.heartbeatReply, to: .a), .assign(Lease(2, 2), to: .a),
            ])
    }

    // MARK: Leaving

    @Test func aDrainingWorkerGetsNoMoreUnitsAndFinishesThoseItHas() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a, credit: 1)
        harness.begin(UnitSummary.tests(1...2))
        #expect(harness.heartbeat(.a, held: [Lease(1): 0], draining: true).notes == [.draining(worker: PeerID.a.name)])
        let actions = harness.receive(.result(.anchors(Lease(1))), from: .a)
        #expect(actions.commits == [Lease(1)])
        #expect(actions.assignments == [])
        #expect(harness.heartbeat(.a, draining: true).notes == [])
        #expect(harness.join(.b).assignments == [Assignment(Lease(2), .b)])
    }

    @Test func whatAWorkerLeavesBehindIsNoFailure() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.join(.b)
        harness.begin(UnitSummary.tests(1...2))
        let actions = harness.receive(.goodbye(reason: "SIGTERM"), from: .a)
        #expect(actions == [.note(.left(worker: PeerID.a.name, reason: "SIGTERM")), .assign(Lease(1, 2), to: .b)])
        #expect(harness.state(of: .a) == nil)
    }

    @Test func aUnitWhoseTextsAreGoneIsSettledAndRevoked() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.begin([.test(1)])
        #expect(
            harness.handle(.settled(UnitID(1))) == [.send(.revoked(Lease(1)), to: .a), .stepCompleted(.anchors)])
    }

    @Test func reportsListTheWorkersInTheOrderOfTheirJoining() {
        var harness = SchedulerHarness(model: .test)
        for peer in [PeerID.c, .a, .b] { harness.join(peer) }
        harness.begin(UnitSummary.tests(1...2))
        harness.advance(seconds: 2)
        var result = UnitResult.anchors(Lease(1))
        result.tokensTotal = 30
        harness.receive(.result(result), from: .c)
        let reports = harness.scheduler.workerReports(at: harness.now)
        #expect(reports.map(\.worker) == [PeerID.c, .a, .b].map(\.name))
        #expect(reports.map(\.unitsHeld) == [0, 1, 0])
        #expect(reports.map(\.unitsDone) == [1, 0, 0])
        #expect(reports.map(\.tokensPerSecond) == [15, 0, 0])
        #expect(reports.map(\.secondsSinceHeard) == [0, 2, 2])
    }

    // MARK: A coordinator that did not run

    /// Ticks for so many seconds, in which the worker says something every other second.
    private func pass(_ seconds: Int, _ harness: inout SchedulerHarness) -> [Scheduler.Action] {
        (0..<seconds).flatMap { second in
            harness.advance(seconds: 1)
            if second % 2 == 0 { harness.heartbeat(.a, held: [Lease(1): 7]) }
            return harness.handle(.tick)
        }
    }

    @Test func timeInWhichTheCoordinatorWasSuspendedCountsForNobody() {
        var harness = SchedulerHarness(policy: .test { $0.suspension = .seconds(3) }, model: .test)
        harness.join(.a)
        harness.begin([.test(1)])
        #expect(pass(50, &harness).notes == [])
        harness.advance(seconds: 7200)
        #expect(harness.handle(.tick).notes == [])
        // Of the 65 s without progress, some 50 had passed before.
        #expect(pass(10, &harness).notes == [])
        #expect(pass(10, &harness).notes.first == .stalled(worker: PeerID.a.name, unitsReturned: 1))
    }

    @Test func aWorkerThatIsSilentFromThenOnIsLostAfterItsWholeTime() {
        var harness = SchedulerHarness(policy: .test { $0.suspension = .seconds(3) }, model: .test)
        harness.join(.a)
        harness.advance(seconds: 7200)
        for _ in 0..<15 {
            #expect(harness.handle(.tick) == [])
            harness.advance(seconds: 1)
        }
        harness.advance(seconds: 1)
        #expect(harness.handle(.tick).notes.count == 1)
    }
}
