internal import Protocol

/// How far the worker has come with taking part in a job, and the engine that it has for it.
struct Membership: Sendable {
    private enum State: Sendable {
        /// Not begun. Next: greeting.
        case idle

        /// Says hello until the coordinator answers. Next: loading, joining, working (a yes was on its way) or ended.
        case greeting(lastHello: MonotonicInstant)

        /// The engine is on its way into memory for this job. Next: joining, loading for another job, or ended.
        case loading(JobSpecification)

        /// Waits for the coordinator's yes. Next: working, loading (the job is another one), greeting (no answer came)
        /// or ended.
        case joining(since: MonotonicInstant)

        /// Computes units. Next: greeting (the coordinator does not know us any more), joining, loading or ended.
        case working

        /// Nothing more is done.
        case ended
    }

    /// What there is to do where nothing has happened.
    enum Duty {
        case nothing
        case greet
        case beat

        /// And send a result again where none is acknowledged.
        case beatAndRepeat
    }

    private var state = State.idle

    /// Of the last welcome.
    private(set) var job: JobSpecification?

    /// In memory, and the job that it was made for.
    private var engine: (model: LoadedModel, job: JobSpecification)?

    var model: LoadedModel? { engine?.model }
    var isIdle: Bool { if case .idle = state { true } else { false } }
    var isWorking: Bool { if case .working = state { true } else { false } }
    var hasEnded: Bool { if case .ended = state { true } else { false } }

    mutating func greeted(at now: MonotonicInstant) {
        switch state {
        case .idle, .greeting, .joining, .working: state = .greeting(lastHello: now)
        // The coordinator's next welcome meets the engine in loading.
        case .loading: break
        case .ended: preconditionFailure("greeted after the end")
        }
    }

    /// - Returns: the job to load an engine for; nil where the one in memory serves. Our hello has named its model, and the
    ///   coordinator says yes or no to it next.
    mutating func welcomed(to job: JobSpecification, at now: MonotonicInstant) -> JobSpecification? {
        self.job = job
        switch state {
        case .idle, .ended: preconditionFailure("welcomed before the beginning or after the end")
        // What is on its way into memory is looked at when it is there.
        case .loading: return nil
        case .greeting, .joining, .working:
            guard job.hasEngine(of: engine?.job) else { return beginLoading(job) }
            state = .joining(since: now)
            return nil
        }
    }

    /// - Returns: the job to load for, where it became another one while its engine was loaded.
    mutating func loaded(_ model: LoadedModel, at now: MonotonicInstant) -> JobSpecification? {
        switch state {
        case .idle, .greeting, .joining, .working, .ended: preconditionFailure("loaded what was not asked for")
        case .loading(let loaded):
            if let other = otherJob(than: loaded) { return beginLoading(other) }
            engine = (model, loaded)
            state = .joining(since: now)
            return nil
        }
    }

    /// - Returns: the job to load for, where it became another one meanwhile; nil where the failure counts.
    mutating func loadingFailed() -> JobSpecification? {
        switch state {
        case .idle, .greeting, .joining, .working, .ended: preconditionFailure("failed to load what was not asked for")
        case .loading(let loaded): return otherJob(than: loaded).map { beginLoading($0) }
        }
    }

    /// - Returns: the job's name; nil where there is nothing to work with.
    mutating func accepted() -> String? {
        switch state {
        case .idle, .ended: preconditionFailure("accepted before the beginning or after the end")
        case .loading: return nil
        case .greeting, .joining, .working:
            guard let job, engine != nil else { return nil }
            state = .working
            return job.job
        }
    }

    mutating func end() { state = .ended }

    func duty(at now: MonotonicInstant, _ policy: Session.Policy) -> Duty {
        switch state {
        case .idle, .ended: .nothing
        case .greeting(let lastHello): now - lastHello >= policy.helloInterval ? .greet : .nothing
        case .loading: .beat
        case .joining(let since): now - since >= policy.joiningLimit ? .greet : .beat
        case .working: .beatAndRepeat
        }
    }

    private mutating func beginLoading(_ job: JobSpecification) -> JobSpecification {
        engine = nil
        state = .loading(job)
        return job
    }

    private func otherJob(than loaded: JobSpecification) -> JobSpecification? {
        job.flatMap { $0.hasEngine(of: loaded) ? nil : $0 }
    }
}

extension JobSpecification {
    /// Whether an engine that was made for the other one serves. Whether its model is the right one, the coordinator
    /// decides.
    fileprivate func hasEngine(of other: JobSpecification?) -> Bool {
        guard var other else { return false }
        other.job = job
        other.modelDigest = modelDigest
        other.heartbeatMilliseconds = heartbeatMilliseconds
        return other == self
    }

    func hasUnits(of other: JobSpecification?) -> Bool { hasEngine(of: other) && job == other?.job }
}
