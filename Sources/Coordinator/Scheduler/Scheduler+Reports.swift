package import Protocol

// Looking in.

extension Scheduler {
    /// The workers in the order of their joining.
    package func workerReports(at now: MonotonicInstant) -> [StatusReport.Worker] {
        joined.compactMap { peer in
            guard let worker = workers[peer] else { return nil }
            let active = worker.readyAt.map { (now - $0).seconds } ?? 0
            return StatusReport.Worker(
                worker: worker.name, host: worker.hello.host, state: "\(worker.state)", lanes: worker.hello.lanes,
                unitsHeld: worker.leases.count, unitsDone: worker.unitsDone,
                tokensPerSecond: active > 0 ? Double(worker.tokensDone) / active : 0,
                secondsSinceHeard: (now - worker.lastHeard).seconds)
        }
    }

    /// What must hold after every event; each broken rule as a sentence.
    package func brokenInvariants() -> [String] {
        var broken: [String] = []
        if Set(joined) != Set(workers.keys) || joined.count != workers.count { broken.append("joined ≠ workers") }
        if Set(openSteps.map(\.id)) != Set(queues.keys) { broken.append("open steps ≠ queues") }
        for (step, queue) in queues {
            if Set(queue.waiting).count != queue.waiting.count { broken.append("a unit is queued twice") }
            for id in queue.waiting where units[id]?.state != .queued || units[id]?.step.id != step {
                broken.append("\(id) is in the queue of \(step) but not queued")
            }
            if queue.unitsOpen != units.values.count(where: { $0.step.id == step }) {
                broken.append("\(step) have \(queue.unitsOpen) open units, which is wrong")
            }
        }
        for (id, unit) in units {
            switch unit.state {
            case .queued:
                if queues[unit.step.id]?.waiting.contains(id) != true {
                    broken.append("\(id) is queued but not in the queue")
                }
            case .leased(let holders):
                if holders.isEmpty || Set(holders).count != holders.count {
                    broken.append("\(id) has holders \(holders)")
                }
                for holder in holders where workers[holder]?.leases[id] == nil {
                    broken.append("\(id) is leased to \(holder), who does not hold it")
                }
            case .settling: break
            }
        }
        for (peer, worker) in workers {
            if worker.unitsInWork > worker.credit { broken.append("\(peer) holds more than its credit") }
            broken += worker.brokenInvariants().map { "\(peer): \($0)" }
            for id in worker.leases.keys {
                guard case .leased(let holders) = units[id]?.state, holders.contains(peer) else {
                    broken.append("\(peer) holds \(id), which is not leased to it")
                    continue
                }
            }
        }
        return broken
    }
}
