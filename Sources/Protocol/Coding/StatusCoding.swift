// What a status says, to and from its generated wire types.

internal import SwiftProtobuf

extension StatusReport {
    init(_ wire: WireStatusReport) {
        self.init()
        job = wire.job
        step = wire.step
        rowsDone = wire.rowsDone
        rowsTotal = wire.rowsTotal
        rowsTotalIsFinal = wire.rowsTotalFinal
        rowsFailed = wire.rowsFailed
        rowsPerSecond = wire.rowsPerSecond
        tokensPerSecond = wire.tokensPerSecond
        secondsLeft = wire.secondsLeft < 0 ? nil : wire.secondsLeft
        secondsElapsed = wire.secondsElapsed
        unitsRetried = wire.unitsRetried
        messagesDropped = wire.messagesDropped
        precision = wire.precision
        attention = wire.attention
        numericsReason = wire.numericsReason
        if wire.hasHeldOut { heldOut = HeldOut(wire.heldOut) }
        warnings = wire.warnings
        trust = wire.trust
        workers = wire.workers.map {
            Worker(
                worker: $0.worker, host: $0.host, state: $0.state, lanes: Int($0.lanes),
                unitsHeld: Int($0.unitsHeld), unitsDone: $0.unitsDone, tokensPerSecond: $0.tokensPerSecond,
                secondsSinceHeard: $0.secondsSinceHeard)
        }
    }

    var wire: WireStatusReport {
        .with {
            $0.job = job
            $0.step = step
            $0.rowsDone = rowsDone
            $0.rowsTotal = rowsTotal
            $0.rowsTotalFinal = rowsTotalIsFinal
            $0.rowsFailed = rowsFailed
            $0.rowsPerSecond = rowsPerSecond
            $0.tokensPerSecond = tokensPerSecond
            $0.secondsLeft = secondsLeft ?? -1
            $0.secondsElapsed = secondsElapsed
            $0.unitsRetried = unitsRetried
            $0.messagesDropped = messagesDropped
            $0.precision = precision
            $0.attention = attention
            $0.numericsReason = numericsReason
            if let heldOut { $0.heldOut = heldOut.wire }
            $0.warnings = warnings
            $0.trust = trust
            $0.workers = workers.map { worker in
                .with {
                    $0.worker = worker.worker
                    $0.host = worker.host
                    $0.state = worker.state
                    $0.lanes = UInt32(worker.lanes)
                    $0.unitsHeld = UInt32(worker.unitsHeld)
                    $0.unitsDone = worker.unitsDone
                    $0.tokensPerSecond = worker.tokensPerSecond
                    $0.secondsSinceHeard = worker.secondsSinceHeard
                }
            }
        }
    }
}

extension StatusReport.HeldOut {
    init(_ wire: WireHeldOut) {
        self.init(
            pairs: Int(clamping: wire.pairs), groups: Int(clamping: wire.groups), right: Int(clamping: wire.right),
            low: wire.low, high: wire.high)
    }

    var wire: WireHeldOut {
        .with {
            $0.pairs = UInt64(pairs)
            $0.groups = UInt64(groups)
            $0.right = UInt64(right)
            $0.low = low
            $0.high = high
        }
    }
}
