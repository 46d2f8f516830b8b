/// What a worker says to the coordinator.
package enum WorkerMessage: Hashable, Sendable {
    case hello(Hello)
    case ready(LoadedModel)
    case heartbeat(Heartbeat)
    case result(UnitResult)
    case failure(UnitFailure)

    /// The unit's rows are embedded; its result follows once the worker has the scorer.
    case embedded(Lease)
    case scorerAcknowledged(digest: String)
    case goodbye(reason: String)

    /// The first message on a connection, and the answer to `whoAreYou`.
    package struct Hello: Hashable, Sendable {
        package static let nameBytesMax = 256

        /// Stable over restarts where the operator names the worker.
        package var worker: String

        /// Made at process start: tells a restarted worker from a reconnected one.
        package var epoch: UInt64
        package var host: String
        package var processID: UInt32
        package var softwareVersion: String
        package var lanes: Int

        /// Set when a model is loaded already.
        package var model: LoadedModel?

        /// Units the worker still holds, computed or not.
        package var held: [HeldUnit]

        /// What its machine computes fastest in, for each backend.
        package var preferences: [NumericPreference]

        package init(
            worker: String, epoch: UInt64, host: String, processID: UInt32, softwareVersion: String, lanes: Int,
            model: LoadedModel?, held: [HeldUnit], preferences: [NumericPreference] = []
        ) {
            self.worker = worker
            self.epoch = epoch
            self.host = host
            self.processID = processID
            self.softwareVersion = softwareVersion
            self.lanes = lanes
            self.model = model
            self.held = held
            self.preferences = preferences
        }
    }

    /// A unit in a worker's hands.
    package struct HeldUnit: Hashable, Sendable {
        package var lease: Lease

        /// Computed so far; 0 for a unit that waits.
        package var tokens: UInt64

        /// Its rows are embedded, and wait for the scorer.
        package var isEmbedded: Bool

        package init(lease: Lease, tokens: UInt64, isEmbedded: Bool = false) {
            self.lease = lease
            self.tokens = tokens
            self.isEmbedded = isEmbedded
        }
    }

    package struct Heartbeat: Hashable, Sendable {
        package var epoch: UInt64

        /// All units in the worker's hands, finished ones whose result is not acknowledged included.
        package var held: [HeldUnit]

        /// The worker takes no new unit and leaves when its hands are empty.
        package var draining: Bool

        package init(epoch: UInt64, held: [HeldUnit], draining: Bool) {
            self.epoch = epoch
            self.held = held
            self.draining = draining
        }
    }

    package struct UnitFailure: Hashable, Sendable {
        package var lease: Lease
        package var reason: String

        /// Given back untouched: not a failed attempt.
        package var returned: Bool

        package init(lease: Lease, reason: String, returned: Bool) {
            self.lease = lease
            self.reason = reason
            self.returned = returned
        }
    }
}

/// What the coordinator says to a worker.
package enum CoordinatorMessage: Hashable, Sendable {
    case welcome(JobSpecification)

    /// The worker's model fits. The scorer follows where there is one.
    case accepted

    /// The worker cannot take part; the reason says what to change.
    case refused(reason: String)

    /// The sender of the last message is not known here: say hello.
    case whoAreYou
    case assignment(Lease, UnitPayload)
    case scorer(Scorer)

    /// The result is safe (or no longer needed); the worker may forget it.
    case resultAcknowledged(Lease)

    /// The unit is no longer this worker's.
    case revoked(Lease)
    case heartbeatReply
    case jobFinished(summary: String)
}

/// What a person who watches asks of the coordinator, and its answer.
package enum StatusMessage: Hashable, Sendable {
    case request
    case report(StatusReport)
}

/// How the job's model comes to a worker that does not have it. Apart from the job's own messages, for other threads
/// say and hear these.
package enum ModelMessage: Hashable, Sendable {
    /// Worker to coordinator: which model is offered?
    case offerRequest

    /// Worker to coordinator. A worker has a few of them on their way at a time, so that no round trip is waited for.
    case chunkRequest(digest: String, chunk: UInt64)

    /// Coordinator to worker. With a positive number of workers that are served before this one, its requests are kept
    /// until it is its turn.
    case offer(ModelOffer, workersAhead: Int)

    /// Coordinator to worker: no model, or not that one.
    case notOffered(reason: String)
    case chunk(ModelChunk)
}

/// Any message of this protocol.
package enum Message: Hashable, Sendable {
    case worker(WorkerMessage)
    case coordinator(CoordinatorMessage)
    case model(ModelMessage)
    case status(StatusMessage)
}
