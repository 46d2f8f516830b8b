internal import Protocol

/// How much each peer of a router has sent of late: one that sends more than any worker has to say is not listened to.
///
/// Each peer has three buckets that fill with time, for messages, bytes and malformed messages; what finds its bucket
/// empty is dropped. A peer whose buckets are full again is forgotten.
struct PeerMeter {
    private struct Bucket {
        let rate: Rate
        var level: Double

        init(_ rate: Rate) {
            self.rate = rate
            level = rate.burst
        }

        var isFull: Bool { level >= rate.burst }

        mutating func fill(_ seconds: Double) { level = min(rate.burst, level + seconds * rate.perSecond) }

        mutating func take(_ amount: Double) -> Bool {
            guard level >= amount else { return false }
            level -= amount
            return true
        }
    }

    struct Rate: Hashable, Sendable {
        var perSecond: Double
        var burst: Double
    }

    private struct Peer {
        var messages: Bucket
        var bytes: Bucket
        var malformed: Bucket
        var lastSeen: ContinuousClock.Instant

        mutating func fill(until now: ContinuousClock.Instant) {
            let seconds = (now - lastSeen) / .seconds(1)
            messages.fill(seconds)
            bytes.fill(seconds)
            malformed.fill(seconds)
            lastSeen = now
        }
    }

    private let limits: MessageSocket.Limits
    private var peers: [PeerID: Peer] = [:]
    private var lastForgetting: ContinuousClock.Instant?

    /// Between two looks through all peers, in which those that were quiet are forgotten.
    private static let forgettingInterval = Duration.seconds(1)

    init(_ limits: MessageSocket.Limits) {
        self.limits = limits
    }

    /// Peers of which something is known.
    var count: Int { peers.count }

    /// Whether a message is to be listened to.
    mutating func admits(_ peer: PeerID, bytes: Int, at now: ContinuousClock.Instant) -> Bool {
        forgetQuietPeers(at: now)
        guard peers[peer] != nil || peers.count < limits.peersMax else { return false }
        return withPeer(peer, at: now) { $0.messages.take(1) && $0.bytes.take(Double(bytes)) }
    }

    /// Whether one more malformed message of this peer is to be spoken of.
    mutating func admitsMalformed(_ peer: PeerID, at now: ContinuousClock.Instant) -> Bool {
        guard peers[peer] != nil else { return false }
        return withPeer(peer, at: now) { $0.malformed.take(1) }
    }

    private mutating func withPeer(
        _ id: PeerID, at now: ContinuousClock.Instant, _ body: (inout Peer) -> Bool
    ) -> Bool {
        var peer =
            peers[id]
            ?? Peer(
                messages: Bucket(limits.messageRate), bytes: Bucket(limits.byteRate),
                malformed: Bucket(limits.malformedRate), lastSeen: now)
        peer.fill(until: now)
        defer { peers[id] = peer }
        return body(&peer)
    }

    private mutating func forgetQuietPeers(at now: ContinuousClock.Instant) {
        guard lastForgetting.map({ now - $0 >= Self.forgettingInterval }) ?? true else { return }
        lastForgetting = now
        peers = peers.filter { _, peer in
            var peer = peer
            peer.fill(until: now)
            return !peer.messages.isFull || !peer.bytes.isFull || !peer.malformed.isFull
        }
    }
}
