import Protocol
import Scheduling
import Testing

/// What becomes of a worker's message that cannot be read.
@Suite struct SchedulerMalformedTests {
    private static let problem = ProtocolError("a worker id of 0 bytes; 1 to 256 are expected")

    private func malformed(_ message: WorkerMessage) throws -> MalformedMessage {
        MalformedMessage(try Message.worker(message).frames(), Self.problem)
    }

    private func reason(_ malformed: MalformedMessage) -> String {
        "\(malformed); install the same release of legend on the coordinator and on all workers"
    }

    /// It would greet for ever, and its operator not know why.
    @Test func aStrangerWhoseGreetingCannotBeReadIsToldSo() throws {
        var harness = SchedulerHarness()
        let hello = try malformed(.hello(.test(.a)))
        #expect(hello.kind == .hello)
        #expect(
            harness.handle(.malformed(hello, from: .a)) == [.send(.refused(reason: reason(hello)), to: .a)])
        #expect(harness.state(of: .a) == nil)
    }

    @Test func aWorkerWhoseModelCannotBeReadIsRefusedAlone() throws {
        var harness = SchedulerHarness()
        harness.join(.b)
        harness.receive(.hello(.test(.a)), from: .a)
        let ready = try malformed(.ready(.test))
        #expect(
            harness.handle(.malformed(ready, from: .a)) == [
                .note(.refused(worker: PeerID.a.name, reason: reason(ready))),
                .send(.refused(reason: reason(ready)), to: .a),
            ])
        #expect(harness.state(of: .a) == nil)
        #expect(harness.state(of: .b) == "ready")
    }

    @Test func theUnitsOfAWorkerThatIsRefusedSoWereNotTried() throws {
        var harness = SchedulerHarness(model: .test)
        harness.begin(UnitSummary.tests(1...2))
        harness.join(.a)
        harness.join(.b)
        let actions = harness.handle(.malformed(try malformed(.hello(.test(.a))), from: .a))
        #expect(actions.failures == [])
        #expect(actions.assignments.map(\.peer) == [.b, .b])
    }

    @Test func aResultThatCannotBeReadIsAFailedAttempt() throws {
        var harness = SchedulerHarness(model: .test)
        harness.begin([.test(1)])
        harness.join(.a)
        harness.join(.b)
        let result = try malformed(.result(.anchors(Lease(1))))
        #expect(result.kind == .result(Lease(1)))
        #expect(
            harness.handle(.malformed(result, from: .a)).withoutNotes == [
                .send(.resultAcknowledged(Lease(1)), to: .a),
                .change(.failure(Lease(1), worker: PeerID.a.name, reason: reason(result))),
                .assign(Lease(1, 2), to: .b),
            ])
    }

    @Test func aResultOfAnotherWorkersUnitChangesNothing() throws {
        var harness = SchedulerHarness(model: .test)
        harness.begin([.test(1)])
        harness.join(.a)
        harness.join(.b)
        let result = try malformed(.result(.anchors(Lease(1))))
        #expect(harness.handle(.malformed(result, from: .c)) == [])
        #expect(harness.handle(.malformed(result, from: .b)).failures == [])
        #expect(harness.receive(.result(.anchors(Lease(1))), from: .a).commits == [Lease(1)])
    }

    @Test func whatTheWorkerSaysAgainOrIsMissedForIsNotAnswered() throws {
        var harness = SchedulerHarness(model: .test)
        harness.begin([.test(1)])
        harness.join(.a)
        let messages: [WorkerMessage] = [
            .heartbeat(.init(epoch: 1, held: [], draining: false)), .embedded(Lease(1)),
            .failure(.init(lease: Lease(1), reason: "", returned: false)), .scorerAcknowledged(digest: "d"),
            .goodbye(reason: "bye"),
        ]
        for message in messages {
            let malformed = try malformed(message)
            #expect(malformed.kind != nil)
            #expect(harness.handle(.malformed(malformed, from: .a)) == [])
        }
        let noMessage = MalformedMessage([[1, 2, 3]], Self.problem)
        #expect(harness.handle(.malformed(noMessage, from: .a)) == [])
        #expect(harness.state(of: .a) == "ready")
        // Heartbeats that cannot be read are none.
        harness.advance(seconds: 16)
        _ = harness.handle(.malformed(try malformed(messages[0]), from: .a))
        harness.handle(.tick)
        #expect(harness.state(of: .a) == nil)
    }

    @Test func afterTheEndEverybodyIsToldOfIt() throws {
        var harness = SchedulerHarness(model: .test)
        harness.handle(.jobFinished(summary: "done"))
        #expect(
            harness.handle(.malformed(try malformed(.hello(.test(.a))), from: .a)) == [
                .send(.jobFinished(summary: "done"), to: .a)
            ])
    }
}
