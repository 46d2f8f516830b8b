import Protocol
import Testing
import Worker

/// Rows that are embedded before there is a scorer.
@Suite struct SessionAheadTests {
    private typealias Harness = SessionHarness

    private static let unit = EmbeddedUnit.test(Lease(1))

    /// A worker that has embedded unit 1 and has no scorer.
    private static func ahead(lanes: Int = 1) -> Harness {
        var harness = Harness.working(lanes: lanes)
        harness.assign(Lease(1), .project)
        harness.handle(.embedded(lane: 0, unit))
        return harness
    }

    private func project(_ lane: Int = 0) -> Session.Action {
        .compute(lane: lane, Lease(1), .project(Self.unit), scorer: Harness.scorer)
    }

    @Test func rowsAreEmbeddedWithoutAScorerAndKept() {
        var harness = Harness.working()
        #expect(
            harness.assign(Lease(1), .project) == [
                .compute(lane: 0, Lease(1), .embed(.test(Lease(1), .project)), scorer: nil)
            ])
        #expect(harness.handle(.embedded(lane: 0, Self.unit)) == [.send(.embedded(Lease(1)))])
        #expect(harness.held() == [.init(lease: Lease(1), tokens: 40, isEmbedded: true)])
        #expect(harness.assign(Lease(1), .project) == [])
    }

    @Test func theLaneIsFreeForTheNextUnit() {
        var harness = Harness.working()
        harness.assign(Lease(1), .project)
        harness.assign(Lease(2))
        #expect(
            harness.handle(.embedded(lane: 0, Self.unit)) == [
                .send(.embedded(Lease(1))), .compute(lane: 0, Lease(2), .embed(.test(Lease(2))), scorer: nil),
            ])
    }

    @Test func theScorerMakesThemResultsBeforeAllThatWaits() {
        var harness = Self.ahead()
        harness.assign(Lease(2))
        harness.assign(Lease(3), .project)
        #expect(harness.receive(.scorer(Harness.scorer)) == [.send(.scorerAcknowledged(digest: Harness.scorer.digest))])
        #expect(harness.handle(.computed(lane: 0, .test(Lease(2)))) == [.send(.result(.test(Lease(2)))), project()])
        #expect(
            harness.handle(.computed(lane: 0, .test(Lease(1)))) == [
                .send(.result(.test(Lease(1)))),
                .compute(lane: 0, Lease(3), .embed(.test(Lease(3), .project)), scorer: Harness.scorer),
            ])
    }

    @Test func theScorerOfALaterWelcomeServesAsWell() {
        var harness = Self.ahead()
        #expect(
            harness.receive(.whoAreYou) == [
                Harness.hello(model: Harness.model, held: [.init(lease: Lease(1), tokens: 40, isEmbedded: true)])
            ])
        harness.receive(.welcome(Harness.job))
        harness.receive(.accepted)
        #expect(harness.receive(.scorer(Harness.scorer)).last == project())
    }

    @Test func theScorerMayComeWhileTheUnitIsEmbedded() {
        var harness = Harness.working()
        harness.assign(Lease(1), .project)
        harness.receive(.scorer(Harness.scorer))
        #expect(harness.handle(.embedded(lane: 0, Self.unit)) == [project()])
    }

    // MARK: Where the fit chooses what rows are embedded to

    private static var choosingJob: JobSpecification {
        var job = Harness.job
        job.choosesReadouts = true
        return job
    }

    @Test func whereNobodyKnowsWhatToEmbedToUnitsWaitForTheScorerAndOthersDoNot() {
        var harness = Harness.working(on: Self.choosingJob)
        #expect(harness.assign(Lease(1), .project) == [])
        #expect(
            harness.assign(Lease(2)) == [.compute(lane: 0, Lease(2), .embed(.test(Lease(2))), scorer: nil)])
        #expect(harness.held()?.map(\.isEmbedded) == [false, false])
        #expect(harness.handle(.computed(lane: 0, .test(Lease(2)))) == [.send(.result(.test(Lease(2))))])
        #expect(
            harness.receive(.scorer(Harness.scorer)) == [
                .send(.scorerAcknowledged(digest: Harness.scorer.digest)),
                .compute(lane: 0, Lease(1), .embed(.test(Lease(1), .project)), scorer: Harness.scorer),
            ])
    }

    @Test func aWorkerThatLeavesGivesThemBack() {
        var harness = Harness.working(on: Self.choosingJob)
        harness.assign(Lease(1), .project)
        let actions = harness.handle(.drain(reason: "stop"))
        #expect(actions.contains(Harness.failure(Lease(1), "stop", returned: true)))
        #expect(actions.last == .end(.drained(reason: "stop")))
    }

    @Test func aRevokedOneIsForgotten() {
        var harness = Self.ahead()
        #expect(harness.receive(.revoked(Lease(1))) == [])
        #expect(harness.held() == [])
        #expect(harness.receive(.scorer(Harness.scorer)) == [.send(.scorerAcknowledged(digest: Harness.scorer.digest))])
    }

    @Test func oneThatIsRevokedInItsLaneIsNotKept() {
        var harness = Harness.working()
        harness.assign(Lease(1), .project)
        harness.receive(.revoked(Lease(1)))
        #expect(harness.handle(.embedded(lane: 0, Self.unit)) == [])
        #expect(harness.held() == [])
    }

    @Test func aWorkerThatLeavesWaitsForNoScorer() {
        var harness = Self.ahead()
        let actions = harness.handle(.drain(reason: "SIGTERM"))
        #expect(actions.contains(Harness.failure(Lease(1), "SIGTERM", returned: true)))
        #expect(actions.last == .end(.drained(reason: "SIGTERM")))
    }

    @Test func aWorkerThatLeavesGivesBackWhatItEmbedsMeanwhile() {
        var harness = Harness.working()
        harness.assign(Lease(1), .project)
        harness.handle(.drain(reason: "SIGTERM"))
        #expect(
            harness.handle(.embedded(lane: 0, Self.unit)).first == Harness.failure(Lease(1), "SIGTERM", returned: true))
    }

    @Test func aWorkerThatLeavesFinishesWhatItCanProject() {
        var harness = Harness.working()
        harness.assign(Lease(1), .project)
        harness.handle(.embedded(lane: 0, Self.unit))
        harness.assign(Lease(2))
        harness.receive(.scorer(Harness.scorer))
        harness.handle(.drain(reason: "SIGTERM"))
        #expect(harness.handle(.computed(lane: 0, .test(Lease(2)))).last == project())
    }

    @Test func anotherJobHasNoUseForThem() {
        var harness = Self.ahead()
        var other = Harness.job
        other.job = "other"
        harness.receive(.welcome(other))
        harness.receive(.accepted)
        #expect(harness.receive(.scorer(Harness.scorer)).contains(project()) == false)
        #expect(harness.held() == [])
    }

    @Test func theShareOfBusyTimeCountsLanesFromTheFirstYes() {
        var harness = Harness.working(lanes: 2)
        harness.assign(Lease(1))
        harness.advance(seconds: 4)
        harness.handle(.computed(lane: 0, .test(Lease(1))))
        harness.advance(seconds: 4)
        #expect(harness.session.busyShare(at: harness.now) == 0.25)
        harness.assign(Lease(2))
        harness.advance(seconds: 8)
        #expect(harness.session.busyShare(at: harness.now) == 0.375)
    }
}
