internal import Protocol

/// The workers that said hello, in the order of their joining: the order of every decision among them.
struct Roster: Sendable {
    private(set) var peers: [PeerID] = []
    private var workers: [PeerID: WorkerState] = [:]

    var count: Int { peers.count }
    var isEmpty: Bool { peers.isEmpty }

    /// The worker on a connection: to look at and to change, not to add or remove.
    subscript(peer: PeerID) -> WorkerState? {
        get { workers[peer] }
        set {
            precondition((newValue == nil) == (workers[peer] == nil), "workers are added and removed by name")
            workers[peer] = newValue
        }
    }

    func peer(named name: String) -> PeerID? { peers.first { workers[$0]?.name == name } }

    mutating func add(_ worker: WorkerState, as peer: PeerID) {
        precondition(workers[peer] == nil, "\(peer) is another worker's")
        peers.append(peer)
        workers[peer] = worker
    }

    mutating func remove(_ peer: PeerID) {
        peers.removeAll { $0 == peer }
        workers[peer] = nil
    }

    /// The worker has another connection, and keeps its place in the order.
    mutating func move(from old: PeerID, to new: PeerID) {
        guard old != new, let worker = workers[old], let position = peers.firstIndex(of: old) else { return }
        precondition(workers[new] == nil, "\(new) is another worker's")
        peers[position] = new
        workers[old] = nil
        workers[new] = worker
    }
}
