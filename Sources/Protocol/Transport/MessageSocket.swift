internal import Foundation
package import Protocol
internal import Synchronization

/// What a socket has to tell its owner.
package enum Inbound: Sendable {
    case message(Message, from: PeerID)

    /// The peer speaks another version of the protocol.
    case otherVersion(ProtocolVersionMismatch, from: PeerID)

    /// Dropped: no message of this protocol, or one that is not understood here.
    case malformed(MalformedMessage, from: PeerID)

    /// The peer is gone or takes nothing any more; what was to be sent to it is dropped.
    case unreachable(PeerID)

    /// The peer's key is not allowed any more; nothing that it sends is listened to.
    case revoked(PeerID)

    /// What a router did not let in or dropped; now and then.
    case turnedAway(TurnedAway)

    /// A dealer's connection was not made. It goes on trying.
    case handshakeFailed(HandshakeFailure)

    /// The socket's thread has ended because libzmq failed.
    case broken(ZeroMQError)

    /// What it takes in memory, roughly.
    package var byteCount: Int {
        switch self {
        case .message(.worker(.result(let result)), _):
            256 + result.output.values.bytes.count + 8 * result.rows.count
                + (result.kept.map { $0.vectors.bytes.count + $0.exponents.count } ?? 0)
        case .message(.worker(.hello(let hello)), _): 512 + 16 * hello.held.count
        case .message(.worker(.heartbeat(let heartbeat)), _): 256 + 24 * heartbeat.held.count
        default: 256
        }
    }
}

/// A process's one connection to its cluster, and the one thread that owns its sockets.
///
/// The thread waits in `zmq_poll` for messages and for what other threads post to its outbox; those wake it through an
/// inproc pair. No other thread touches its sockets.
package final class MessageSocket: Sendable {
    package enum Role: Sendable {
        /// Binds this address and talks with many; where there is an `access`, only with those whose keys it allows, and
        /// encrypted.
        case router(listen: String, access: AccessControl? = nil)

        /// Connects to this address, and again whenever the connection breaks or is refused; with keys, encrypted, and
        /// only with the coordinator that has the secret key.
        case dealer(connect: String, keys: ClientKeys? = nil)
    }

    /// What a socket takes of its peers. Rates are each peer's own, and a router's alone: a worker trusts its
    /// coordinator.
    package struct Limits: Sendable {
        /// Largest frame that is received, in bytes; a peer that sends a larger one is disconnected. The longest row that
        /// can be configured, 128 MiB of JSON, fits; what workers send is much smaller.
        package var frameBytesMax: Int64 = 256 << 20

        /// Largest header that is decoded, in bytes: it takes some fifty times as much memory.
        package var headerBytesMax = 256 << 20

        /// Messages that wait to be read from one peer before its connection is left to fill up.
        package var inboxMessagesMax: Int32 = 64

        /// Messages to one peer that libzmq holds; the others wait in the outbox.
        package var outgoingMessagesMax: Int32 = 64

        /// Messages that wait for one peer; beyond it the peer counts as unreachable.
        package var outboxMessagesMax = 10_000

        /// Time for the last messages when the socket closes.
        package var lingerMilliseconds: Int32 = 2000

        /// A connection that is not ready after this time is closed.
        package var handshakeMilliseconds: Int32 = 10_000

        /// Connections that the system keeps until they are looked at.
        package var backlog: Int32 = 1024

        /// Peers of which is known what they sent of late; while there are as many, others are not listened to.
        package var peersMax = 10_000

        /// Messages: a worker with units of a single short row sends 2000 a second.
        var messageRate = PeerMeter.Rate(perSecond: 10_000, burst: 20_000)

        /// Bytes: a worker that embeds 1000 anchors a second with a hidden size of 4096 sends 32 MB. What is dropped of
        /// a faster one, it sends again.
        var byteRate = PeerMeter.Rate(perSecond: 0x400_0000, burst: 0x1000_0000)

        /// Malformed messages that are reported one by one; an honest worker sends none.
        var malformedRate = PeerMeter.Rate(perSecond: 1, burst: 10)

        package init() {}
    }

    /// The address in use; for a router that was asked for port `*`, with the port that it got.
    package let endpoint: String
    private let outbox: Outbox
    private let ended: Flag

    /// Binds or connects, and starts the thread.
    ///
    /// - Parameters:
    ///   - hasRoom: asked on the socket's thread before it receives; while false, messages wait in the network.
    ///   - deliver: called on the socket's thread for everything that arrives; must not block.
    /// - Throws: `ZeroMQError`, for example where the port is in use.
    package init(
        _ role: Role, limits: Limits = Limits(), hasRoom: @escaping @Sendable () -> Bool = { true },
        deliver: @escaping @Sendable (Inbound) -> Void
    ) throws {
        let context = try Context()
        let signal = try Socket(.pair, in: context)
        try signal.bind("inproc://outbox")
        let outbox = Outbox(signal: signal)
        let ended = Flag()
        let started = Startup()
        let thread = Thread {
            Self.serve(started) {
                try SocketLoop(role, limits, in: context, outbox: outbox, hasRoom: hasRoom, deliver: deliver)
            }
            outbox.disconnect()
            context.terminate()
            ended.raise()
        }
        thread.name = "legend-sockets"
        thread.start()
        self.endpoint = try started.wait()
        self.outbox = outbox
        self.ended = ended
    }

    /// Runs a loop to its end; its sockets are closed on return.
    private static func serve(_ started: Startup, _ makeLoop: () throws -> SocketLoop) {
        do {
            var loop = try makeLoop()
            started.finish(.success(try loop.endpoint()))
            loop.run()
        } catch {
            started.finish(.failure(error))
        }
    }

    /// Sends when the peer can take it; never blocks. A message to a peer that is gone is dropped, and `.unreachable`
    /// delivered.
    ///
    /// - Parameter isDroppable: true for messages, such as heartbeats, that are worth nothing once they are late.
    /// - Throws: where the message cannot be serialized.
    package func send(
        _ message: Message, to peer: PeerID = .coordinator, isDroppable: Bool = false
    ) throws {
        outbox.post(.init(frames: try message.frames(), peer: peer, isDroppable: isDroppable))
    }

    /// Sends what waits, ends the thread and frees the port. Each of the two places where messages wait, the outbox
    /// and libzmq, has the linger time.
    package func close() async {
        outbox.close()
        await ended.wait()
    }
}

/// Hands the outcome of a thread's first steps to whoever started it.
private final class Startup: Sendable {
    private let result = Mutex<Result<String, any Error>?>(nil)
    private let semaphore = DispatchSemaphore(value: 0)

    func finish(_ outcome: Result<String, any Error>) {
        result.withLock { $0 = outcome }
        semaphore.signal()
    }

    func wait() throws -> String {
        semaphore.wait()
        guard let outcome = result.withLock({ $0 }) else { preconditionFailure("signalled without an outcome") }
        return try outcome.get()
    }
}

/// Raised once; tasks can wait for it.
private final class Flag: Sendable {
    private let state = Mutex<(isRaised: Bool, waiters: [CheckedContinuation<Void, Never>])>((false, []))

    func raise() {
        let waiters = state.withLock { state in
            state.isRaised = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isRaised = state.withLock { state in
                if !state.isRaised { state.waiters.append(continuation) }
                return state.isRaised
            }
            if isRaised { continuation.resume() }
        }
    }
}
