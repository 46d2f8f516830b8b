import Coordinator
import JobStore
import Protocol
import Scheduling
import Transport
import Worker

/// What a coordinator has sent and the network has not taken.
final class Outbox: WorkerConnections {
    private let ledger: LedgerModel
    private var messages: [(message: CoordinatorMessage, peer: PeerID)] = []

    /// Leases whose results were acknowledged while the ledger did not have their units' outcomes.
    private var acknowledgedEarly: [Lease] = []

    init(_ ledger: LedgerModel) { self.ledger = ledger }

    func send(_ message: CoordinatorMessage, to peer: PeerID) {
        messages.append((message, peer))
        if case .resultAcknowledged(let lease) = message, ledger.isOpen(lease.unit) { acknowledgedEarly.append(lease) }
    }

    func takeAll() -> (messages: [(message: CoordinatorMessage, peer: PeerID)], acknowledgedEarly: [Lease]) {
        defer { (messages, acknowledgedEarly) = ([], []) }
        return (messages, acknowledgedEarly)
    }
}

extension Simulation {
    private var isFaulty: Bool { now <= plan.faultsEnd }

    mutating func send(_ message: WorkerMessage, from index: Int) {
        guard let peer = workers[index].connection, let coordinator else { return }
        for delay in journeys(of: index, link: 0) {
            later(.toCoordinator(message, from: peer, life: coordinator.life), delay)
        }
    }

    /// Tells the coordinator where there is no such connection any more.
    mutating func send(_ message: CoordinatorMessage, to peer: PeerID) {
        guard let index = workers.firstIndex(where: { $0.connection == peer }) else {
            if let coordinator { post(.loop(.scheduler(.unreachable(peer))), life: coordinator.life) }
            return
        }
        if case .scorer = message { judgeScorer(to: peer) }
        for delay in journeys(of: index, link: 1) { later(.toWorker(index, message, connection: peer), delay) }
    }

    /// A scorer may be large: no second copy is sent while the first may still be on its way.
    private mutating func judgeScorer(to peer: PeerID) {
        if let last = scorerSent[peer], now - last < policy.scorerLost {
            broken("a second copy of the scorer is sent \((now - last).seconds) s after the first")
        }
        scorerSent[peer] = now
    }

    /// How long each copy of a message takes; empty where it is lost.
    private mutating func journeys(of index: Int, link: Int) -> [Duration] {
        if now < workers[index].partitionedUntil { return [] }
        if isFaulty, random.isTrue(plan.loss) { return [] }
        let copies = isFaulty && random.isTrue(plan.duplication) ? 2 : 1
        return (0..<copies).map { _ in
            var arrival = now + random.seconds(0.001...plan.delayMax)
            if plan.keepsOrder || !isFaulty { arrival = max(arrival, lastArrivals[link][index]) }
            lastArrivals[link][index] = max(arrival, lastArrivals[link][index])
            return arrival - now
        }
    }
}
