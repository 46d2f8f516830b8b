internal import Protocol

// What becomes of a worker's message that cannot be read here, though its version is ours: a worker of another build. The
// shell has counted it and said so, seldom where there are many.
//
// | cannot be read | the scheduler | for |
// | --- | --- | --- |
// | `hello`, `ready` | refuses the worker, whose units were not tried | it would greet for ever, and its operator not know why |
// | `result` | fails the attempt, as with a result that does not fit its unit | it would be sent again for ever |
// | `heartbeat` | does nothing | the worker is lost for its silence |
// | `failure`, `embedded` | does nothing | the next heartbeat says it, or the unit comes no further |
// | `scorerAcknowledged` | does nothing | the scorer is sent again, less and less often |
// | `goodbye` | does nothing | the worker is silent from now on |
// | no header of our version, a kind that is not known, a damaged frame | does nothing | what is needed comes again |
//
// A peer speaks for its own connection alone: nobody can have another worker refused.

extension Scheduler {
    mutating func heed(_ malformed: MalformedMessage, from peer: PeerID, _ actions: inout [Action]) {
        let reason = "\(malformed); \(ProtocolVersion.advice)"
        switch malformed.kind {
        case .hello, .ready:
            if workers[peer] == nil {
                actions.append(.send(.refused(reason: reason), to: peer))
            } else {
                refuse(peer, because: reason, &actions)
            }
        case .result(let lease?) where workers[peer]?.isAccepted == true:
            actions.append(.send(.resultAcknowledged(lease), to: peer))
            if leases[peer].holds(lease) { release(lease.unit, of: peer, failure: reason, &actions) }
        case .result, .heartbeat, .failure, .embedded, .scorerAcknowledged, .goodbye: break
        case .welcome, .accepted, .refused, .whoAreYou, .assignment, .scorer, .resultAcknowledged, .revoked,
            .heartbeatReply, .jobFinished, .model, .status:
            break
        case nil: break
        }
    }
}
