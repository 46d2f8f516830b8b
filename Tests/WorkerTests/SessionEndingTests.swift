import Testing
import Worker

@testable import Protocol

@Suite struct SessionEndingTests {
    /// Lets the coordinator end at once.
    private let farewell = Session.Action.send(.goodbye(reason: "the job is finished"))

    private typealias Harness = SessionHarness

    /// A session in each of its states.
    enum Start: CaseIterable {
        case greeting, loading, joining, working

        var harness: SessionHarness {
            var harness = SessionHarness()
            harness.handle(.start)
            if self == .greeting { return harness }
            harness.receive(.welcome(SessionHarness.job))
            if self == .loading { return harness }
            harness.handle(.modelLoaded(SessionHarness.model))
            if self == .joining { return harness }
            harness.receive(.accepted)
            return harness
        }
    }

    @Test(arguments: Start.allCases) func aRefusalEndsTheWorkerWithItsReason(_ start: Start) {
        var harness = start.harness
        #expect(harness.receive(.refused(reason: "no")) == [.end(.refused(reason: "no"))])
    }

    @Test(arguments: Start.allCases) func aFinishedJobEndsTheWorker(_ start: Start) {
        var harness = start.harness
        #expect(harness.receive(.jobFinished(summary: "done")) == [farewell, .end(.jobFinished(summary: "done"))])
    }

    @Test(arguments: Start.allCases) func anotherProtocolVersionEndsTheWorker(_ start: Start) {
        var harness = start.harness
        let mismatch = ProtocolVersionMismatch(found: 9)
        #expect(harness.handle(.otherVersion(mismatch)) == [.end(.unusable(reason: mismatch.description))])
    }

    @Test func aModelThatCannotBeLoadedEndsTheWorkerAndTheCoordinatorIsTold() {
        var harness = Start.loading.harness
        #expect(
            harness.handle(.modelFailed(reason: "no file")) == [
                .send(.goodbye(reason: "no file")), .end(.unusable(reason: "no file")),
            ])
    }

    @Test func theEndCancelsTheLanes() {
        var harness = SessionHarness.working(lanes: 3)
        harness.assign(Lease(1))
        harness.assign(Lease(2))
        #expect(
            harness.receive(.jobFinished(summary: "done")) == [
                farewell, .cancel(lane: 0), .cancel(lane: 1), .end(.jobFinished(summary: "done")),
            ])
    }

    @Test func afterTheEndNothingIsDone() {
        var harness = SessionHarness.working()
        harness.assign(Lease(1))
        harness.receive(.jobFinished(summary: "done"))
        let events: [Session.Event] = [
            .message(.whoAreYou), .message(.welcome(Harness.job)), .modelLoaded(Harness.model),
            .computed(lane: 0, .test(Lease(1))), .drain(reason: "SIGTERM"), .tick,
        ]
        for event in events { #expect(harness.handle(event) == []) }
    }

    // MARK: Draining

    @Test(arguments: Start.allCases) func aWorkerWithEmptyHandsLeavesAtOnce(_ start: Start) {
        var harness = start.harness
        #expect(
            harness.handle(.drain(reason: "SIGTERM")) == [
                .note(.draining(reason: "SIGTERM", unitsReturned: 0)), Harness.heartbeat(draining: true),
                .send(.goodbye(reason: "SIGTERM")), .end(.drained(reason: "SIGTERM")),
            ])
    }

    @Test func aDrainingWorkerGivesBackWhatWaitsAndFinishesWhatIsInItsLanes() {
        var harness = SessionHarness.working()
        harness.assign(Lease(1))
        harness.assign(Lease(2))
        // The coordinator hears of the drain first, or it would give the unit to this worker again.
        #expect(
            harness.handle(.drain(reason: "SIGTERM")) == [
                .note(.draining(reason: "SIGTERM", unitsReturned: 1)),
                Harness.heartbeat(held: [.init(Lease(1))], draining: true),
                Harness.failure(Lease(2), "SIGTERM", returned: true),
            ])
        #expect(harness.assign(Lease(3)) == [Harness.failure(Lease(3), "SIGTERM", returned: true)])
        #expect(harness.handle(.computed(lane: 0, .test(Lease(1)))) == [.send(.result(.test(Lease(1))))])
        #expect(
            harness.receive(.resultAcknowledged(Lease(1))) == [
                .send(.goodbye(reason: "SIGTERM")), .end(.drained(reason: "SIGTERM")),
            ])
    }

    @Test func aSecondRequestToStopGivesEverythingBack() {
        var harness = SessionHarness.working()
        harness.assign(Lease(1))
        harness.handle(.drain(reason: "SIGTERM"))
        #expect(
            harness.handle(.drain(reason: "SIGINT")) == [
                .note(.draining(reason: "SIGINT", unitsReturned: 0)),
                Harness.heartbeat(held: [.init(Lease(1))], draining: true),
                Harness.failure(Lease(1), "SIGINT", returned: true), .cancel(lane: 0),
                .send(.goodbye(reason: "SIGINT")), .end(.drained(reason: "SIGINT")),
            ])
    }

    @Test func aDrainHasALimit() {
        var policy = Session.Policy()
        policy.drainLimit = .seconds(30)
        var harness = SessionHarness(policy: policy)
        harness.handle(.start)
        harness.receive(.welcome(Harness.job))
        harness.handle(.modelLoaded(Harness.model))
        harness.receive(.accepted)
        harness.assign(Lease(1))
        harness.handle(.drain(reason: "SIGTERM"))
        #expect(!harness.tick(after: 29).isEnding)
        let actions = harness.tick(after: 1)
        #expect(actions.contains(Harness.failure(Lease(1), "SIGTERM", returned: true)))
        #expect(actions.contains(.send(.goodbye(reason: "SIGTERM"))))
        #expect(actions.last == .end(.drained(reason: "SIGTERM")))
    }

    @Test func aFailureEndsADrainAsWell() {
        var harness = SessionHarness.working()
        harness.assign(Lease(1))
        harness.handle(.drain(reason: "SIGTERM"))
        #expect(harness.handle(.failed(lane: 0, reason: "boom")).last == .end(.drained(reason: "SIGTERM")))
    }
}
