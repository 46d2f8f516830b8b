internal import CZeroMQ

/// Why a connection to a coordinator was not made, though somebody listens there.
package enum HandshakeFailure: Hashable, Sendable {
    /// The coordinator does not know the key.
    case keyRefused

    /// The two ends do not speak the same: one asks for keys, the other has none.
    case mismatch

    /// The other end hung up, or was too slow. One whose public key is not the one that is expected does that.
    case hungUp
}

/// Hears from libzmq's own threads how a socket's handshakes end.
final class ConnectionMonitor {
    enum Event: Hashable {
        case succeeded
        case failed(HandshakeFailure)
    }

    private let monitored: Socket
    private let socket: Socket

    /// - Parameter name: of its own in the context.
    init(of monitored: Socket, named name: String, in context: Context) throws {
        self.monitored = monitored
        socket = try Socket(.pair, in: context)
        // libzmq's threads wait where this is full.
        try socket.set(ZMQ_RCVHWM, to: 0 as Int32, named: "ZMQ_RCVHWM")
        try monitored.monitor(
            at: "inproc://monitor-\(name)",
            events: ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
                | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
        try socket.connect("inproc://monitor-\(name)")
    }

    deinit {
        // Before the end that listens is closed: events that nobody takes stop libzmq's threads.
        monitored.stopMonitoring()
    }

    var polled: Socket { socket }

    /// The next event; nil where none waits.
    func next() throws -> Event? {
        // Two frames: 16 bits of event and 32 of value, in the machine's byte order; and the address.
        while let frames = try socket.receive(maximumFrames: 2) {
            guard let first = frames.first, first.count >= 2 else { continue }
            switch Int32(first.withUnsafeBytes { $0.loadUnaligned(as: UInt16.self) }) {
            case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: return .succeeded
            case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: return .failed(.keyRefused)
            case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: return .failed(.mismatch)
            case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: return .failed(.hungUp)
            default: continue
            }
        }
        return nil
    }
}

extension HandshakeFailure {
    /// What happened, and what to do about it.
    ///
    /// - Parameter keys: what was connected with.
    package func advice(endpoint: String, keys: ClientKeys?) -> String {
        switch (self, keys) {
        case (.keyRefused, _):
            """
            the coordinator on \(endpoint) does not allow this key: add the line "NAME \(keys?.own.publicKey.text ?? "")" \
            to its cluster.allowed_keys
            """
        case (.mismatch, nil): "the coordinator on \(endpoint) asks for a key: give one with --key"
        case (.mismatch, _?):
            """
            the coordinator on \(endpoint) asks for no keys: leave --key out, or set cluster.secret_key and \
            cluster.allowed_keys there
            """
        case (.hungUp, nil):
            """
            what listens on \(endpoint) closes the connection: if it is a coordinator that asks for keys, give one with \
            --key
            """
        case (.hungUp, let keys?):
            """
            what listens on \(endpoint) closes the connection: is it the coordinator that the key file was made for, \
            with the public key \(keys.coordinator)?
            """
        }
    }
}
