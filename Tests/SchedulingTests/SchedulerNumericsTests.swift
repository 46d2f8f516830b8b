import Protocol
import Scheduling
import Testing

/// What a job computes in where it leaves that to the machines: chosen once, by the first worker's word.
@Suite struct SchedulerNumericsTests {
    private static let auto = job(precision: .automatic)

    private static func job(precision: Precision, attention: AttentionPrecision = .automatic) -> JobSpecification {
        var job = SchedulerHarness.job
        job.precision = precision
        job.attention = attention
        return job
    }

    private func hello(_ peer: PeerID, prefers precision: Precision, _ attention: AttentionPrecision = .f32)
        -> WorkerMessage
    {
        var hello = WorkerMessage.Hello.test(peer)
        hello.preferences = [
            .init(backend: .native, precision: .bf16, attention: .bf16, reason: "of another backend"),
            .init(backend: .oneDNN, precision: precision, attention: attention, reason: "measured"),
        ]
        return .hello(hello)
    }

    private func model(_ precision: Precision, _ attention: AttentionPrecision) -> LoadedModel {
        var model = LoadedModel.test(precision: precision)
        model.attention = attention
        return model
    }

    private func welcomed(_ actions: [Scheduler.Action], _ peer: PeerID) -> JobSpecification? {
        actions.messages(to: peer).lazy.compactMap { if case .welcome(let job) = $0 { job } else { nil } }.first
    }

    private func choices(_ actions: [Scheduler.Action]) -> [JobNumerics] {
        actions.compactMap { if case .change(.numerics(let numerics)) = $0 { numerics } else { nil } }
    }

    @Test func theFirstWorkersWordIsFixedBeforeItIsSaid() {
        var harness = SchedulerHarness(job: Self.auto)
        let chosen = JobNumerics(
            precision: .bf16, attention: .f32, reason: "measured on \(PeerID.a.name): measured")
        #expect(
            harness.receive(hello(.a, prefers: .bf16), from: .a) == [
                .change(.numerics(chosen)), .note(.choseNumerics(chosen)),
                .note(.joined(worker: PeerID.a.name, host: "host", lanes: 1)),
                .send(.welcome(Self.job(precision: .bf16, attention: .f32)), to: .a),
            ])
    }

    @Test func aLaterWorkerOfAnotherKindIsToldToComputeTheSame() {
        var harness = SchedulerHarness(job: Self.auto)
        harness.receive(hello(.a, prefers: .f32), from: .a)
        let second = harness.receive(hello(.b, prefers: .bf16, .bf16), from: .b)
        #expect(choices(second) == [])
        #expect(welcomed(second, .b).map { [$0.precision.rawValue, $0.attention.rawValue] } == ["f32", "f32"])
        harness.receive(.ready(model(.f32, .f32)), from: .a)
        harness.receive(.ready(model(.f32, .f32)), from: .b)
        #expect(harness.state(of: .b) == "ready")
    }

    @Test func whatWasChosenOutlivesTheCoordinator() {
        let numerics = JobNumerics(precision: .bf16, attention: .bf16, reason: "earlier")
        var harness = SchedulerHarness(job: Self.auto, model: model(.bf16, .bf16), numerics: numerics)
        let actions = harness.receive(hello(.a, prefers: .f32), from: .a)
        #expect(choices(actions) == [])
        #expect(welcomed(actions, .a).map { [$0.precision.rawValue, $0.attention.rawValue] } == ["bf16", "bf16"])
    }

    /// Its ledger is of a version that did not know of the choice.
    @Test func aJobThatHasAModelComputesOnInItsNumbers() {
        var harness = SchedulerHarness(job: Self.auto, model: model(.bf16, .bf16))
        let actions = harness.receive(hello(.a, prefers: .f32), from: .a)
        #expect(choices(actions).map { [$0.precision.rawValue, $0.attention.rawValue] } == [["bf16", "bf16"]])
    }

    @Test func whileNobodyComputesTheNextWorkerHasTheWord() {
        var harness = SchedulerHarness(job: Self.auto)
        harness.receive(hello(.a, prefers: .bf16), from: .a)
        harness.receive(.goodbye(reason: "no model"), from: .a)
        #expect(choices(harness.receive(hello(.b, prefers: .f32), from: .b)).map(\.precision) == [.f32])
        harness.receive(.ready(model(.f32, .f32)), from: .b)
        harness.receive(.goodbye(reason: "done"), from: .b)
        // Now there are results in f32.
        let third = harness.receive(hello(.c, prefers: .bf16), from: .c)
        #expect(choices(third) == [] && welcomed(third, .c)?.precision == .f32)
    }

    @Test func aPrecisionThatIsAskedForStays() {
        var harness = SchedulerHarness(job: Self.job(precision: .int8))
        let actions = harness.receive(hello(.a, prefers: .f32, .bf16), from: .a)
        #expect(choices(actions).map { [$0.precision.rawValue, $0.attention.rawValue] } == [["int8", "bf16"]])
        var exact = SchedulerHarness(job: Self.job(precision: .f32, attention: .f32))
        #expect(choices(exact.receive(hello(.a, prefers: .bf16, .bf16), from: .a)) == [])
    }

    /// f32 states come from f32 attention, whatever is fastest.
    @Test func attentionIsAsExactAsF32() {
        var harness = SchedulerHarness(job: Self.auto)
        let actions = harness.receive(hello(.a, prefers: .f32, .bf16), from: .a)
        #expect(choices(actions).map(\.attention) == [.f32])
    }

    @Test func aWorkerThatMeasuredNothingIsGivenWhatIsSlowAtWorst() {
        var harness = SchedulerHarness(job: Self.auto)
        let actions = harness.receive(.hello(.test(.a)), from: .a)
        #expect(choices(actions).map { [$0.precision.rawValue, $0.attention.rawValue] } == [["f32", "f32"]])
        #expect(choices(actions).first?.reason.contains("measured nothing") == true)
    }

    /// It has it from a job before this one, or from before this one was begun anew.
    @Test func aModelThatWasLoadedForOtherNumbersIsNotTheJobs() {
        var harness = SchedulerHarness(job: Self.auto)
        harness.receive(hello(.a, prefers: .f32), from: .a)
        var late = WorkerMessage.Hello.test(.b, model: model(.bf16, .bf16), held: [Lease(1)])
        late.preferences = [.init(backend: .oneDNN, precision: .bf16, attention: .bf16, reason: "measured")]
        let actions = harness.receive(.hello(late), from: .b)
        #expect(actions.messages(to: .b).count == 1 && welcomed(actions, .b)?.precision == .f32)
        #expect(harness.state(of: .b) == "loading")
        harness.receive(.ready(model(.f32, .f32)), from: .b)
        #expect(harness.state(of: .b) == "ready")
    }

    @Test func theFirstModelMustComputeAsWasChosen() {
        var harness = SchedulerHarness(job: Self.auto)
        harness.receive(hello(.a, prefers: .f32), from: .a)
        let actions = harness.receive(.ready(model(.bf16, .bf16)), from: .a)
        #expect(actions.messages(to: .a) == [.refused(reason: "it computes in bf16, this job in f32")])
    }
}
