import Protocol
import Scheduling
import Testing

@Suite struct SchedulerJoiningTests {
    @Test func aGreetingIsWelcomedAndTheFirstModelBecomesTheJobs() {
        var harness = SchedulerHarness()
        #expect(
            harness.receive(.hello(.test(.a)), from: .a) == [
                .note(.joined(worker: PeerID.a.name, host: "host", lanes: 1)),
                .send(.welcome(SchedulerHarness.job), to: .a),
            ])
        #expect(harness.state(of: .a) == "loading")
        #expect(
            harness.receive(.ready(.test), from: .a) == [
                .change(.model(.test)), .note(.ready(worker: PeerID.a.name, numericBuild: "n1")),
                .send(.accepted, to: .a),
            ])
        #expect(harness.state(of: .a) == "ready")
    }

    @Test func aGreetingThatNamesItsModelIsAcceptedAtOnce() {
        var harness = SchedulerHarness(model: .test, direction: SchedulerHarness.direction)
        var job = SchedulerHarness.job
        job.modelDigest = "d1"
        #expect(
            harness.receive(.hello(.test(.a, model: .test)), from: .a).withoutNotes == [
                .send(.welcome(job), to: .a), .send(.accepted, to: .a),
                .send(.scorer(SchedulerHarness.direction), to: .a),
            ])
    }

    /// The first worker's model would become the job's, whichever it is.
    @Test func nobodyIsWelcomeWhileTheModelIsBeingFoundOut() {
        for answer in [Scheduler.Event.modelKnown(digest: "d1"), .modelUnknown] {
            var harness = SchedulerHarness()
            #expect(harness.handle(.modelAwaited) == [])
            for _ in 0..<2 {
                #expect(harness.receive(.hello(.test(.a)), from: .a) == [.send(.heartbeatReply, to: .a)])
                #expect(harness.state(of: .a) == nil)
            }
            #expect(harness.handle(answer) == [])
            harness.receive(.hello(.test(.a)), from: .a)
            #expect(harness.state(of: .a) == "loading")
        }
    }

    @Test func aWorkerWhoseKeyIsTakenAwayHasFailedAtNothing() {
        var harness = SchedulerHarness(model: .test)
        harness.begin(UnitSummary.tests(1...2))
        harness.join(.a)
        harness.join(.b, credit: 3)
        let actions = harness.handle(.dismissed(.a, reason: "its key is not allowed any more"))
        #expect(actions.failures == [])
        #expect(actions.notes == [.left(worker: PeerID.a.name, reason: "its key is not allowed any more")])
        #expect(Set(actions.assignments.map(\.peer)) == [.b])
        #expect(harness.handle(.dismissed(.a, reason: "again")) == [])
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var askedDigest = ""
        var agreed: LoadedModel?
        var found: LoadedModel
        var sentence: String
    }

    static let refusals = [
        Refusal(
            testDescription: "a digest that the job does not ask for", askedDigest: "d0", found: .test,
            sentence: """
                its model model.gguf has SHA-256 d1; the job asks for d0: give the worker that model with --model
                """),
        Refusal(
            testDescription: "another model", agreed: .test, found: .test(digest: "d2"),
            sentence: """
                its model model.gguf (SHA-256 d2) is not this job's, model.gguf (SHA-256 d1): give the worker that \
                model with --model
                """),
        Refusal(
            testDescription: "another precision", agreed: .test, found: .test(precision: .bf16),
            sentence: """
                it computes in bf16, this job in f32: set model.precision to one that all workers' processors have, \
                for example f32
                """),
        Refusal(
            testDescription: "another numeric build", agreed: .test, found: .test(numericBuild: "n2"),
            sentence: """
                its numeric build is "n2", this job's is "n1", and results would differ in their last digits: use the \
                same libraries and kind of processor, or set cluster.mixed_numerics: true
                """),
    ]

    @Test(arguments: refusals) func aWorkerThatDoesNotFitIsRefusedAloneWithASentence(_ refusal: Refusal) {
        var job = SchedulerHarness.job
        job.modelDigest = refusal.askedDigest
        var harness = SchedulerHarness(job: job, model: refusal.agreed)
        if refusal.agreed != nil { harness.join(.a) }
        harness.receive(.hello(.test(.b)), from: .b)
        #expect(
            harness.receive(.ready(refusal.found), from: .b) == [
                .note(.refused(worker: PeerID.b.name, reason: refusal.sentence)),
                .send(.refused(reason: refusal.sentence), to: .b),
            ])
        #expect(harness.state(of: .b) == nil)
        #expect(harness.state(of: .a) == (refusal.agreed == nil ? nil : "ready"))
    }

    @Test func theModelThatTheCoordinatorHasIsTheJobsFromThenOn() {
        var harness = SchedulerHarness()
        harness.receive(.hello(.test(.a)), from: .a)
        #expect(harness.handle(.modelKnown(digest: "d1")) == [])
        var job = SchedulerHarness.job
        job.modelDigest = "d1"
        #expect(harness.receive(.hello(.test(.b)), from: .b).withoutNotes == [.send(.welcome(job), to: .b)])
        harness.receive(.ready(.test(digest: "d2")), from: .a)
        #expect(harness.state(of: .a) == nil)
        harness.receive(.ready(.test), from: .b)
        #expect(harness.state(of: .b) == "ready")
    }

    @Test func numericBuildsMixWhereTheOperatorSaysSo() {
        var harness = SchedulerHarness(policy: .test { $0.allowsMixedNumerics = true }, model: .test)
        harness.receive(.hello(.test(.b)), from: .b)
        let actions = harness.receive(.ready(.test(numericBuild: "n2")), from: .b)
        #expect(actions.messages(to: .b) == [.accepted])
    }

    @Test func strangersAreAskedWhoTheyAreUnlessTheyLeave() {
        var harness = SchedulerHarness()
        #expect(harness.heartbeat(.a) == [.send(.whoAreYou, to: .a)])
        #expect(harness.receive(.goodbye(reason: "bye"), from: .a) == [])
    }

    @Test func aHeartbeatOfAnotherProcessOnAKnownConnectionIsAsked() {
        var harness = SchedulerHarness()
        harness.join(.a)
        let heartbeat = WorkerMessage.heartbeat(.init(epoch: 2, held: [], draining: false))
        #expect(harness.receive(heartbeat, from: .a) == [.send(.whoAreYou, to: .a)])
    }

    // MARK: Names

    @Test func anOlderProcessOfTheSameNameIsRefused() {
        var harness = SchedulerHarness()
        harness.receive(.hello(.test(.a, epoch: 2, model: .test)), from: .a)
        let reason = "another worker named \"\(PeerID.a.name)\" has joined since: give each worker its own --name"
        let older = WorkerMessage.hello(.test(.a, epoch: 1, model: .test))
        // Only what is heard of the newer one from now on shows that both are alive.
        for _ in 0..<8 {
            #expect(harness.receive(older, from: .b) == [])
            harness.advance(seconds: 1)
            harness.receive(.heartbeat(.init(epoch: 2, held: [], draining: false)), from: .a)
        }
        #expect(
            harness.receive(older, from: .b) == [
                .note(.refused(worker: PeerID.a.name, reason: reason)), .send(.refused(reason: reason), to: .b),
            ])
        #expect(harness.heartbeat(.b) == [.send(.whoAreYou, to: .b)])
        #expect(harness.state(of: .a) == "ready")
    }

    @Test func aWorkerThatIsRestartedWithItsClockSetBackJoinsWhenTheOldProcessIsKnownToBeDead() {
        var harness = SchedulerHarness()
        harness.receive(.hello(.test(.a, epoch: 9, model: .test)), from: .a)
        for _ in 0..<15 {
            #expect(harness.receive(.hello(.test(.a, epoch: 1, model: .test)), from: .b) == [])
            harness.advance(seconds: 1)
            harness.handle(.tick)
        }
        harness.advance(seconds: 1)
        harness.handle(.tick)
        #expect(harness.receive(.hello(.test(.a, epoch: 1, model: .test)), from: .b).messages(to: .b).count == 2)
        #expect(harness.state(of: .a) == "ready")
    }

    @Test(arguments: [PeerID.a, .b]) func aNewerProcessOfTheSameNameTakesItsPlace(on peer: PeerID) {
        var harness = SchedulerHarness()
        harness.join(.a)
        harness.begin([.test(1)])
        let actions = harness.receive(.hello(.test(.a, epoch: 2, model: .test)), from: peer)
        #expect(actions.failures == [Lease(1, 1)])
        #expect(actions.assignments == [Assignment(Lease(1, 2), peer)])
        #expect(harness.scheduler.workerReports(at: harness.now).count == 1)
    }

    @Test func anotherWorkerOnAConnectionTakesItFromTheFirst() {
        var harness = SchedulerHarness()
        harness.join(.a)
        harness.begin([.test(1)])
        let actions = harness.receive(.hello(.test(.b, model: .test)), from: .a)
        #expect(actions.failures == [Lease(1, 1)])
        #expect(actions.assignments == [Assignment(Lease(1, 2), .a)])
        #expect(harness.state(of: .a) == nil)
    }

    // MARK: Coming back

    @Test func aWorkerOnANewConnectionKeepsWhatItHolds() {
        var harness = SchedulerHarness()
        harness.join(.a)
        harness.begin(UnitSummary.tests(1...2))
        let hello = WorkerMessage.Hello.test(.a, model: .test, held: [Lease(1), Lease(2)])
        let actions = harness.receive(.hello(hello), from: .b)
        #expect(actions.notes.first == .rejoined(worker: PeerID.a.name))
        #expect(actions.messages(to: .b).count == 2)
        #expect(actions.withoutNotes.count == 2)
        #expect(harness.heartbeat(.a) == [.send(.whoAreYou, to: .a)])
        #expect(harness.receive(.result(.anchors(Lease(1))), from: .b).commits == [Lease(1)])
    }

    @Test func whatNeverReachedTheWorkerIsGivenAgainAndIsNoFailure() {
        var harness = SchedulerHarness()
        harness.join(.a)
        harness.begin(UnitSummary.tests(1...2))
        let hello = WorkerMessage.Hello.test(.a, model: .test, held: [Lease(2)])
        let actions = harness.receive(.hello(hello), from: .b)
        #expect(actions.messages(to: .b).first == .revoked(Lease(1)))
        #expect(actions.failures == [])
        #expect(actions.assignments == [Assignment(Lease(1, 2), .b)])
    }

    @Test func anEarlierAttemptInTheWorkersHandsIsNotTheOneItWasGiven() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a, credit: 1)
        harness.begin([.test(1)])
        #expect(harness.fail(Lease(1), on: .a, returned: true).assignments == [Assignment(Lease(1, 2), .a)])
        let hello = WorkerMessage.Hello.test(.a, model: .test(credit: 1), held: [Lease(1, 1)])
        let actions = harness.receive(.hello(hello), from: .b)
        #expect(actions.messages(to: .b).first == .revoked(Lease(1, 2)))
        #expect(actions.assignments == [])
        #expect(harness.fail(Lease(1, 1), on: .b).failures == [Lease(1, 1)])
    }

    @Test func aLateGreetingFromBeforeTheModelWasLoadedChangesNothing() {
        var harness = SchedulerHarness()
        harness.join(.a)
        harness.begin([.test(1)])
        #expect(harness.receive(.hello(.test(.a)), from: .a) == [])
        #expect(harness.state(of: .a) == "ready")
    }

    @Test func aWorkerThatSaysReadyTwiceDoesNotTakeBackWhatItGaveUp() {
        var harness = SchedulerHarness(model: .test)
        harness.begin([.test(1)])
        harness.join(.a, held: [Lease(1)])
        #expect(harness.fail(Lease(1), on: .a, returned: true).assignments == [Assignment(Lease(1, 2), .a)])
        harness.fail(Lease(1, 2), on: .a, returned: true)
        harness.heartbeat(.a, held: [Lease(1, 3): 0], draining: true)
        harness.fail(Lease(1, 3), on: .a, returned: true)
        let actions = harness.receive(.ready(.test), from: .a)
        #expect(actions.withoutNotes == [.send(.accepted, to: .a)])
        #expect(harness.join(.b).assignments == [Assignment(Lease(1, 4), .b)])
    }

    @Test func aDrainingWorkerThatIsBackIsStillDraining() {
        var harness = SchedulerHarness()
        harness.join(.a)
        harness.heartbeat(.a, draining: true)
        harness.receive(.hello(.test(.a, model: .test)), from: .b)
        #expect(harness.state(of: .a) == "draining")
        #expect(harness.begin([.test(1)]).assignments == [])
    }

    // MARK: After a restart of the coordinator

    @Test func whatAWorkerHoldsFromAnEarlierLifeStaysWithIt() {
        var harness = SchedulerHarness(model: .test)
        harness.begin(UnitSummary.tests(1...3))
        // Unit 9 is settled; a third unit is beyond the credit.
        let actions = harness.join(.a, held: [Lease(9), Lease(2, 4), Lease(1), Lease(3)])
        #expect(actions.assignments == [])
        #expect(actions.messages(to: .a).suffix(2) == [.revoked(Lease(9)), .revoked(Lease(3))])
        #expect(harness.join(.b).assignments == [Assignment(Lease(3), .b)])
        // Attempts go on from the highest that is known.
        #expect(harness.fail(Lease(2, 4), on: .a).assignments == [Assignment(Lease(2, 5), .b)])
    }

    @Test func whatAnotherWorkerHasMeanwhileIsRevoked() {
        var harness = SchedulerHarness(model: .test)
        harness.begin([.test(1)])
        harness.join(.a)
        #expect(harness.join(.b, held: [Lease(1)]).messages(to: .b).last == .revoked(Lease(1)))
    }

    @Test func noMoreWorkersAreLetInThanThereIsRoomFor() {
        var harness = SchedulerHarness(policy: .test { $0.workersMax = 2 })
        harness.join(.a)
        harness.join(.b)
        let hello = WorkerMessage.hello(.test(.c, model: .test))
        #expect(harness.receive(hello, from: .c).withoutNotes == [])
        // Who is known may come back.
        #expect(!harness.receive(.hello(.test(.a, epoch: 2, model: .test)), from: .a).withoutNotes.isEmpty)
        harness.receive(.goodbye(reason: "done"), from: .b)
        #expect(!harness.receive(hello, from: .c).withoutNotes.isEmpty)
    }

    @Test func aWorkerThatReadsTheModelOtherwiseIsRefused() {
        var harness = SchedulerHarness(model: .test)
        var other = LoadedModel.test
        other.layerCount = 3
        let actions = harness.receive(.hello(.test(.a, model: other)), from: .a)
        #expect(
            actions.notes.contains {
                if case .refused(_, let reason) = $0 { reason.contains("3 layers") } else { false }
            })
    }
}
