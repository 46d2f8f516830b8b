import Coordinator
import Protocol
import Scheduling
import SeededRandom

/// What a seed decides beforehand: the job, the cluster, and what goes wrong when.
struct Plan: CustomStringConvertible {
    enum Fault {
        case workerCrash(Int)

        /// The process stands still, as in a machine that sleeps.
        case workerPause(Int, Duration)

        /// Computation stands still, and heartbeats go on.
        case lanePause(Int, Duration)
        case workerDrain(Int)

        /// Nothing gets through, and nobody is told.
        case partition(Int, Duration)

        /// A new connection; what was on its way on the old one may be lost.
        case reconnection(Int)

        /// A restarted process has an older start time than the one before.
        case workerClockSetBack(Int)

        /// The coordinator's process stands still, and what is sent to it waits.
        case coordinatorPause(Duration)

        /// Nothing can be committed: the coordinator ends with an error, and somebody starts it again and again.
        case diskFull(Duration)

        /// With `afterCommit`, between a transaction of the ledger and the messages that follow from it.
        case coordinatorCrash(down: Duration, afterCommit: Bool)
    }

    enum Poison {
        case fails
        case killsTheProcess
    }

    let workers: Int
    let lanes: Int
    let anchors: Int
    let rows: Int
    let rowsPerUnit: Int
    let rowSeconds: ClosedRange<Double>
    let poison: [UInt64: Poison]
    let attemptsMax: Int

    /// So many attempts that faults alone do not use them up: only poison is quarantined.
    let isPatient: Bool
    let faults: [(at: Duration, Fault)]

    /// From here on nothing goes wrong any more but what poison does.
    let faultsEnd: MonotonicInstant
    let loss: Double
    let duplication: Double
    let delayMax: Double
    let keepsOrder: Bool

    /// Whether the job leaves it to the workers' machines what it computes in, and which of them prefer bf16.
    let asksForNumerics: Bool
    let prefersBF16: [Bool]

    /// How many responses each row has; nil for two of the same names in all rows.
    let raggedRows: [Int]?

    /// What the job asks for of each text.
    let readouts: Int

    /// How many directions the scorer has for each readout that it is of: the first ones, or all.
    let directions: [Int]

    /// Whether the fit decides how many these are, so that no row is embedded before.
    let choosesReadouts: Bool

    /// How long workers go on without a coordinator; nil: for ever. Somebody starts those again that give up.
    let absenceMax: Duration?

    init(_ random: inout SeededGenerator) {
        workers = random.integer(1...4)
        lanes = random.integer(1...2)
        anchors = random.integer(1...4)
        rows = random.integer(1...24)
        rowsPerUnit = random.integer(1...5)
        let slowest = Double(random.integer(1...3))
        rowSeconds = 0.2...slowest
        isPatient = random.isTrue(0.5)
        let span = random.integer(10...60)
        faultsEnd = .zero + .seconds(span)
        let faultCount = random.isTrue(0.2) ? 0 : random.integer(1...8)
        var faults: [(at: Duration, Fault)] = []
        for _ in 0..<faultCount {
            faults.append((random.seconds(0...Double(span)), Self.fault(&random, workers: workers)))
        }
        self.faults = faults
        attemptsMax = isPatient ? faultCount + 3 : random.integer(1...3)
        var poison: [UInt64: Poison] = [:]
        for _ in 0..<random.integer(0...2) {
            let row = UInt64(random.integer(0...rows - 1))
            poison[row] = !isPatient && random.isTrue(0.5) ? .killsTheProcess : .fails
        }
        self.poison = poison
        let isCalm = faultCount == 0
        loss = isCalm || random.isTrue(0.5) ? 0 : 0.15
        duplication = isCalm || random.isTrue(0.5) ? 0 : 0.15
        delayMax = random.isTrue(0.5) ? 0.05 : 2
        keepsOrder = random.isTrue(0.5)
        absenceMax = random.isTrue(0.3) ? .seconds(20) : nil
        // From a copy: what a seed did before there was this choice, it does still.
        var choice = random
        asksForNumerics = choice.isTrue(0.7)
        prefersBF16 = (0..<workers).map { _ in choice.isTrue(0.5) }
        raggedRows = choice.isTrue(0.7) ? (0..<rows).map { _ in choice.integer(1...5) } : nil
        readouts = choice.integer(1...Arithmetic.readouts.count)
        let allDirections = (0..<readouts).map { _ in choice.integer(1...3) }
        choosesReadouts = choice.isTrue(0.4)
        directions = choosesReadouts ? Array(allDirections.prefix(choice.integer(1...readouts))) : allDirections
    }

    /// The steps that read the input.
    var steps: [WorkStep] {
        var rows = WorkStep.rows
        if raggedRows != nil { rows.responses = nil }
        return [.anchors, rows]
    }

    /// A job's steps, whose rows may have any number of responses here.
    func pipeline(hasScorer: Bool) -> Pipeline {
        let steps = Pipeline.annotation(
            fittedOn: [.anchors], hasDirection: false, choosesReadouts: choosesReadouts
        ).steps.map { step in
            var step = step
            if let rows = self.steps.first(where: { $0.id == step.id }) {
                step.work = .units(rows.work, responses: rows.responses)
            }
            return step
        }
        return Pipeline(steps, completed: hasScorer ? [.anchors, .fit] : [])
    }

    func rowCount(of step: StepID) -> Int { step == .anchors ? anchors : rows }

    func responseCount(ofRow row: UInt64, in step: StepID) -> Int {
        step == .anchors ? 2 : raggedRows?[Int(row)] ?? 2
    }

    private static func fault(_ random: inout SeededGenerator, workers: Int) -> Fault {
        let worker = random.integer(0...workers - 1)
        let time = random.seconds(0.5...30)
        return switch random.integer(0...10) {
        case 0: .workerCrash(worker)
        case 1: .workerPause(worker, time)
        case 2: .workerDrain(worker)
        case 3: .partition(worker, time)
        case 4: .reconnection(worker)
        case 5: .lanePause(worker, time * 3)
        case 6: .coordinatorPause(time * 2)
        case 7: .diskFull(time)
        case 8: .workerClockSetBack(worker)
        default: .coordinatorCrash(down: time, afterCommit: random.isTrue(0.5))
        }
    }

    var description: String {
        """
        \(workers) workers of \(lanes) lanes, \(anchors) anchors, \(rows) rows by \(rowsPerUnit), \(poison.count) \
        poison, \(attemptsMax) attempts, \(faults.count) faults, loss \(loss), duplication \(duplication), \
        delay \(delayMax) s, \(keepsOrder ? "in order" : "reordered")\(asksForNumerics ? ", auto \(prefersBF16)" : ""), responses \(raggedRows.map { "\($0)" } ?? "2"), \
        directions \(directions)
        """
    }
}
