package import Protocol

// Looking in.

extension Scheduler {
    /// Those that said hello, loading ones included.
    package var workerCount: Int { workers.count }

    package func isWorker(_ peer: PeerID) -> Bool { workers[peer] != nil }

    /// The workers in the order of their joining.
    package func workerReports(at now: MonotonicInstant) -> [StatusReport.Worker] {
        workers.peers.compactMap { peer in
            guard let worker = workers[peer] else { return nil }
            let active = worker.readyAt.map { (now - $0).seconds } ?? 0
            return StatusReport.Worker(
                worker: worker.name, host: worker.hello.host, state: worker.stateText, lanes: worker.hello.lanes,
                unitsHeld: leases[peer].leases.count, unitsDone: worker.unitsDone,
                tokensPerSecond: active > 0 ? Double(worker.tokensDone) / active : 0,
                secondsSinceHeard: (now - worker.lastHeard).seconds)
        }
    }

    /// What must hold after every event; each broken rule as a sentence.
    package func brokenInvariants() -> [String] {
        var broken = leases.brokenInvariants()
        for peer in workers.peers where leases[peer].unitsInWork > workers[peer]?.credit ?? 0 {
            broken.append("\(peer) holds more than its credit")
        }
        let names = workers.peers.compactMap { workers[$0]?.name }
        if Set(names).count != workers.count { broken.append("two workers of one name: \(names)") }
        return broken
    }
}
