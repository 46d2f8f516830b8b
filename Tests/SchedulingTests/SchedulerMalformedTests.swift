import Protocol
import Scheduling
import Testing

/// What becomes of a worker's message that cannot be read.
@Suite struct SchedulerMalformedTests {
    private static let problem = ProtocolError("a worker id of 0 bytes; 1 to 256 are expected")

    private func malformed(_ message: WorkerMessage) throws -> MalformedMessage { try malformed(.worker(message)) }

    private func malformed(_ message: Message) throws -> MalformedMessage {
        MalformedMessage(try message.frames(), Self.problem)
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
        #expect(harness.handle(.malformed(result, from: .c)) == [.send(.refused(reason: reason(result)), to: .c)])
        #expect(harness.handle(.malformed(result, from: .b)).failures == [])
        #expect(harness.receive(.result(.anchors(Lease(1))), from: .a).commits == [Lease(1)])
    }

    /// Or it would take every unit through its attempts.
    @Test func aWorkerWhoseResultsCannotBeReadRests() throws {
        let policy = Scheduler.Policy.test {
            $0.attemptsMax = 10
            $0.restMax = .seconds(60)
        }
        var harness = SchedulerHarness(policy: policy, model: .test)
        harness.begin([.test(1)])
        harness.join(.a)
        for attempt in 1...3 as ClosedRange<UInt32> {
            let result = try malformed(.result(.anchors(Lease(1, attempt))))
            let actions = harness.handle(.malformed(result, from: .a))
            #expect(actions.assignments == (attempt < 3 ? [Assignment(Lease(1, attempt + 1), .a)] : []))
        }
        harness.advance(seconds: 2)
        #expect(harness.handle(.tick).assignments == [Assignment(Lease(1, 4), .a)])
    }

    /// It would seem silent, or have its units given out again for ever.
    @Test(arguments: [
        WorkerMessage.heartbeat(.init(epoch: 1, held: [], draining: false)), .embedded(Lease(1)),
        .failure(.init(lease: Lease(1), reason: "", returned: false)), .scorerAcknowledged(digest: "d"),
        .result(.anchors(Lease(1, .max))),
    ])
    func aWorkerOfWhichSomethingElseCannotBeReadIsRefused(_ message: WorkerMessage) throws {
        var harness = SchedulerHarness(model: .test)
        harness.begin([.test(1)])
        harness.join(.a)
        harness.join(.b)
        let malformed = try malformed(message)
        #expect(malformed.kind != nil)
        let actions = harness.handle(.malformed(malformed, from: .a))
        #expect(actions.messages(to: .a) == [.refused(reason: reason(malformed))])
        #expect(actions.failures == [])
        #expect(actions.assignments.map(\.peer) == [.b])
        #expect(harness.state(of: .a) == nil)
    }

    @Test func aWorkerThatSaysGoodbyeInWordsThatCannotBeReadHasLeft() throws {
        var harness = SchedulerHarness(model: .test)
        harness.begin([.test(1)])
        harness.join(.a)
        let goodbye = try malformed(.goodbye(reason: "bye"))
        let actions = harness.handle(.malformed(goodbye, from: .a))
        #expect(actions == [.note(.left(worker: PeerID.a.name, reason: reason(goodbye)))])
        #expect(harness.state(of: .a) == nil)
    }

    @Test func bytesThatAreNoMessageOfOursChangeNothing() throws {
        var harness = SchedulerHarness(model: .test)
        harness.begin([.test(1)])
        harness.join(.a)
        var tooFew = try Message.worker(.result(.anchors(Lease(1)))).frames()
        tooFew.removeLast()
        for frames in [[[1, 2, 3]], tooFew] {
            let malformed = MalformedMessage(frames, Self.problem)
            #expect(malformed.kind == nil)
            #expect(harness.handle(.malformed(malformed, from: .a)) == [])
        }
        let fromNobody = try malformed(Message.status(.request))
        #expect(harness.handle(.malformed(fromNobody, from: .a)) == [])
        #expect(harness.state(of: .a) == "ready")
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
