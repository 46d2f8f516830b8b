import Protocol
import Scheduling
import Testing

/// The scorer's way to the workers: it may be large, and is sent again only where it can have been lost.
@Suite struct SchedulerScorerTests {
    private let scorer = SchedulerHarness.direction
    private let acknowledgement = WorkerMessage.scorerAcknowledged(digest: SchedulerHarness.direction.digest)

    /// The scorer is on its way to one worker; its size counts for nothing.
    private func harness(_ change: (inout Scheduler.Policy) -> Void = { _ in }) -> SchedulerHarness {
        var policy = Scheduler.Policy.test { $0.scorerLostPerMiB = .zero }
        change(&policy)
        var harness = SchedulerHarness(policy: policy, model: .test)
        harness.join(.a)
        #expect(harness.handle(.scorerReady(scorer)) == [.send(.scorer(scorer), to: .a)])
        return harness
    }

    /// After how many of so many heartbeats, one each second, a copy was sent.
    @discardableResult
    private func copies(_ harness: inout SchedulerHarness, within seconds: Int, of peer: PeerID = .a) -> [Int] {
        (1...seconds).filter { _ in
            harness.advance(seconds: 1)
            return harness.heartbeat(peer).messages(to: peer).contains(.scorer(scorer))
        }
    }

    @Test func whatIsNotAcknowledgedIsSentAgainLessAndLessOften() {
        var harness = harness()
        #expect(copies(&harness, within: 160) == [10, 30, 70, 150])
        harness.receive(acknowledgement, from: .a)
        #expect(copies(&harness, within: 700) == [])
    }

    @Test func noTimeBetweenTwoCopiesIsLongerThanTheLongest() {
        var harness = harness { $0.scorerLostMax = .seconds(25) }
        #expect(copies(&harness, within: 80) == [10, 30, 55, 80])
    }

    /// 8 bytes, of which a link takes one a second.
    @Test func aLargeOneTakesItsTimeOnASlowLink() {
        var harness = harness {
            $0.scorerLostPerMiB = .seconds(1 << 20)
            $0.scorerLostMax = .seconds(12)
        }
        #expect(copies(&harness, within: 40) == [18, 36])
    }

    @Test func aGreetingOnTheSameConnectionBringsNoSecondCopy() {
        var harness = harness()
        for _ in 0..<3 {
            #expect(harness.receive(.hello(.test(.a, model: .test)), from: .a).messages(to: .a).last == .accepted)
        }
        #expect(copies(&harness, within: 10) == [10])
    }

    @Test func anotherConnectionBringsAnotherCopyAtOnce() {
        var harness = harness()
        copies(&harness, within: 29)
        let actions = harness.receive(.hello(.test(.a, model: .test)), from: .b)
        #expect(actions.messages(to: .b).suffix(2) == [.accepted, .scorer(scorer)])
        // And the times begin anew.
        #expect(copies(&harness, within: 10, of: .b) == [10])
    }

    /// The same process has it still.
    @Test func whoHasAcknowledgedItIsNotSentItOnAnotherConnection() {
        var harness = harness()
        harness.receive(acknowledgement, from: .a)
        let actions = harness.receive(.hello(.test(.a, model: .test)), from: .b)
        #expect(actions.messages(to: .b).last == .accepted)
        #expect(harness.begin([.test(1)], of: .rows).assignments == [Assignment(Lease(1), .b)])
    }

    @Test func anotherProcessOfTheSameNameNeedsIt() {
        var harness = harness()
        harness.receive(acknowledgement, from: .a)
        let actions = harness.receive(.hello(.test(.a, epoch: 2, model: .test)), from: .a)
        #expect(actions.messages(to: .a).suffix(2) == [.accepted, .scorer(scorer)])
    }

    @Test func whatWasSentOnAConnectionThatBrokeIsLost() {
        var harness = harness()
        harness.handle(.unreachable(.a))
        #expect(copies(&harness, within: 11) == [1, 11])
    }

    @Test func theAcknowledgementOfAnotherOneDoesNotCount() {
        var harness = harness()
        harness.receive(.scorerAcknowledged(digest: "south"), from: .a)
        #expect(harness.begin([.test(1)], of: .rows).assignments == [])
        #expect(copies(&harness, within: 10) == [10])
    }

    /// An acknowledgement from before a restart of the coordinator must not keep the worker from the scorer.
    @Test func whatIsAcknowledgedBeforeThereIsAScorerDoesNotCount() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.receive(acknowledgement, from: .a)
        #expect(harness.handle(.scorerReady(scorer)) == [.send(.scorer(scorer), to: .a)])
        #expect(harness.begin([.test(1)], of: .rows).assignments == [])
    }

    /// It comes late, of a life of the coordinator before this one.
    @Test func whatIsAcknowledgedBeforeItIsSentDoesNotCount() {
        var harness = SchedulerHarness(model: .test, direction: scorer)
        harness.receive(.hello(.test(.a)), from: .a)
        harness.receive(acknowledgement, from: .a)
        #expect(harness.receive(.ready(.test), from: .a).messages(to: .a).last == .scorer(scorer))
    }

    /// Whatever it acknowledged.
    @Test func whoComesNoFurtherIsSentItAgain() {
        var harness = harness()
        harness.receive(acknowledgement, from: .a)
        harness.begin([.test(1)], of: .rows)
        var wasStalled = false
        for _ in 1...80 where !wasStalled {
            harness.advance(seconds: 1)
            harness.heartbeat(.a, held: [Lease(1): 0])
            wasStalled = harness.handle(.tick).notes.contains(.stalled(worker: PeerID.a.name, unitsReturned: 1))
        }
        #expect(wasStalled)
        #expect(harness.heartbeat(.a).messages(to: .a).contains(.scorer(scorer)))
    }

    /// What is embedded waits for as long as the scorer may be on its way, and the limit counts from when it is there.
    @Test(arguments: [false, true]) func aStallIsNoneWhileTheScorerMayBeOnItsWay(_ isAcknowledged: Bool) {
        // The limit of a unit is 65 s, and 8 bytes take 80.
        var policy = Scheduler.Policy.test { $0.scorerLostPerMiB = .seconds(10 << 20) }
        policy.scorerLost = .zero
        var harness = SchedulerHarness(policy: policy, model: .test)
        harness.join(.a, textsAhead: 2)
        harness.begin([.test(1)], of: .rows)
        harness.receive(.embedded(Lease(1)), from: .a)
        harness.handle(.scorerReady(scorer))
        var seconds = 0
        var wasStalled = false
        while !wasStalled, seconds < 200 {
            seconds += 1
            harness.advance(seconds: 1)
            if isAcknowledged, seconds == 60 { harness.receive(acknowledgement, from: .a) }
            let held = WorkerMessage.HeldUnit(lease: Lease(1), tokens: 0, isEmbedded: true)
            harness.receive(.heartbeat(.init(epoch: 1, held: [held], draining: false)), from: .a)
            wasStalled = harness.handle(.tick).notes.contains(.stalled(worker: PeerID.a.name, unitsReturned: 1))
        }
        #expect(seconds == (isAcknowledged ? 60 + 66 : 80 + 66))
    }

    /// Nobody was listened to meanwhile.
    @Test func aTimeInWhichTheCoordinatorDidNotRunDoesNotCount() {
        var harness = harness { $0.suspension = .seconds(3) }
        harness.advance(seconds: 300)
        #expect(copies(&harness, within: 11) == [11])
    }
}
