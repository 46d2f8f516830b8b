import Protocol
import Testing
import Worker

@testable import Worker

/// How long a worker waits for a coordinator, and how often it says so.
@Suite struct SessionPatienceTests {
    private static func policy(arrival: Double? = nil, absence: Double? = nil) -> Session.Policy {
        var policy = Session.Policy()
        policy.arrivalMax = arrival.map { .seconds($0) }
        policy.absenceMax = absence.map { .seconds($0) }
        return policy
    }

    /// The times of ticks, half a second apart, at which the session says or ends something.
    private func run(
        _ harness: inout SessionHarness, seconds: Double, _ isTold: (Session.Action) -> Bool
    ) -> [Double] {
        var told: [Double] = []
        let start = harness.now
        while (harness.now - start).seconds < seconds {
            if harness.tick(after: 0.5).contains(where: isTold) { told.append((harness.now - start).seconds) }
        }
        return told
    }

    private func isEnd(_ action: Session.Action) -> Bool { if case .end = action { true } else { false } }

    private func isNote(_ action: Session.Action) -> Bool {
        if case .note(.coordinatorSilent) = action { true } else { false }
    }

    @Test func aWorkerThatFindsNobodyWaitsForEverByDefault() {
        var harness = SessionHarness()
        harness.handle(.start)
        #expect(run(&harness, seconds: 100_000, isEnd) == [])
    }

    @Test(arguments: SessionEndingTests.Start.allCases)
    func aWorkerThatIsCutOffGivesUpAfterHalfAnHour(_ start: SessionEndingTests.Start) {
        guard start != .greeting else { return }
        var harness = start.harness
        harness.handle(.tick)
        #expect(run(&harness, seconds: 1799, isEnd) == [])
        #expect(harness.tick(after: 0.5).filter(isEnd) == [])
        #expect(harness.tick(after: 0.5).filter(isEnd) == [.end(.gaveUp(seconds: 1800))])
    }

    @Test func aWordOfTheCoordinatorCountsFromThenOn() {
        var harness = SessionHarness(policy: Self.policy(absence: 10))
        harness.handle(.start)
        harness.handle(.tick)
        #expect(run(&harness, seconds: 20, isEnd) == [])
        harness.receive(.welcome(SessionHarness.job))
        for _ in 1...5 {
            #expect(run(&harness, seconds: 9, isEnd) == [])
            harness.receive(.heartbeatReply)
        }
        #expect(run(&harness, seconds: 10, isEnd) == [10])
    }

    @Test func aLimitHoldsForTheFirstCoordinatorToo() {
        var harness = SessionHarness(policy: Self.policy(arrival: 5))
        harness.handle(.start)
        harness.handle(.tick)
        #expect(run(&harness, seconds: 5, isEnd) == [5])
    }

    @Test func whereThereIsNoLimitACutOffWorkerWaitsForEver() {
        var harness = SessionHarness(policy: Self.policy())
        harness.handle(.start)
        harness.receive(.welcome(SessionHarness.job))
        #expect(run(&harness, seconds: 100_000, isEnd) == [])
    }

    @Test func timeInWhichTheMachineSleptIsNoAbsence() {
        var harness = SessionHarness(policy: Self.policy(absence: 60))
        harness.handle(.start)
        harness.receive(.welcome(SessionHarness.job))
        harness.handle(.tick)
        #expect(harness.tick(after: 36_000).filter(isEnd) == [])
        #expect(run(&harness, seconds: 58.5, isEnd) == [])
        #expect(run(&harness, seconds: 1, isEnd) == [0.5])
    }

    @Test func theOperatorHearsOfSilenceLessAndLess() {
        var harness = SessionHarness()
        harness.handle(.start)
        let told = run(&harness, seconds: 20_000, isNote)
        #expect(
            told == [
                3.5, 7.5, 15.5, 31.5, 63.5, 127.5, 255.5, 511.5, 1023.5, 2047.5, 4095.5, 7696, 11296.5, 14897, 18497.5,
            ])
    }

    @Test func afterAWordTheOperatorHearsOfTheNextSilenceInTime() {
        var harness = SessionHarness(policy: Self.policy())
        harness.handle(.start)
        _ = run(&harness, seconds: 1000, isNote)
        #expect(harness.session.isCutOff)
        harness.receive(.welcome(SessionHarness.job))
        #expect(!harness.session.isCutOff)
        #expect(run(&harness, seconds: 60, isNote) == [15.5, 31.5])
    }

    @Test(arguments: [
        ("never", Duration?.none), ("0", nil), ("0.0", nil), ("90", .seconds(90)), ("0.5", .milliseconds(500)),
    ])
    func patienceIsSecondsOrNever(_ text: String, _ limit: Duration?) throws {
        #expect(try #require(Patience(text)).limit == limit)
    }

    @Test(arguments: ["", "-1", "ever", "1e3", "nan", "1 h", "10000000000"]) func anythingElseIsNoPatience(
        _ text: String
    ) {
        #expect(Patience(text) == nil)
    }
}
