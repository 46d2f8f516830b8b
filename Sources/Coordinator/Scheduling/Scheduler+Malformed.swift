internal import Protocol

// What becomes of a worker's message that cannot be read here, though its version is ours: a worker of another build. The
// shell has counted it and said so, seldom where there are many.
//
// | cannot be read | the scheduler | for |
// | --- | --- | --- |
// | `result`, of a lease that can be read | fails the attempt | another build may be understood; the worker rests after some |
// | `goodbye` | lets the worker go | whatever it said, it leaves |
// | anything else that a worker says | refuses the worker, whose units were not tried | it would seem silent, or its units lost, for ever |
// | what no worker says, no header of our version, a damaged frame | does nothing | what is needed comes again |
//
// A peer speaks for its own connection alone: nobody can have another worker refused.

extension Scheduler {
    mutating func heed(
        _ malformed: MalformedMessage, from peer: PeerID, at now: MonotonicInstant, _ actions: inout [Action]
    ) {
        let reason = "\(malformed); \(ProtocolVersion.advice)"
        switch malformed.kind {
        case .result(let lease?) where workers[peer]?.isAccepted == true:
            actions.append(.send(.resultAcknowledged(lease), to: peer))
            guard leases[peer].holds(lease) else { return }
            workers[peer]?.failed(at: now, restMax: policy.restMax)
            release(lease.unit, of: peer, failure: reason, &actions)
        case .goodbye: dismiss(peer, because: reason, &actions)
        case .hello, .ready, .heartbeat, .result, .failure, .embedded, .scorerAcknowledged, .model:
            if workers[peer] == nil {
                actions.append(.send(.refused(reason: reason), to: peer))
            } else {
                refuse(peer, because: reason, &actions)
            }
        case .welcome, .accepted, .refused, .whoAreYou, .assignment, .scorer, .resultAcknowledged, .revoked,
            .heartbeatReply, .jobFinished, .status:
            break
        case nil: break
        }
    }
}
