import Protocol
import Testing
import Worker

@Suite struct SessionJoiningTests {
    private typealias Harness = SessionHarness

    @Test func aWorkerGreetsLoadsTheModelAndTakesPart() {
        var harness = Harness()
        #expect(harness.handle(.start) == [Harness.hello(), .note(.greeting)])
        #expect(harness.receive(.welcome(Harness.job)) == [.loadModel(Harness.job)])
        #expect(harness.handle(.modelLoaded(Harness.model)) == [.send(.ready(Harness.model))])
        #expect(harness.receive(.accepted) == [.note(.accepted(job: "job"))])
    }

    @Test func theScorerIsAcknowledgedWheneverItComes() {
        for start in SessionEndingTests.Start.allCases {
            var harness = start.harness
            let acknowledgement = Session.Action.send(.scorerAcknowledged(digest: Harness.scorer.digest))
            for _ in 0..<2 { #expect(harness.receive(.scorer(Harness.scorer)) == [acknowledgement]) }
        }
    }

    @Test func aGreetingIsRepeatedUntilItIsAnswered() {
        var harness = Harness()
        harness.handle(.start)
        #expect(harness.tick(after: 0.9) == [])
        #expect(harness.tick(after: 0.1) == [Harness.hello()])
        #expect(harness.tick(after: 0.9) == [])
        #expect(harness.tick(after: 0.1) == [Harness.hello()])
        harness.receive(.welcome(Harness.job))
        #expect(harness.tick(after: 1) == [Harness.heartbeat()])
    }

    @Test func aWorkerWithoutTheCoordinatorsYesGreetsAgain() {
        var harness = Harness()
        harness.handle(.start)
        harness.receive(.welcome(Harness.job))
        harness.handle(.modelLoaded(Harness.model))
        #expect(harness.tick(after: 4.9) == [Harness.heartbeat()])
        #expect(harness.tick(after: 0.1) == [Harness.hello(model: Harness.model)])
        #expect(harness.receive(.welcome(Harness.job)) == [])
        #expect(harness.receive(.accepted) == [.note(.accepted(job: "job"))])
        #expect(harness.tick(after: 9) == [Harness.heartbeat()])
    }

    @Test func heartbeatsAreSentWhileTheModelIsLoaded() {
        var harness = Harness()
        harness.handle(.start)
        harness.receive(.welcome(Harness.job))
        #expect(harness.tick(after: 1) == [Harness.heartbeat()])
        #expect(harness.tick(after: 0.5) == [])
        #expect(harness.tick(after: 0.5) == [Harness.heartbeat()])
        #expect(harness.receive(.heartbeatReply) == [])
    }

    @Test func aSecondWelcomeLoadsNothingTwice() {
        var harness = Harness()
        harness.handle(.start)
        harness.receive(.welcome(Harness.job))
        #expect(harness.receive(.welcome(Harness.job)) == [])
        harness.handle(.modelLoaded(Harness.model))
        #expect(harness.receive(.welcome(Harness.job)) == [])
    }

    /// Also after a yes: the coordinator may have begun its job anew, and another worker may have had the word.
    @Test func aJobThatComputesInOtherNumbersLoadsTheModelAgain() {
        for change: (inout JobSpecification) -> Void in [{ $0.precision = .bf16 }, { $0.attention = .bf16 }] {
            var harness = Harness.working()
            var job = Harness.job
            change(&job)
            harness.receive(.whoAreYou)
            #expect(harness.receive(.welcome(job)) == [.loadModel(job)])
        }
    }

    @Test func aGreetingSaysWhatTheMachineComputesFastestIn() {
        let preference = NumericPreference(backend: .automatic, precision: .bf16, attention: .f32, reason: "measured")
        var session = Session(
            identity: .init(
                worker: "worker", epoch: 7, host: "host", processID: 1, lanes: 1, preferences: [preference]))
        let greeted = session.handle(.start, at: .zero).lazy.compactMap {
            if case .send(.hello(let hello)) = $0 { hello.preferences } else { nil }
        }.first
        #expect(greeted == [preference])
    }

    @Test func aYesWithoutAModelIsNoYes() {
        var harness = Harness()
        harness.handle(.start)
        #expect(harness.receive(.accepted) == [])
        harness.receive(.welcome(Harness.job))
        #expect(harness.receive(.accepted) == [])
    }

    @Test func anAssignmentBeforeTheModelWaits() {
        var harness = Harness()
        harness.handle(.start)
        harness.receive(.welcome(Harness.job))
        #expect(harness.assign(Lease(1)) == [])
        #expect(
            harness.handle(.modelLoaded(Harness.model)) == [
                .send(.ready(Harness.model)), .compute(lane: 0, Lease(1), .embed(.test(Lease(1))), scorer: nil),
            ])
    }

