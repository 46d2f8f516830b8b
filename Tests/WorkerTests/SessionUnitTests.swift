import Protocol
import Testing
import Worker

@Suite struct SessionUnitTests {
    @Test func anAssignmentThatComesAfterItsRevocationIsNotTaken() {
        var harness = SessionHarness.working()
        #expect(harness.receive(.revoked(Lease(1))) == [])
        #expect(harness.assign(Lease(1)) == [])
        #expect(harness.held() == [])
        // Whatever comes between the two.
        harness.receive(.revoked(Lease(2)))
        harness.receive(.welcome(SessionHarness.job))
        #expect(harness.assign(Lease(2)) == [])
        // Once only; and the next attempt is another lease.
        #expect(harness.assign(Lease(1, 2)).count == 1)
        harness.assign(Lease(2))
        #expect(harness.held(after: 2)?.map(\.lease) == [Lease(1, 2), Lease(2)])
    }

    private typealias Harness = SessionHarness

    private func compute(_ lease: Lease, lane: Int = 0) -> Session.Action {
        .compute(lane: lane, lease, .embed(.test(lease)), scorer: nil)
    }

    @Test func aUnitIsComputedSentAndForgottenWhenItIsAcknowledged() {
        var harness = Harness.working()
        #expect(harness.assign(Lease(1)) == [compute(Lease(1))])
        #expect(harness.handle(.computed(lane: 0, .test(Lease(1)))) == [.send(.result(.test(Lease(1))))])
        #expect(harness.held() == [.init(Lease(1), 40)])
        #expect(harness.receive(.resultAcknowledged(Lease(1))) == [])
        #expect(harness.held() == [])
    }

    @Test func unitsWaitForAFreeLaneInTheOrderOfTheirArrival() {
        var harness = Harness.working(lanes: 2)
        #expect(harness.assign(Lease(1)) == [compute(Lease(1), lane: 0)])
        #expect(harness.assign(Lease(2)) == [compute(Lease(2), lane: 1)])
        #expect(harness.assign(Lease(3)) == [])
        #expect(harness.assign(Lease(4)) == [])
        #expect(harness.handle(.computed(lane: 1, .test(Lease(2)))).last == compute(Lease(3), lane: 1))
        #expect(harness.handle(.computed(lane: 0, .test(Lease(1)))).last == compute(Lease(4), lane: 0))
    }

