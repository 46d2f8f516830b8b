import Protocol
import Scheduling
import Testing

extension SchedulerHarness {
    /// At the end of a step: b has had unit 2 for 11 s, and a, which finished unit 1 in 1 s, was given it as well.
    static func speculating() -> SchedulerHarness {
        var harness = lagging()
        harness.advance(seconds: 10)
        harness.heartbeat(.a)
        #expect(
            harness.handle(.tick) == [
                .assign(Lease(2, 2), to: .a), .note(.speculated(UnitID(2), worker: PeerID.a.name)),
            ])
        return harness
    }

    /// At the end of a step: b has had unit 2 for 1 s, and a is idle.
    static func lagging(isLast: Bool = true) -> SchedulerHarness {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.join(.b)
        harness.handle(.stepBegan(.anchors))
        harness.handle(.unitsFetched(.anchors, UnitSummary.tests(1...2), isLast: isLast))
        harness.advance(seconds: 1)
        harness.receive(.result(.anchors(Lease(1))), from: .a)
        harness.handle(.settled(UnitID(1)))
        return harness
    }
}

@Suite struct SchedulerSpeculationTests {
    @Test func aSlowLastUnitIsGivenToAnIdleWorkerAsWell() {
        var harness = SchedulerHarness.lagging()
        harness.advance(seconds: 9)
        harness.heartbeat(.a)
        #expect(harness.handle(.tick) == [])
        harness.advance(seconds: 1)
        #expect(harness.handle(.tick).assignments == [Assignment(Lease(2, 2), .a)])
        // Two workers are enough.
        harness.join(.c)
        harness.advance(seconds: 12)
        harness.heartbeat(.a, held: [Lease(2, 2): 1])
        harness.heartbeat(.b, held: [Lease(2): 1])
        harness.heartbeat(.c)
        #expect(harness.handle(.tick).assignments == [])
    }

    @Test func nothingIsComputedTwiceBeforeTheEndOfTheStep() {
        var harness = SchedulerHarness.lagging(isLast: false)
        harness.handle(.unitsFetched(.anchors, [], isLast: false))
        harness.advance(seconds: 11)
        harness.heartbeat(.a)
        #expect(harness.handle(.tick) == [])
    }

    @Test func aUnitThatTakesTwiceTheMeanIsNotSlow() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.join(.b)
        harness.begin(UnitSummary.tests(1...2))
        for _ in 0..<4 {
            harness.advance(seconds: 10)
            harness.heartbeat(.a, held: [Lease(1): 0])
            harness.heartbeat(.b, held: [Lease(2): 0])
        }
        harness.receive(.result(.anchors(Lease(1))), from: .a)
        harness.handle(.settled(UnitID(1)))
        for second in stride(from: 41, through: 80, by: 1) {
            harness.advance(seconds: 1)
            harness.heartbeat(.a)
            harness.heartbeat(.b, held: [Lease(2): UInt64(second)])
            #expect(harness.handle(.tick).assignments == [])
        }
        harness.advance(seconds: 1)
        #expect(harness.handle(.tick).assignments == [Assignment(Lease(2, 2), .a)])
    }

    @Test(arguments: [(PeerID.a, Lease(2, 2), PeerID.b, Lease(2, 1)), (.b, Lease(2, 1), .a, Lease(2, 2))])
    func theFirstResultCountsAndTheOtherWorkersLeaseIsRevoked(
        winner: PeerID, won: Lease, loser: PeerID, lost: Lease
    ) {
        var harness = SchedulerHarness.speculating()
        let actions = harness.receive(.result(.anchors(won)), from: winner)
        #expect(actions.commits == [won])
        #expect(actions.messages(to: winner) == [.resultAcknowledged(won)])
        #expect(actions.messages(to: loser) == [.revoked(lost)])
        #expect(harness.handle(.settled(UnitID(2))) == [.stepCompleted(.anchors)])
        #expect(harness.fail(lost, on: loser) == [])
    }

    @Test func aLostSpeculativeWorkerLeavesTheUnitToTheFirst() {
        var harness = SchedulerHarness.speculating()
        let actions = harness.lose(.a)
        #expect(actions.assignments == [])
        #expect(harness.receive(.result(.anchors(Lease(2))), from: .b).commits == [Lease(2)])
    }
}