    // MARK: A coordinator that does not know the worker

    @Test func aWorkingWorkerThatIsAskedGreetsWithItsModelAndWhatItHolds() {
        var harness = Harness.working()
        harness.assign(Lease(1))
        harness.assign(Lease(2))
        harness.handle(.computed(lane: 0, .test(Lease(1))))
        harness.assign(Lease(3))
        let held: [WorkerMessage.HeldUnit] = [.init(Lease(1), 40), .init(Lease(2)), .init(Lease(3))]
        #expect(harness.receive(.whoAreYou) == [Harness.hello(model: Harness.model, held: held)])
        #expect(harness.tick(after: 1) == [Harness.hello(model: Harness.model, held: held)])
        #expect(harness.receive(.welcome(Harness.job)) == [])
        #expect(
            harness.receive(.accepted) == [
                .note(.accepted(job: "job")), .send(.result(.test(Lease(1)))),
            ])
    }

    @Test func aLoadingWorkerThatIsAskedGoesOnLoading() {
        var harness = Harness()
        harness.handle(.start)
        harness.receive(.welcome(Harness.job))
        #expect(harness.receive(.whoAreYou) == [Harness.hello()])
        #expect(harness.receive(.welcome(Harness.job)) == [])
        #expect(harness.handle(.modelLoaded(Harness.model)) == [.send(.ready(Harness.model))])
    }

    @Test func aResultThatIsReadyWhileNobodyListensIsSentLater() {
        var harness = Harness.working()
        harness.assign(Lease(1))
        harness.receive(.whoAreYou)
        #expect(harness.handle(.computed(lane: 0, .test(Lease(1)))) == [])
        harness.receive(.welcome(Harness.job))
        #expect(harness.receive(.accepted).last == .send(.result(.test(Lease(1)))))
    }

    // MARK: Another job

    @Test func anotherJobWithTheSameModelDropsTheUnitsAndTheScorer() {
        var harness = Harness.working(scorer: Harness.scorer)
        harness.assign(Lease(1))
        harness.assign(Lease(2))
        harness.receive(.whoAreYou)
        var job = Harness.job
        job.job = "another"
        #expect(harness.receive(.welcome(job)) == [.cancel(lane: 0)])
        #expect(harness.handle(.cancelled(lane: 0)) == [])
        #expect(harness.receive(.accepted) == [.note(.accepted(job: "another"))])
        #expect(harness.held() == [])
        #expect(
            harness.assign(Lease(3), .project) == [
                .compute(lane: 0, Lease(3), .embed(.test(Lease(3), .project)), scorer: nil)
            ])
    }

    private typealias Change = @Sendable (inout JobSpecification) -> Void

    @Test(
        arguments: [{ $0.modelPath = "another" }, { $0.precision = .int8 }, { $0.backend = .native }] as [Change])
    private func anotherModelIsLoadedAndTheUnitsOfTheFirstAreDropped(_ change: Change) {
        var harness = Harness.working()
        harness.assign(Lease(1))
        harness.assign(Lease(2))
        var job = Harness.job
        change(&job)
        #expect(harness.receive(.welcome(job)) == [.cancel(lane: 0), .loadModel(job)])
        #expect(harness.handle(.cancelled(lane: 0)) == [])
        #expect(harness.handle(.modelLoaded(Harness.model)) == [.send(.ready(Harness.model))])
    }

    // MARK: Silence

    @Test func theOperatorIsToldThatTheCoordinatorIsSilentAndOnceThatItIsBack() {
        var harness = Harness.working()
        #expect(harness.tick(after: 15) == [Harness.heartbeat()])
        #expect(harness.tick(after: 0.5) == [.note(.coordinatorSilent(seconds: 15))])
        #expect(harness.tick(after: 10) == [Harness.heartbeat()])
        #expect(harness.tick(after: 10) == [.note(.coordinatorSilent(seconds: 35)), Harness.heartbeat()])
        #expect(harness.receive(.heartbeatReply) == [.note(.coordinatorBack)])
        #expect(harness.receive(.heartbeatReply) == [])
    }
}
