import Protocol
import Scheduling
import Testing

@Suite struct SchedulerStepTests {
    private let direction = SchedulerHarness.direction

    // MARK: Fetching

    @Test func unitsAreFetchedInPiecesBeforeTheQueueIsEmpty() {
        var harness = SchedulerHarness(policy: .test { $0.queueMax = 4 }, model: .test)
        #expect(harness.handle(.stepBegan(.anchors)) == [.fetchUnits(.anchors, after: UnitID(0), limit: 4)])
        #expect(harness.handle(.unitsFetched(.anchors, UnitSummary.tests(1...4), isLast: false)) == [])
        #expect(
            harness.join(.a).withoutNotes.suffix(2) == [.assign(Lease(1), to: .a), .assign(Lease(2), to: .a)])
        #expect(harness.handle(.tick) == [.fetchUnits(.anchors, after: UnitID(4), limit: 4)])
        #expect(harness.handle(.tick) == [])
        #expect(harness.handle(.unitsFetched(.anchors, [.test(5)], isLast: true)) == [])
        #expect(harness.handle(.tick) == [])
    }

    @Test func whileTheInputIsReadAnEmptyAnswerIsNotTheEnd() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.handle(.stepBegan(.anchors))
        #expect(harness.handle(.unitsFetched(.anchors, [], isLast: false)) == [])
        #expect(harness.handle(.tick) == [])
        #expect(harness.handle(.unitsAvailable(.anchors)) == [.fetchUnits(.anchors, after: UnitID(0), limit: 4096)])
        #expect(
            harness.handle(.unitsFetched(.anchors, [.test(1)], isLast: true)).assignments == [Assignment(Lease(1), .a)])
    }

    @Test func aUnitThatIsFetchedTwiceIsOne() {
        var harness = SchedulerHarness(model: .test)
        harness.handle(.stepBegan(.anchors))
        harness.handle(.unitsFetched(.anchors, UnitSummary.tests(1...2), isLast: false))
        harness.handle(.unitsFetched(.anchors, UnitSummary.tests(1...3), isLast: true))
        #expect(harness.join(.a, credit: 9).assignments.map(\.lease) == [Lease(1), Lease(2), Lease(3)])
    }

    @Test func anEmptyStepIsCompleteAtOnce() {
        var harness = SchedulerHarness()
        #expect(harness.begin([], of: .anchors) == [.stepCompleted(.anchors)])
        #expect(harness.handle(.tick) == [])
        var other = SchedulerHarness(direction: direction)
        #expect(other.begin([], of: .rows) == [.stepCompleted(.rows)])
    }

    @Test func aStepIsCompleteOnceWhenItsLastUnitIsSettled() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.begin(UnitSummary.tests(1...2))
        for unit in 1...2 as ClosedRange<UInt64> {
            #expect(!harness.receive(.result(.anchors(Lease(unit))), from: .a).contains(.stepCompleted(.anchors)))
        }
        #expect(harness.handle(.settled(UnitID(2))) == [])
        #expect(harness.handle(.settled(UnitID(1))) == [.stepCompleted(.anchors)])
        #expect(harness.handle(.settled(UnitID(1))) == [])
    }

    // MARK: The direction

    @Test func rowsAreGivenOutOnlyToThoseWhoHaveTheDirection() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.join(.b)
        harness.receive(.hello(.test(.c)), from: .c)
        #expect(
            harness.handle(.scorerReady(direction)) == [
                .send(.scorer(direction), to: .a), .send(.scorer(direction), to: .b),
            ])
        #expect(harness.begin(UnitSummary.tests(1...4), of: .rows).assignments == [])
        #expect(harness.receive(.scorerAcknowledged(digest: "south"), from: .a) == [])
        #expect(
            harness.receive(.scorerAcknowledged(digest: SchedulerHarness.direction.digest), from: .b).assignments == [
                Assignment(Lease(1), .b), Assignment(Lease(2), .b),
            ])
        #expect(
            harness.receive(.scorerAcknowledged(digest: SchedulerHarness.direction.digest), from: .a).assignments.count
                == 2)
    }

    @Test func aLaterJoinerGetsTheDirectionAndAcknowledgesItFirst() {
        var harness = SchedulerHarness(model: .test, direction: direction)
        harness.begin([.test(1)], of: .rows)
        let actions = harness.receive(.hello(.test(.a, model: .test)), from: .a)
        #expect(actions.messages(to: .a).suffix(2) == [.accepted, .scorer(direction)])
        #expect(actions.assignments == [])
        let next = harness.receive(.scorerAcknowledged(digest: SchedulerHarness.direction.digest), from: .a)
        #expect(next == [.assign(Lease(1), to: .a)])
    }

    @Test func anchorsNeedNoDirection() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        #expect(harness.begin([.test(1)], of: .anchors).assignments == [Assignment(Lease(1), .a)])
    }

    // MARK: The end

    @Test func everybodyIsToldThatTheJobIsFinished() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.receive(.hello(.test(.b)), from: .b)
        let finished = CoordinatorMessage.jobFinished(summary: "done")
        #expect(
            harness.handle(.jobFinished(summary: "done")) == [.send(finished, to: .a), .send(finished, to: .b)])
        #expect(harness.receive(.hello(.test(.c)), from: .c) == [.send(finished, to: .c)])
        // Whoever has not heard it asks for it by speaking.
        #expect(harness.heartbeat(.a) == [.send(finished, to: .a)])
        #expect(harness.receive(.goodbye(reason: "bye"), from: .a).withoutNotes == [])
    }
}
