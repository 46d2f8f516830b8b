internal import Protocol
internal import Synchronization

/// What other threads want a socket's thread to do, and the means to wake it.
final class Outbox: Sendable {
    struct Outgoing {
        var frames: [[UInt8]]
        var peer: PeerID

        /// Not worth keeping while nothing can be sent.
        var isDroppable: Bool
    }

    private struct State {
        var outgoing: [Outgoing] = []
        var isClosing = false
        var hasEnded = false
    }

    private let state = Mutex(State())
    private let signal: Mutex<Socket?>

    /// - Parameter signal: the sending end of the inproc pair whose other end the socket's thread polls.
    init(signal: sending Socket) {
        self.signal = Mutex(signal)
    }

    func post(_ message: Outgoing) {
        let wasEmpty = state.withLock { state in
            guard !state.hasEnded else { return false }
            state.outgoing.append(message)
            return state.outgoing.count == 1
        }
        if wasEmpty { wake() }
    }

    func close() {
        state.withLock { $0.isClosing = true }
        wake()
    }

    func takeAll() -> (outgoing: [Outgoing], isClosing: Bool) {
        state.withLock { state in
            defer { state.outgoing = [] }
            return (state.outgoing, state.isClosing)
        }
    }

    /// Gives the inproc pair up: the socket's thread has ended. What is posted from now on is dropped.
    func disconnect() {
        state.withLock { $0 = State(isClosing: true, hasEnded: true) }
        signal.withLock { $0 = nil }
    }

    private func wake() {
        // A full pair means that the thread has signals enough to wake up.
        signal.withLock { socket in _ = try? socket?.send([[]]) }
    }
}
