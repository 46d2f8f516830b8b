internal import Protocol

/// What the scheduler knows of a worker, but for what it holds: that is in the ``LeaseTable``.
struct WorkerState: Sendable {
    enum State: Hashable, Sendable {
        /// Said hello; loads the model. Next: ready, or draining where it was told to stop meanwhile, or refused and gone.
        case loading(isStopping: Bool)

        /// Takes units. Next: draining, stalled, or gone.
        case ready

        /// Lost its units for want of progress. Next: ready once its hands are empty or a result comes, draining, or gone.
        case stalled

        /// Takes no more units. Next: gone.
        case draining
    }

    /// Its latest one.
    var hello: WorkerMessage.Hello
    private(set) var state = State.loading(isStopping: false)

    /// False while its connection is broken: it keeps what it holds, for it may be back before it counts as lost.
    private(set) var isReachable = true
    private(set) var credit = 0
    private(set) var textsAheadMax = 0
    var scorerDelivery = ScorerDelivery()

    /// Whether it holds embedded units, of a life of the coordinator before this one, that are not fetched yet.
    var holdsUnfetched = false
    private(set) var lastHeard: MonotonicInstant
    var lastProgress: MonotonicInstant
    private(set) var unitsDone: UInt64 = 0
    private(set) var tokensDone: UInt64 = 0
    private(set) var readyAt: MonotonicInstant?

    /// Since when another process of this name asks to join.
    var rivalSince: MonotonicInstant?

    /// Since the last result.
    private var failures = 0

    /// Before then it gets no units.
    private(set) var restsUntil = MonotonicInstant.zero

    init(hello: WorkerMessage.Hello, at now: MonotonicInstant) {
        self.hello = hello
        lastHeard = now
        lastProgress = now
    }

    var name: String { hello.worker }

    /// Whether its model is the job's.
    var isAccepted: Bool {
        switch state {
        case .loading: false
        case .ready, .stalled, .draining: true
        }
    }

    /// What a person who watches is told.
    var stateText: String {
        switch state {
        case .loading: "loading"
        case .ready: "ready"
        case .stalled: "stalled"
        case .draining: "draining"
        }
    }
}

// MARK: - Events

extension WorkerState {
    /// Its model is the job's. It says so again with each connection.
    mutating func accepted(_ model: LoadedModel, at now: MonotonicInstant) {
        switch state {
        case .loading(isStopping: false), .ready, .stalled: state = .ready
        case .loading(isStopping: true), .draining: state = .draining
        }
        credit = model.credit
        textsAheadMax = model.textsAhead
        readyAt = readyAt ?? now
        lastProgress = now
    }

    /// What was sent to it last may be lost.
    mutating func lostConnection() {
        isReachable = false
        scorerDelivery.mayBeLost()
    }

    mutating func acknowledgedScorer(at now: MonotonicInstant) {
        scorerDelivery.acknowledged()
        lastProgress = now
    }

    /// It said something.
    mutating func heard(at now: MonotonicInstant) {
        lastHeard = now
        isReachable = true
    }

    /// It says hello again, maybe on another connection.
    mutating func greetedAgain(_ hello: WorkerMessage.Hello, onNewConnection: Bool, at now: MonotonicInstant) {
        self.hello = hello
        if onNewConnection { scorerDelivery.mayBeLost() }
        heard(at: now)
    }

    /// It takes no more units: it was told to stop.
    ///
    /// - Returns: whether that is news.
    mutating func drains() -> Bool {
        switch state {
        case .loading(isStopping: false): state = .loading(isStopping: true)
        case .ready, .stalled: state = .draining
        case .loading(isStopping: true), .draining: return false
        }
        return true
    }

    /// It lost its units for want of progress. That may be for want of the scorer, though that was acknowledged; one that is
    /// on its way has its own time.
    mutating func stalled() {
        if scorerDelivery.isAcknowledged { scorerDelivery = ScorerDelivery() }
        switch state {
        case .ready: state = .stalled
        case .loading, .stalled, .draining: break
        }
    }

    /// It has nothing in its hands.
    mutating func handsAreEmpty() { recovered() }

    mutating func madeProgress(at now: MonotonicInstant) {
        lastProgress = now
        recovered()
    }

    private mutating func recovered() {
        switch state {
        case .stalled: state = .ready
        case .loading, .ready, .draining: break
        }
    }

    mutating func succeeded(_ result: UnitResult, at now: MonotonicInstant) {
        madeProgress(at: now)
        unitsDone += 1
        tokensDone += result.tokensTotal
        failures = 0
    }

    /// From the third failure in a row on, the worker rests: 1 s, 2 s, 4 s … `restMax`. A bad row fails on any worker,
    /// and a bad worker is not to use up the attempts of all rows.
    mutating func failed(at now: MonotonicInstant, restMax: Duration) {
        failures += 1
        guard failures >= 3 else { return }
        restsUntil = now + min(.seconds(1 << min(failures - 3, 20)), restMax)
    }

    /// Lets a time in which nobody was listened to count for nothing.
    mutating func shiftClocks(by gap: Duration) {
        lastHeard = lastHeard + gap
        lastProgress = lastProgress + gap
        rivalSince = rivalSince.map { $0 + gap }
        scorerDelivery.shiftClocks(by: gap)
    }
}
