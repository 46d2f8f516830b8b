/// The state of a job, as `legend-coordinator status` and the progress display show it.
package struct StatusReport: Codable, Hashable, Sendable {
    package struct Worker: Codable, Hashable, Sendable {
        package var worker: String
        package var host: String
        package var state: String
        package var lanes: Int
        package var unitsHeld: Int
        package var unitsDone: UInt64
        package var tokensPerSecond: Double
        package var secondsSinceHeard: Double

        package init(
            worker: String, host: String, state: String, lanes: Int, unitsHeld: Int, unitsDone: UInt64,
            tokensPerSecond: Double, secondsSinceHeard: Double
        ) {
            self.worker = worker
            self.host = host
            self.state = state
            self.lanes = lanes
            self.unitsHeld = unitsHeld
            self.unitsDone = unitsDone
            self.tokensPerSecond = tokensPerSecond
            self.secondsSinceHeard = secondsSinceHeard
        }
    }

    /// How many anchor pairs are on the right side of a direction that was fitted without them.
    package struct HeldOut: Codable, Hashable, Sendable {
        package var pairs: Int

        /// Parts that were left out at a time: prompts, or as many as pairs.
        package var groups: Int
        package var right: Int

        /// `right / pairs` and its 95 % interval.
        package var share: Double
        package var low: Double
        package var high: Double

        package init(pairs: Int, groups: Int, right: Int, low: Double, high: Double) {
            self.pairs = pairs
            self.groups = groups
            self.right = right
            share = Double(right) / Double(max(pairs, 1))
            self.low = low
            self.high = high
        }
    }

    package var job = ""
    package var step = ""

    /// Rows (or anchors) of the present step whose result is committed, those that failed included.
    package var rowsDone: UInt64 = 0
    package var rowsTotal: UInt64 = 0

    /// False while the input is read and sorted: `rowsTotal` may still grow, and no row can be done yet.
    package var rowsTotalIsFinal = false
    package var rowsFailed: UInt64 = 0
    package var rowsPerSecond = 0.0
    package var tokensPerSecond = 0.0
    package var secondsLeft: Double?
    package var secondsElapsed = 0.0

    /// Leases that were lost or failed and went back to the queue.
    package var unitsRetried: UInt64 = 0

    /// Messages that were malformed, too many, of no worker, or about units as no worker has them.
    package var messagesDropped: UInt64 = 0

    /// What the job computes in, products and attention; empty while no machine has been asked.
    package var precision = ""
    package var attention = ""

    /// Why, where a machine was asked.
    package var numericsReason = ""

    /// Of the direction, once there is one whose anchors were held out.
    package var heldOut: HeldOut?

    /// What a person must know to trust the margins, each a sentence.
    package var warnings: [String] = []

    /// The figures of trust as JSON, as far as they are known; empty before there is a direction.
    package var trust = ""
    package var workers: [Worker] = []

    package init() {}
}
