package import Protocol

// What a session is told and what it asks for.

extension Session {
    package struct Identity: Hashable, Sendable {
        package var worker: String
        package var epoch: UInt64
        package var host: String
        package var processID: UInt32
        package var lanes: Int

        /// What this machine computes fastest in.
        package var preferences: [NumericPreference]

        package init(
            worker: String, epoch: UInt64, host: String, processID: UInt32, lanes: Int,
            preferences: [NumericPreference] = []
        ) {
            self.worker = worker
            self.epoch = epoch
            self.host = host
            self.processID = processID
            self.lanes = lanes
            self.preferences = preferences
        }
    }

    package struct Policy: Hashable, Sendable {
        /// Between two greetings that nobody answers.
        package var helloInterval: Duration = .seconds(1)

        /// After so long without the coordinator's yes the worker greets again.
        package var joiningLimit: Duration = .seconds(5)

        /// Where no result was acknowledged for so long, the oldest is sent again.
        package var resultInterval: Duration = .seconds(10)

        /// After so much silence of the coordinator the operator is told, and again whenever it has doubled, at most
        /// `silenceReportMax` later.
        package var silence: Duration = .seconds(15)
        package var silenceReportMax: Duration = .seconds(3600)

        /// The same for a worker that has not heard of any coordinator yet.
        package var firstSilence: Duration = .seconds(3)

        /// A worker that heard of a coordinator gives up when none said anything for so long; nil: never. Long enough
        /// for a person to start one again.
        package var absenceMax: Duration? = .seconds(1800)

        /// The same for one that never heard of any.
        package var arrivalMax: Duration?

        /// A drain ends after this time, whatever is left.
        package var drainLimit: Duration = .seconds(120)

        package init() {}
    }

    package enum Event: Sendable {
        case start
        case message(CoordinatorMessage)
        case otherVersion(ProtocolVersionMismatch)

        /// Something came that cannot be read.
        case malformed(MalformedMessage)
        case modelLoaded(LoadedModel)

        /// The model cannot be used: it is missing, damaged, or not what the job needs.
        ///
        /// - Parameter mayPass: another start may end otherwise, as after a full disk.
        case modelFailed(reason: String, mayPass: Bool = false)
        case networkFailed(reason: String)
        case progress(lane: Int, tokens: UInt64)
        case computed(lane: Int, UnitResult)

        /// Rows that were embedded in a lane without a scorer.
        case embedded(lane: Int, EmbeddedUnit)
        case failed(lane: Int, reason: String)
        case cancelled(lane: Int)

        /// Stop: finish what is in the lanes, give back what waits. The second time: give everything back.
        case drain(reason: String)
        case tick

        /// Whether the coordinator said it, read or not.
        var isOfCoordinator: Bool {
            switch self {
            case .message: true
            case .malformed(let message): message.kind != nil
            case .start, .otherVersion, .modelLoaded, .modelFailed, .networkFailed, .progress, .computed, .embedded,
                .failed, .cancelled, .drain, .tick:
                false
            }
        }
    }

    package enum Action: Sendable, Hashable {
        case send(WorkerMessage)
        case loadModel(JobSpecification)
        case compute(lane: Int, Lease, Work, scorer: Scorer?)

        /// Stop the lane's computation soon; then report `cancelled`, unless it ends by itself before.
        case cancel(lane: Int)
        case note(Note)
        case end(Ending)
    }

    /// What is left to do for a unit.
    package enum Work: Hashable, Sendable {
        /// Embed the texts and, where they are rows and there is a scorer, project them.
        case embed(UnitPayload)
        case project(EmbeddedUnit)

        var needsScorer: Bool {
            switch self {
            case .embed(let payload): payload.work.needsScorer
            case .project(let unit): unit.work.needsScorer
            }
        }
    }

    package enum Note: Hashable, Sendable {
        case greeting
        case accepted(job: String)
        case coordinatorSilent(seconds: Int)
        case coordinatorBack

        /// The worker goes on without it.
        case malformed(MalformedMessage)
        case draining(reason: String, unitsReturned: Int)
    }

    package enum Ending: Hashable, Sendable {
        case jobFinished(summary: String)
        case drained(reason: String)
        case refused(reason: String)

        /// This worker cannot do the job, however often it is started.
        case unusable(reason: String)
        case failed(reason: String)

        /// No coordinator said anything for too long.
        case gaveUp(seconds: Int)
    }
}