    @Test func aHeartbeatListsAllThatIsInHand() {
        var harness = Harness.working(lanes: 2)
        for unit in 1...4 as ClosedRange<UInt64> { harness.assign(Lease(unit)) }
        harness.handle(.computed(lane: 1, .test(Lease(2))))
        harness.handle(.progress(lane: 0, tokens: 12))
        #expect(
            harness.held() == [.init(Lease(2), 40), .init(Lease(1), 12), .init(Lease(3), 0), .init(Lease(4), 0)])
    }

    @Test(arguments: ["waiting", "in a lane", "finished"]) func aUnitThatIsInHandIsNotTakenTwice(_ place: String) {
        var harness = Harness.working()
        if place == "waiting" { harness.assign(Lease(9)) }
        harness.assign(Lease(1))
        if place == "finished" { harness.handle(.computed(lane: 0, .test(Lease(1)))) }
        #expect(harness.assign(Lease(1)) == [])
        #expect(harness.held()?.filter { $0.lease == Lease(1) }.count == 1)
    }

    @Test func anotherAttemptAtAUnitIsAnotherLease() {
        var harness = Harness.working(lanes: 2)
        harness.assign(Lease(1, 1))
        #expect(harness.assign(Lease(1, 2)) == [compute(Lease(1, 2), lane: 1)])
    }

    @Test func aFailureIsReportedAndTheNextUnitStarts() {
        var harness = Harness.working()
        harness.assign(Lease(1))
        harness.assign(Lease(2))
        #expect(
            harness.handle(.failed(lane: 0, reason: "boom")) == [Harness.failure(Lease(1), "boom"), compute(Lease(2))])
        #expect(harness.held() == [.init(Lease(2))])
    }

    @Test func anUnacknowledgedResultIsSentAgain() {
        var harness = Harness.working()
        harness.assign(Lease(1))
        harness.handle(.computed(lane: 0, .test(Lease(1))))
        #expect(harness.tick(after: 9) == [Harness.heartbeat(held: [.init(Lease(1), 40)])])
        #expect(harness.tick(after: 1).last == .send(.result(.test(Lease(1)))))
        harness.receive(.heartbeatReply)
        #expect(harness.tick(after: 9) == [Harness.heartbeat(held: [.init(Lease(1), 40)])])
        #expect(harness.tick(after: 1).last == .send(.result(.test(Lease(1)))))
        harness.receive(.resultAcknowledged(Lease(1)))
        #expect(harness.tick(after: 10).last == Harness.heartbeat())
    }

    private func results(_ actions: [Session.Action]) -> [Lease] {
        actions.compactMap { if case .send(.result(let result)) = $0 { result.lease } else { nil } }
    }

    /// With results that were sent in this order.
    private func harness(finished units: ClosedRange<UInt64>) -> Harness {
        var harness = Harness.working()
        for unit in units {
            harness.assign(Lease(unit))
            harness.handle(.computed(lane: 0, .test(Lease(unit))))
        }
        return harness
    }

    /// On a slow link the first copies are still on their way.
    @Test func oneResultAtATimeIsSentAgainAndNoneWhileOthersAreAcknowledged() {
        var harness = harness(finished: 1...4)
        harness.advance(seconds: 9)
        #expect(results(harness.receive(.resultAcknowledged(Lease(1)))) == [])
        #expect(results(harness.tick(after: 9)) == [])
        #expect(results(harness.tick(after: 1)) == [Lease(2)])
        #expect(results(harness.tick(after: 9)) == [])
        #expect(results(harness.tick(after: 1)) == [Lease(3)])
        #expect(results(harness.receive(.resultAcknowledged(Lease(4)))) == [])
        #expect(results(harness.tick(after: 9)) == [])
        #expect(results(harness.tick(after: 1)) == [Lease(2)])
    }

    /// More than a link takes at once, some of which is dropped, is through soon.
    @Test func eachAcknowledgementOfALaterResultSendsALostOneAgain() {
        var harness = harness(finished: 1...6)
        // The last two arrived, those before them did not.
        #expect(results(harness.receive(.resultAcknowledged(Lease(5)))) == [Lease(1)])
        #expect(results(harness.receive(.resultAcknowledged(Lease(6)))) == [Lease(2)])
        #expect(results(harness.receive(.resultAcknowledged(Lease(1)))) == [Lease(3)])
        #expect(results(harness.receive(.resultAcknowledged(Lease(2)))) == [Lease(4)])
        #expect(results(harness.receive(.resultAcknowledged(Lease(2)))) == [])
        #expect(results(harness.receive(.resultAcknowledged(Lease(3)))) == [])
        #expect(results(harness.receive(.resultAcknowledged(Lease(4)))) == [])
        #expect(harness.held() == [])
    }

    // MARK: The scorer

    @Test func rowsAreComputedOnTheScorer() {
        var harness = Harness.working()
        #expect(harness.receive(.scorer(Harness.scorer)) == [.send(.scorerAcknowledged(digest: Harness.scorer.digest))])
        #expect(
            harness.assign(Lease(1), .project) == [
                .compute(lane: 0, Lease(1), .embed(.test(Lease(1), .project)), scorer: Harness.scorer)
            ])
    }

    // MARK: Revoked units

    @Test func aRevokedUnitThatWaitsIsDropped() {
        var harness = Harness.working()
        harness.assign(Lease(1))
        harness.assign(Lease(2))
        #expect(harness.receive(.revoked(Lease(2))) == [])
        #expect(harness.held() == [.init(Lease(1))])
    }

    @Test func aRevokedResultIsDropped() {
        var harness = Harness.working()
        harness.assign(Lease(1))
        harness.handle(.computed(lane: 0, .test(Lease(1))))
        #expect(harness.receive(.revoked(Lease(1))) == [])
        #expect(harness.held() == [])
    }

    @Test func aRevokedUnitInALaneIsCancelledOnceAndListedUntilTheLaneIsFree() {
        var harness = Harness.working()
        harness.assign(Lease(1))
        harness.assign(Lease(2))
        #expect(harness.receive(.revoked(Lease(1))) == [.cancel(lane: 0)])
        #expect(harness.receive(.revoked(Lease(1))) == [])
        harness.handle(.progress(lane: 0, tokens: 5))
        #expect(harness.held() == [.init(Lease(2)), .init(Lease(1), 5)])
        #expect(harness.receive(.whoAreYou) == [Harness.hello(model: Harness.model, held: [.init(Lease(2))])])
        #expect(harness.handle(.cancelled(lane: 0)) == [compute(Lease(2))])
    }

    @Test func whatARevokedUnitCameToIsNotSent() {
        for event in [Session.Event.computed(lane: 0, .test(Lease(1))), .failed(lane: 0, reason: "boom")] {
            var harness = Harness.working()
            harness.assign(Lease(1))
            harness.receive(.revoked(Lease(1)))
            #expect(harness.handle(event) == [])
            #expect(harness.held() == [])
        }
    }

    @Test func aRevokedUnitMayComeAgain() {
        var harness = Harness.working()
        harness.assign(Lease(1))
        harness.receive(.revoked(Lease(1)))
        #expect(harness.assign(Lease(1)) == [])
        #expect(harness.handle(.cancelled(lane: 0)) == [compute(Lease(1))])
    }

    @Test func revokingAnUnknownLeaseDoesNothing() {
        var harness = Harness.working()
        harness.assign(Lease(1))
        #expect(harness.receive(.revoked(Lease(1, 2))) == [])
        #expect(harness.held() == [.init(Lease(1))])
    }
}
