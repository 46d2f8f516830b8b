import Coordinator
import JobStore
import Protocol
import Scheduling
import SeededRandom
import Transport
import Worker

/// One cluster and its job from beginning to end, in virtual time.
///
/// The coordinator's loop and the sessions are the real ones; network, machines, ledger, model and clock are played.
struct Simulation {
    let plan: Plan
    let isTraced: Bool
    var random: SeededGenerator
    private(set) var now = MonotonicInstant.zero
    private var agenda = Agenda<Occurrence>()
    private(set) var trace: [String] = []
    private(set) var violations: [String] = []

    let ledger: LedgerModel
    let outbox: Outbox
    var coordinator: SimulatedCoordinator?
    var coordinatorLives = 0
    var coordinatorPausedUntil = MonotonicInstant.zero
    private var diskFullUntil = MonotonicInstant.zero
    var isFinished = false

    var workers: [SimulatedWorker]
    private var peersMade = 0

    /// When a copy of the scorer was sent last on each connection.
    var scorerSent: [PeerID: MonotonicInstant] = [:]

    /// When the last message of a link arrives, for links that keep the order: to each worker, from each worker.
    var lastArrivals: [[MonotonicInstant]]

    enum Occurrence {
        case toCoordinator(WorkerMessage, from: PeerID, life: Int)
        case toWorker(Int, CoordinatorMessage, connection: PeerID)
        case coordinatorStarts
        case coordinatorWakes(life: Int)
        case coordinatorTicks(life: Int)
        case ingested(life: Int)
        case ended(StepID, life: Int)
        case workerStarts(Int)
        case workerConnects(Int)
        case workerTicks(Int, process: UInt64)
        case modelLoaded(Int, process: UInt64)
        case rowComputed(Int, process: UInt64, lane: Int)
        case fault(Plan.Fault)
    }

    init(seed: UInt64, isTraced: Bool = false) {
        var random = SeededGenerator(seed: seed)
        let plan = Plan(&random)
        self.plan = plan
        self.random = random
        self.isTraced = isTraced
        ledger = LedgerModel()
        outbox = Outbox(ledger)
        workers = (0..<plan.workers).map { SimulatedWorker(name: "w\($0)", lanes: plan.lanes) }
        lastArrivals = Array(repeating: Array(repeating: .zero, count: plan.workers), count: 2)
    }

    mutating func run() {
        later(.coordinatorStarts, .zero)
        for index in workers.indices { later(.workerStarts(index), random.seconds(0...5)) }
        for fault in plan.faults { later(.fault(fault.1), fault.at) }
        let deadline = plan.faultsEnd + .seconds(1800)
        while violations.isEmpty, !isOver, let (time, occurrence) = agenda.next() {
            now = time
            ledger.isFull = now < diskFullUntil
            guard now < deadline else {
                broken("the job has not ended \(Int((now - plan.faultsEnd).seconds)) s after the last fault")
                break
            }
            take(occurrence)
        }
        if violations.isEmpty { checkOutcome() }
    }

    /// The job is finished, the faults are over, and every worker has heard of it.
    private var isOver: Bool { isFinished && now > plan.faultsEnd && workers.allSatisfy { $0.hasFinished } }

    private mutating func take(_ occurrence: Occurrence) {
        if isTraced { note("\(occurrence)") }
        switch occurrence {
        case .toCoordinator(let message, let peer, let life):
            post(.loop(.scheduler(.message(message, from: peer))), life: life)
        case .toWorker(let index, let message, let peer):
            guard workers[index].connection == peer, !isPaused(index, occurrence) else { return }
            tell(index, .message(message))
        case .coordinatorStarts: startCoordinator()
        case .coordinatorWakes(let life):
            guard now >= coordinatorPausedUntil else { return agenda.add(occurrence, at: coordinatorPausedUntil) }
            wakeCoordinator(life: life)
        case .coordinatorTicks(let life):
            guard coordinator?.life == life else { return }
            post(.loop(.scheduler(.tick)), life: life)
            later(.coordinatorTicks(life: life), .seconds(1))
        case .ingested(let life): ingest(life: life)
        case .ended(let step, let life): post(.ended(step), life: life)
        case .workerStarts(let index): startWorker(index)
        case .workerConnects(let index):
            if workers[index].session != nil, coordinator != nil {
                let peer = newPeer()
                workers[index].connection = peer
            }
        case .workerTicks(let index, let process):
            guard workers[index].process == process, !isPaused(index, occurrence) else { return }
            later(.workerTicks(index, process: process), .milliseconds(500))
            tell(index, .tick)
        case .modelLoaded(let index, let process):
            guard workers[index].process == process, !isPaused(index, occurrence) else { return }
            guard let job = workers[index].loading else { return }
            workers[index].loading = nil
            workers[index].precision = job.precision
            tell(index, .modelLoaded(Arithmetic.model(computing: job)))
        case .rowComputed(let index, let process, let lane):
            guard workers[index].process == process, !isPaused(index, occurrence) else { return }
            guard now >= workers[index].lanesPausedUntil else {
                return agenda.add(occurrence, at: workers[index].lanesPausedUntil)
            }
            finishRow(index, lane: lane)
        case .fault(let fault): strike(fault)
        }
    }

    /// What reaches a process that stands still, reaches it when it goes on.
    private mutating func isPaused(_ index: Int, _ occurrence: Occurrence) -> Bool {
        guard now < workers[index].pausedUntil else { return false }
        agenda.add(occurrence, at: workers[index].pausedUntil)
        return true
    }

    private mutating func strike(_ fault: Plan.Fault) {
        switch fault {
        case .workerCrash(let index): killWorker(index, byPoison: false)
        case .workerPause(let index, let time): workers[index].pausedUntil = now + time
        case .lanePause(let index, let time): workers[index].lanesPausedUntil = now + time
        case .workerDrain(let index): tell(index, .drain(reason: "SIGTERM"))
        case .partition(let index, let time): workers[index].partitionedUntil = now + time
        case .reconnection(let index): reconnect(index)
        case .workerClockSetBack(let index):
            workers[index].clock -= 5
            killWorker(index, byPoison: false)
        case .coordinatorPause(let time): coordinatorPausedUntil = now + time
        case .diskFull(let time): diskFullUntil = now + time
        case .coordinatorCrash(let down, afterCommit: true): ledger.stopsAfterNextCommit = down
        case .coordinatorCrash(let down, afterCommit: false): crashCoordinator(down: down)
        }
    }

    private mutating func reconnect(_ index: Int) {
        workers[index].wasStruck(byPoison: false, at: now)
        workers[index].connection = nil
        later(.workerConnects(index), random.seconds(0...3))
    }

    mutating func later(_ occurrence: Occurrence, _ delay: Duration) { agenda.add(occurrence, at: now + delay) }

    mutating func newPeer() -> PeerID {
        peersMade += 1
        return PeerID([UInt8(peersMade >> 8), UInt8(peersMade & 0xff)])
    }

    mutating func note(_ text: String) {
        if isTraced { trace.append("\(now.offset.seconds) \(text)") }
    }

    mutating func broken(_ rule: String) {
        note("BROKEN: \(rule)")
        violations.append("at \(now.offset.seconds) s: \(rule)")
    }
}
