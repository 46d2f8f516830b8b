internal import Protocol

/// How long no coordinator has said anything: when the operator hears of it, and when the worker gives up.
struct CoordinatorWatch: Sendable {
    enum Verdict: Hashable, Sendable {
        /// To be told: so many seconds without a word.
        case silent(seconds: Int)

        /// Longer than the worker waits.
        case absent(seconds: Int)
    }

    private let policy: Session.Policy
    private var lastHeard = MonotonicInstant.zero
    private var hasHeard = false
    private var isTold = false
    private var nextTelling: Duration

    /// Time without a word in which this process ran: one that slept with its machine was not left alone so long.
    private var absence = Duration.zero
    private var lastTick: MonotonicInstant?

    /// Of the time between two ticks, which come several times a second, at most this counts as absence.
    private static let tickMax = Duration.seconds(1)

    init(policy: Session.Policy) {
        self.policy = policy
        nextTelling = policy.firstSilence
    }

    /// Whether the operator was told of a silence that still lasts, or no coordinator was heard yet.
    var isCutOff: Bool { isTold || !hasHeard }

    mutating func began(at now: MonotonicInstant) { lastHeard = now }

    /// - Returns: whether a coordinator is back of whose silence the operator was told.
    mutating func heard(at now: MonotonicInstant) -> Bool {
        let isBack = isTold && hasHeard
        lastHeard = now
        hasHeard = true
        isTold = false
        absence = .zero
        nextTelling = policy.silence
        return isBack
    }

    mutating func tick(at now: MonotonicInstant) -> [Verdict] {
        var verdicts: [Verdict] = []
        let silence = now - lastHeard
        if silence > nextTelling {
            isTold = true
            nextTelling = silence + min(silence, policy.silenceReportMax)
            verdicts.append(.silent(seconds: Int(silence.seconds)))
        }
        absence += min(now - (lastTick ?? now), Self.tickMax)
        lastTick = now
        if let limit = hasHeard ? policy.absenceMax : policy.arrivalMax, absence >= limit {
            verdicts.append(.absent(seconds: Int(absence.seconds)))
        }
        return verdicts
    }
}
