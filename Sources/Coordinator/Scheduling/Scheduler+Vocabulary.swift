package import Protocol

extension Scheduler {
    /// The bounds within which the scheduler works.
    package struct Policy: Hashable, Sendable {
        /// A worker that says nothing for so long is taken for dead.
        package var silence: Duration

        /// Ticks come far more often. Where none came for so long, the coordinator did not run: its machine slept, or
        /// its disk stood still.
        package var suspension: Duration = .seconds(3)

        /// A worker that reports no progress for so long, and for `stallPerToken` of its largest unit, loses its units.
        package var stall: Duration
        package var stallPerToken: Duration = .milliseconds(50)

        /// An assignment that the worker's heartbeats do not list after so long was lost on its way.
        package var assignmentLost: Duration = .seconds(10)

        /// A scorer that is not acknowledged after so long, and `scorerLostPerMiB` of it (those of a slow link: 256 KiB a
        /// second), was lost on its way; after each further copy twice as long, up to `scorerLostMax`.
        package var scorerLost: Duration = .seconds(10)
        package var scorerLostPerMiB: Duration = .seconds(4)
        package var scorerLostMax: Duration = .seconds(600)

        /// A unit at the end of a step is given to a second worker when it takes longer than this, and longer than
        /// twice the mean.
        package var speculationAfter: Duration = .seconds(10)

        /// Failed attempts after which a unit is split, and a unit of one row quarantined.
        package var attemptsMax: Int

        /// A worker on which every unit fails rests for at most so long between two of them.
        package var restMax: Duration = .seconds(60)

        /// Units that a worker embeds ahead, whatever room it has for their texts: each heartbeat lists them.
        package var unitsAheadMax: Int = LoadedModel.unitsAheadMax

        /// Units of a step held in its queue; more are fetched when half of them are gone.
        package var queueMax: Int = 4096

        /// More workers are not listened to until some are gone.
        package var workersMax: Int = 10_000

        /// Whether workers of different numeric builds may share the job.
        package var allowsMixedNumerics: Bool

        package init(silence: Duration, stall: Duration, attemptsMax: Int, allowsMixedNumerics: Bool) {
            self.silence = silence
            self.stall = stall
            self.attemptsMax = attemptsMax
            self.allowsMixedNumerics = allowsMixedNumerics
        }
    }

    package enum Event: Sendable {
        case message(WorkerMessage, from: PeerID)

        /// The peer said something that cannot be read.
        case malformed(MalformedMessage, from: PeerID)

        /// The peer's connection is broken; what was sent to it last may be lost.
        case unreachable(PeerID)

        /// The worker may not take part any more.
        case dismissed(PeerID, reason: String)

        /// The units of this step may be given out from now on; several steps may be open at once.
        case stepBegan(WorkStep)

        /// The answer to `fetchUnits`, ascending by id; with `isLast`, no other uncommitted unit will come.
        case unitsFetched(StepID, [UnitSummary], isLast: Bool)

        /// There are units that an earlier fetch could not return.
        case unitsAvailable(StepID)

        /// The unit's outcome is safe in the ledger: a result or a quarantine.
        case settled(UnitID)

        /// The ledger does not take the result for one of its unit, which is open as before.
        case rejected(Lease, worker: String)

        /// The unit is gone from the ledger; its rows are in new units, which a fetch returns.
        case replaced(UnitID)
        case scorerReady(Scorer)

        /// Which model the job has is being found out. Next: `modelKnown` or `modelUnknown`.
        case modelAwaited

        /// The job's model has this SHA-256, whatever the first worker has.
        case modelKnown(digest: String)

        /// No more is found out: the job's model is the one that is asked for, or else the first worker's.
        case modelUnknown
        case jobFinished(summary: String)
        case tick
    }

    package enum Action: Hashable, Sendable {
        case send(CoordinatorMessage, to: PeerID)

        /// Load the unit's payload and send it.
        case assign(Lease, to: PeerID)
        case fetchUnits(StepID, after: UnitID, limit: Int)

        /// Commit it, then report `settled` or `replaced` where the change says so.
        case change(LedgerChange)
        case stepCompleted(StepID)
        case note(Note)
    }

    /// What an operator may want to read in the log.
    package enum Note: Hashable, Sendable {
        case joined(worker: String, host: String, lanes: Int)
        case rejoined(worker: String)
        case ready(worker: String, numericBuild: String)
        case choseNumerics(JobNumerics)
        case refused(worker: String, reason: String)

        /// It is not answered, and asks again.
        case turnedAway(worker: String, reason: String)
        case draining(worker: String)
        case left(worker: String, reason: String)
        case lost(worker: String, unitsReturned: Int, reason: String)
        case stalled(worker: String, unitsReturned: Int)
        case attemptFailed(Lease, worker: String, reason: String)
        case speculated(UnitID, worker: String)
        case invalidResult(Lease, worker: String, reason: String)
    }
}
