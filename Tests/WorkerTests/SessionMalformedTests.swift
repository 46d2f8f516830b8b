import Protocol
import Testing
import Worker

/// What a worker does about a message of its coordinator that it cannot read.
@Suite struct SessionMalformedTests {
    private static let problem = ProtocolError("a job's precision: expected one of f32, found \"fp4\"")
    private static let advice = "; install the same release of legend on the coordinator and on all workers"

    /// As a coordinator of another build would send it: the message, and a frame that does not belong to it.
    private static func malformed(_ message: CoordinatorMessage) throws -> MalformedMessage {
        MalformedMessage(try Message.coordinator(message).frames(), problem)
    }

    static let needed: [CoordinatorMessage] = [
        .welcome(SessionHarness.job), .accepted, .scorer(SessionHarness.scorer), .refused(reason: "no"),
        .jobFinished(summary: "done"), .whoAreYou, .resultAcknowledged(Lease(1)),
    ]

    @Test(arguments: needed, SessionEndingTests.Start.allCases)
    func withoutAMessageThatItMustHaveTheWorkerLeavesAndSaysWhy(
        _ message: CoordinatorMessage, _ start: SessionEndingTests.Start
    ) throws {
        var harness = start.harness
        let malformed = try Self.malformed(message)
        #expect(malformed.kind != nil)
        let reason = "\(malformed)\(Self.advice)"
        #expect(reason.contains("that cannot be read: \(Self.problem)"))
        #expect(
            harness.handle(.malformed(malformed)) == [
                .send(.goodbye(reason: reason)), .end(.unusable(reason: reason)),
            ])
        #expect(harness.handle(.malformed(malformed)) == [])
    }

    @Test func theReasonNamesTheMessageAndWhatItCouldNotRead() throws {
        var harness = SessionEndingTests.Start.greeting.harness
        let reason = """
            a welcome to a job that cannot be read: a job's precision: expected one of f32, found "fp4"; install the \
            same release of legend on the coordinator and on all workers
            """
        #expect(
            harness.handle(.malformed(try Self.malformed(.welcome(SessionHarness.job)))).last
                == .end(.unusable(reason: reason)))
    }

    /// Ending would let one unit that nobody can read end every worker.
    @Test func anAssignmentThatCannotBeReadFailsAndTheWorkerGoesOn() throws {
        var harness = SessionHarness.working()
        harness.assign(Lease(1))
        let malformed = try Self.malformed(.assignment(Lease(2), .test(Lease(2))))
        #expect(
            harness.handle(.malformed(malformed)) == [
                SessionHarness.failure(Lease(2), "\(malformed)\(Self.advice)")
            ])
        #expect(harness.handle(.computed(lane: 0, .test(Lease(1)))) == [.send(.result(.test(Lease(1))))])
    }

    @Test func anAssignmentThatCannotBeReadIsReturnedByAWorkerThatStops() throws {
        var harness = SessionHarness.working()
        harness.assign(Lease(1))
        harness.handle(.drain(reason: "SIGTERM"))
        let malformed = try Self.malformed(.assignment(Lease(2), .test(Lease(2))))
        #expect(
            harness.handle(.malformed(malformed)).contains(
                .send(.failure(.init(lease: Lease(2), reason: "SIGTERM", returned: true)))))
    }

    @Test func anAssignmentThatCannotBeReadAndWasRevokedBeforeItCameIsForgotten() throws {
        var harness = SessionHarness.working()
        harness.receive(.revoked(Lease(2)))
        #expect(harness.handle(.malformed(try Self.malformed(.assignment(Lease(2), .test(Lease(2)))))) == [])
    }

    @Test func anAssignmentOfNobodyKnowsWhatEndsTheWorker() throws {
        var harness = SessionHarness.working()
        let malformed = try Self.malformed(.assignment(Lease(1, .max), .test(Lease(1))))
        #expect(malformed.kind == .assignment(nil))
        #expect(harness.handle(.malformed(malformed)).isEnding)
    }

    @Test(arguments: [CoordinatorMessage.revoked(Lease(1)), .heartbeatReply])
    func withoutWhatItCanDoWithoutTheWorkerGoesOn(_ message: CoordinatorMessage) throws {
        for start in SessionEndingTests.Start.allCases {
            var harness = start.harness
            let malformed = try Self.malformed(message)
            #expect(harness.handle(.malformed(malformed)) == [.note(.malformed(malformed))])
        }
    }

    /// A stranger at the coordinator's address, or a bit that was turned round on the way.
    @Test func bytesThatAreNoMessageOfOursEndNobody() {
        for start in SessionEndingTests.Start.allCases {
            var harness = start.harness
            let malformed = MalformedMessage([Array("HTTP/1.0 400 Bad Request".utf8)], Self.problem)
            #expect(harness.handle(.malformed(malformed)) == [.note(.malformed(malformed))])
        }
    }

    @Test func whatAWorkerSaysEndsNoWorker() throws {
        var harness = SessionHarness.working()
        let frames = try Message.worker(.ready(SessionHarness.model)).frames()
        #expect(!harness.handle(.malformed(MalformedMessage(frames, Self.problem))).isEnding)
    }

    @Test func aCoordinatorThatSaysSomethingIsThere() throws {
        var harness = SessionHarness.working()
        harness.tick(after: 16)
        let malformed = try Self.malformed(.heartbeatReply)
        #expect(harness.handle(.malformed(malformed)) == [.note(.coordinatorBack), .note(.malformed(malformed))])
        #expect(harness.session.isCutOff == false)
    }

    @Test func beforeTheBeginningAndAfterTheEndNothingIsDone() throws {
        var harness = SessionHarness()
        let malformed = try Self.malformed(.welcome(SessionHarness.job))
        #expect(harness.handle(.malformed(malformed)) == [])
        harness.handle(.start)
        harness.receive(.refused(reason: "no"))
        #expect(harness.handle(.malformed(malformed)) == [])
    }
}
