import Protocol
import Scheduling
import Testing

@Suite struct SchedulerResultTests {
    @Test func aResultIsCommittedAndAcknowledged() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.begin([.test(1)])
        let result = UnitResult.anchors(Lease(1))
        #expect(
            harness.receive(.result(result), from: .a) == [
                .send(.resultAcknowledged(Lease(1)), to: .a), .change(.result(result, worker: PeerID.a.name)),
            ])
        #expect(harness.handle(.settled(UnitID(1))) == [.stepCompleted(.anchors)])
    }

    /// It may compute with another model. It sends the result again once it is accepted.
    @Test func aResultOfAWorkerThatIsNotAcceptedIsDroppedAndNotAcknowledged() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.begin([.test(1)])
        harness.receive(.hello(.test(.b, model: nil)), from: .b)
        let reason = "a result of a worker that is not accepted yet"
        #expect(
            harness.receive(.result(.anchors(Lease(1))), from: .b) == [
                .note(.invalidResult(Lease(1), worker: PeerID.b.name, reason: reason))
            ])
        let result = UnitResult.anchors(Lease(1))
        #expect(harness.receive(.result(result), from: .a).contains(.change(.result(result, worker: PeerID.a.name))))
    }

    @Test func aSecondCopyIsAcknowledgedAndComparedByTheLedger() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.begin(UnitSummary.tests(1...2))
        let result = UnitResult.anchors(Lease(1))
        harness.receive(.result(result), from: .a)
        for event in [nil, Scheduler.Event.settled(UnitID(1))] {
            if let event { harness.handle(event) }
            #expect(
                harness.receive(.result(result), from: .a) == [
                    .send(.resultAcknowledged(Lease(1)), to: .a), .change(.result(result, worker: PeerID.a.name)),
                ])
        }
        #expect(harness.handle(.settled(UnitID(1))) == [])
    }

    @Test func theLateResultOfALostLeaseCountsAndTheUnitIsNotComputedAgain() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.begin([.test(1)])
        harness.lose(.a)
        harness.receive(.hello(.test(.a, model: .test(credit: 1))), from: .a)
        harness.fail(Lease(1, 2), on: .a, returned: true)
        let actions = harness.receive(.result(.anchors(Lease(1, 1))), from: .a)
        #expect(actions.commits == [Lease(1, 1)])
        #expect(actions.assignments == [])
        #expect(harness.handle(.settled(UnitID(1))) == [.stepCompleted(.anchors)])
    }

    @Test func theLateResultOfAQueuedUnitTakesItFromTheQueue() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a, credit: 1)
        harness.begin(UnitSummary.tests(1...3))
        #expect(harness.receive(.result(.anchors(Lease(2, 9))), from: .a).commits == [Lease(2, 9)])
        #expect(harness.receive(.result(.anchors(Lease(1))), from: .a).assignments == [Assignment(Lease(3), .a)])
    }

    @Test func aLateResultRevokesTheLeaseOfWhoeverHasTheUnitNow() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.begin([.test(1)])
        harness.lose(.a)
        harness.join(.b)
        harness.join(.a)
        let actions = harness.receive(.result(.anchors(Lease(1, 1))), from: .a)
        #expect(actions.messages(to: .b) == [.revoked(Lease(1, 2))])
        #expect(actions.commits == [Lease(1, 1)])
    }

    @Test func aLateResultRevokesTheSameWorkersLaterAttempt() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.begin([.test(1)])
        harness.fail(Lease(1), on: .a, returned: true)
        let actions = harness.receive(.result(.anchors(Lease(1, 1))), from: .a)
        #expect(actions.messages(to: .a) == [.resultAcknowledged(Lease(1, 1)), .revoked(Lease(1, 2))])
    }

    @Test func aResultOfAUnitThatIsNotInHandIsLeftToTheLedger() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        #expect(harness.receive(.result(.anchors(Lease(5), rows: 3)), from: .a).commits == [Lease(5)])
        #expect(harness.handle(.settled(UnitID(5))) == [])
    }

    // MARK: What cannot be a result

    struct Invalid: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var step = WorkStep.anchors
        var responses = [2, 2]
        var values: Tensor
        var digest = ""
        var reason: String
    }

    static let invalidResults = [
        Invalid(
            testDescription: "too few texts", values: Tensor([0, 0, 0, 0] as [Float], shape: [2, 1, 2]),
            reason: "values of f32 [2, 1, 2]; the unit needs f32 [4, 1, 2]"),
        Invalid(
            testDescription: "too few rows", responses: [2],
            values: Tensor([0, 0, 0, 0] as [Float], shape: [2, 1, 2]),
            reason: "a result for 1 rows; the unit has 2"),
        Invalid(
            testDescription: "too many responses", responses: [1, 3],
            values: Tensor(Array(repeating: 0, count: 8) as [Float], shape: [4, 1, 2]),
            reason: "a row with 1 responses; those of the \(WorkStep.anchors.name) have 2"),
        Invalid(
            testDescription: "another hidden size", values: Tensor([0, 0, 0, 0] as [Float], shape: [4, 1, 1]),
            reason: "values of f32 [4, 1, 1]; the unit needs f32 [4, 1, 2]"),
        Invalid(
            testDescription: "another element type",
            values: Tensor(Array(repeating: 0, count: 8) as [Double], shape: [4, 1, 2]),
            reason: "values of f64 [4, 1, 2]; the unit needs f32 [4, 1, 2]"),
        Invalid(
            testDescription: "not a number",
            values: Tensor([0, 0, 0, 0, 0, 0, 0, .nan] as [Float], shape: [4, 1, 2]),
            reason: "values that are not finite"),
        Invalid(
            testDescription: "infinite scores", step: .rows,
            values: Tensor([0, 0, 0, -.infinity] as [Double], shape: [4, 1]), digest: UnitResult.digest,
            reason: "values that are not finite"),
        Invalid(
            testDescription: "embeddings for scores", step: .rows,
            values: Tensor(Array(repeating: 0, count: 8) as [Float], shape: [4, 1, 2]), digest: UnitResult.digest,
            reason: "values of f32 [4, 1, 2]; the unit needs f64 [4, 1]"),
        Invalid(
            testDescription: "another scorer", step: .rows,
            values: Tensor([0, 0, 0, 0] as [Double], shape: [4, 1]), digest: "south",
            reason: "a result by scorer south; the job's is \(UnitResult.digest)"),
    ]

    @Test(arguments: invalidResults) func anInvalidResultIsAFailedAttempt(_ invalid: Invalid) {
        var harness = SchedulerHarness(model: .test, direction: SchedulerHarness.direction)
        harness.join(.a)
        harness.begin([.test(1, rows: 2)], of: invalid.step)
        let output: UnitResult.Output =
            invalid.digest.isEmpty ? .states(invalid.values) : .scores(invalid.values, scorer: invalid.digest)
        let result = UnitResult(
            lease: Lease(1), rows: Array(0..<UInt64(invalid.responses.count)), responseCounts: invalid.responses,
            output: output)
        #expect(
            harness.receive(.result(result), from: .a) == [
                .send(.resultAcknowledged(Lease(1)), to: .a),
                .note(.invalidResult(Lease(1), worker: PeerID.a.name, reason: invalid.reason)),
                .change(.failure(Lease(1), worker: PeerID.a.name, reason: invalid.reason)),
                .note(.attemptFailed(Lease(1), worker: PeerID.a.name, reason: invalid.reason)),
                .assign(Lease(1, 2), to: .a),
            ])
    }

    /// The job keeps two layers and one token, or nothing.
    @Test(
        arguments: [
            (true, nil, "no embeddings; the job keeps [2, 2, 2]"),
            (
                true,
                KeptEmbeddings(vectors: Tensor(halves: [0, 0, 0, 0], shape: [2, 1, 2]), exponents: [0, 0]),
                "embeddings of [2, 1, 2]; the job keeps [2, 2, 2]"
            ),
            (true, .test([0, 0, 0, 0x7C00, 0, 0, 0, 0]), "embeddings with numbers that are none"),
            (true, .test([0, 0, 0, 0, 0, 0, 0, 0xFE00]), "embeddings with numbers that are none"),
            (true, .test(exponents: [0, 114, 0, 0]), "embeddings with numbers that are none"),
            (true, .test(exponents: [0, 0, -127, 0]), "embeddings with numbers that are none"),
            (true, .test(exponents: [0, 113, -126, 127]), nil),
            (false, .test(), "embeddings of [2, 2, 2]; the job keeps none"),
            (false, nil, nil),
        ] as [(Bool, KeptEmbeddings?, String?)])
    func embeddingsThatTheJobDoesNotKeepAreAFailedAttempt(_ keeps: Bool, _ kept: KeptEmbeddings?, _ reason: String?) {
        var job = SchedulerHarness.job
        if keeps {
            let layers: [LayerChoice] = [-1, 1, LayerChoice(LoadedModel.test.layerCount)]
            job.keptReadouts = layers.map { Readout($0, .lastToken) }
        }
        var harness = SchedulerHarness(job: job, model: .test)
        harness.join(.a)
        harness.begin([.test(1)])
        var result = UnitResult.anchors(Lease(1))
        result.kept = kept
        let actions = harness.receive(.result(result), from: .a)
        #expect(actions.commits == (reason == nil ? [Lease(1)] : []))
        guard let reason else { return }
        #expect(actions.contains(.note(.invalidResult(Lease(1), worker: PeerID.a.name, reason: reason))))
    }

    /// Any number of responses and readouts, and a scorer of several directions.
    @Test(
        arguments: [
            ([1, 3], 12, nil), ([4], 12, "a result for 1 rows; the unit has 2"),
            ([1, 3], 4, "values of f64 [4, 1]; the unit needs f64 [4, 3]"),
        ] as [([Int], Int, String?)])
    func aStepMayLeaveItToItsRowsHowManyResponsesTheyHave(_ responses: [Int], _ scores: Int, _ reason: String?) throws {
        let scorer = try Scorer([
            .init(Readout(2, .lastToken), Tensor([1, 0] as [Float], shape: [1, 2])),
            .init(Readout(1, .meanText), Tensor([1, 0, 0, 1] as [Float], shape: [2, 2])),
        ])
        var job = SchedulerHarness.job
        job.readouts.append(Readout(1, .meanText))
        var harness = SchedulerHarness(job: job, model: .test, direction: scorer)
        harness.join(.a)
        harness.begin([.test(1, rows: 2)], of: WorkStep(id: .rows, name: "ragged", work: .project, responses: nil))
        let values = Tensor(Array(repeating: 1.0, count: scores), shape: [4, scores / 4])
        let result = UnitResult(
            lease: Lease(1), rows: Array(0..<UInt64(responses.count)), responseCounts: responses,
            output: .scores(values, scorer: scorer.digest))
        let actions = harness.receive(.result(result), from: .a)
        #expect(actions.commits == (reason == nil ? [Lease(1)] : []))
        guard let reason else { return }
        #expect(actions.contains(.note(.invalidResult(Lease(1), worker: PeerID.a.name, reason: reason))))
    }

    @Test func anInvalidResultOfAnEarlierAttemptLeavesTheLaterOneAlone() {
        var harness = SchedulerHarness(model: .test)
        harness.join(.a)
        harness.begin([.test(1)])
        harness.fail(Lease(1), on: .a, returned: true)
        let actions = harness.receive(.result(.anchors(Lease(1), value: .nan)), from: .a)
        #expect(actions.withoutNotes == [.send(.resultAcknowledged(Lease(1)), to: .a)])
        #expect(harness.receive(.result(.anchors(Lease(1, 2))), from: .a).commits == [Lease(1, 2)])
    }

    @Test func aResultBeforeAnyModelIsDropped() {
        var harness = SchedulerHarness()
        harness.receive(.hello(.test(.a)), from: .a)
        let actions = harness.receive(.result(.anchors(Lease(1))), from: .a)
        #expect(actions.withoutNotes == [])
    }
}

extension KeptEmbeddings {
    /// Those of one row.
    fileprivate static func test(
        _ halves: [UInt16] = Array(repeating: 0, count: 8), exponents: [Int8] = [0, 0, 0, 0]
    ) -> Self {
        Self(vectors: Tensor(halves: halves, shape: [2, 2, 2]), exponents: exponents)
    }
}
