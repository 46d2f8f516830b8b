internal import Foundation
package import Protocol
internal import Synchronization

/// What a socket has to tell its owner.
package enum Inbound: Sendable {
    case message(Message, from: PeerID)

    /// The peer speaks another version of the protocol.
    case otherVersion(ProtocolVersionMismatch, from: PeerID)

    /// Dropped: not a message of this protocol.
    case malformed(ProtocolError, from: PeerID)

    /// The peer is gone or takes nothing any more; what was to be sent to it is dropped.
    case unreachable(PeerID)

    /// The socket's thread has ended because libzmq failed.
    case broken(ZeroMQError)
}

/// A process's one connection to its cluster, and the one thread that owns its sockets.
///
/// The thread waits in `zmq_poll` for messages and for what other threads post to its outbox; those wake it through an
/// inproc pair. No other thread touches its sockets.
package final class MessageSocket: Sendable {
    package enum Role: Sendable {
        /// Binds this address and talks with many.
        case router(listen: String)

        /// Connects to this address, and again whenever the connection breaks.
        case dealer(connect: String)
    }

    package struct Limits: Sendable {
        /// Largest frame that is received, in bytes; a peer that sends a larger one is disconnected.
        package var frameBytesMax: Int64 = 256 << 20

        /// Messages that wait for one peer; beyond it the peer counts as unreachable.
        package var outboxMessagesMax = 10_000

        /// Time for the last messages when the socket closes.
        package var lingerMilliseconds: Int32 = 2000

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
            let loop = try makeLoop()
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
