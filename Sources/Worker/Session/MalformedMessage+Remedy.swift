internal import Protocol

/// What a worker does about a message that it cannot read.
///
/// The header was one of our protocol's version, and its frames are whole: that is a coordinator of another build, with a
/// kind of work, a pooling or a bound that is not known here, and it will not say it otherwise the next time.
///
/// | cannot be read | the worker | for |
/// | --- | --- | --- |
/// | `welcome`, `accepted`, `scorer`, model file | leaves | without it there is nothing to compute with |
/// | `refused`, `jobFinished`, `whoAreYou` | leaves | it would wait, or not be known, for ever |
/// | `resultAcknowledged` | leaves | it would keep and send all its results for ever |
/// | `assignment` | fails the attempt | another build may know it; what nobody knows is split and quarantined |
/// | `assignment` without a lease that can be read | leaves | nothing can be said of it, and it would come again |
/// | `revoked`, `heartbeatReply` | goes on | a result of a revoked unit is dropped; a reply was heard |
/// | what a worker or a watcher says | goes on | no coordinator sends it |
/// | no header of our version, a kind that is not known, a damaged frame | goes on | what is needed comes again |
///
/// A worker that leaves says goodbye with the reason, which the coordinator logs, and ends with the status of a refusal.
///
/// Hostile peers: whoever can send a worker such a message can also send it a refusal, which ends it as well; with CURVE
/// keys that is the coordinator alone. Bytes that are no header of ours, which a stranger at the coordinator's address may
/// send without knowing this protocol, end nobody. That one unit fails its attempt, and does not end its worker, keeps a
/// row that no worker can read from ending all of them.
enum Remedy: Hashable, Sendable {
    case leave
    case fail(Lease)
    case goOn
}

extension MalformedMessage {
    var remedy: Remedy {
        switch kind {
        case .welcome, .accepted, .scorer, .model, .refused, .jobFinished, .whoAreYou, .resultAcknowledged: .leave
        case .assignment(let lease): lease.map { .fail($0) } ?? .leave
        case .revoked, .heartbeatReply: .goOn
        case .hello, .ready, .heartbeat, .result, .failure, .embedded, .scorerAcknowledged, .goodbye, .status: .goOn
        case nil: .goOn
        }
    }
}
