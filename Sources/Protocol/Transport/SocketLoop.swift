internal import CZeroMQ
internal import Protocol

/// The life of a socket's thread: receive, send, wait.
struct SocketLoop {
    private let socket: Socket
    private let signal: Socket
    private let role: MessageSocket.Role
    private let limits: MessageSocket.Limits
    private let outbox: Outbox
    private let hasRoom: @Sendable () -> Bool
    private let deliver: @Sendable (Inbound) -> Void

    init(
        _ role: MessageSocket.Role, _ limits: MessageSocket.Limits, in context: Context, outbox: Outbox,
        hasRoom: @escaping @Sendable () -> Bool, deliver: @escaping @Sendable (Inbound) -> Void
    ) throws {
        self.role = role
        self.limits = limits
        self.outbox = outbox
        self.hasRoom = hasRoom
        self.deliver = deliver
        signal = try Socket(.pair, in: context)
        try signal.connect("inproc://outbox")
        switch role {
        case .router(let listen):
            socket = try Socket(.router, in: context)
            try Self.configure(socket, limits)
            try socket.set(ZMQ_ROUTER_MANDATORY, to: 1 as Int32, named: "ZMQ_ROUTER_MANDATORY")
            // libzmq connects to names, but binds addresses only.
            try socket.bind(listen.replacing("tcp://localhost:", with: "tcp://127.0.0.1:", maxReplacements: 1))
        case .dealer(let endpoint):
            socket = try Socket(.dealer, in: context)
            try Self.configure(socket, limits)
            try socket.set(ZMQ_IMMEDIATE, to: 1 as Int32, named: "ZMQ_IMMEDIATE")
            try socket.set(ZMQ_RECONNECT_IVL, to: 100 as Int32, named: "ZMQ_RECONNECT_IVL")
            try socket.set(ZMQ_RECONNECT_IVL_MAX, to: 5000 as Int32, named: "ZMQ_RECONNECT_IVL_MAX")
            try socket.connect(endpoint)
        }
    }

    private static func configure(_ socket: Socket, _ limits: MessageSocket.Limits) throws {
        try socket.set(ZMQ_LINGER, to: limits.lingerMilliseconds, named: "ZMQ_LINGER")
        try socket.set(ZMQ_MAXMSGSIZE, to: limits.frameBytesMax, named: "ZMQ_MAXMSGSIZE")
        try socket.set(ZMQ_IPV6, to: 1 as Int32, named: "ZMQ_IPV6")
        // Finds a connection whose other end vanished without a word, so that it is opened anew.
        try socket.set(ZMQ_HEARTBEAT_IVL, to: 5000 as Int32, named: "ZMQ_HEARTBEAT_IVL")
        try socket.set(ZMQ_HEARTBEAT_TIMEOUT, to: 20_000 as Int32, named: "ZMQ_HEARTBEAT_TIMEOUT")
    }

    func endpoint() throws -> String {
        switch role {
        case .router: try socket.boundEndpoint()
        case .dealer(let endpoint): endpoint
        }
    }

    /// Returns when the outbox is closed and empty, or when libzmq fails.
    func run() {
        do {
            try exchange()
        } catch let error as ZeroMQError {
            deliver(.broken(error))
        } catch {
            preconditionFailure("unexpected error on the socket thread: \(error)")
        }
    }

    /// How long messages that nobody takes wait before they are tried again, in milliseconds.
    private static let retryMilliseconds = 10

    private func exchange() throws {
        var waiting = WaitingMessages(limit: limits.outboxMessagesMax)
        var closingDeadline: ContinuousClock.Instant?
        while true {
            while try signal.receive(maximumFrames: 1) != nil {}
            let (outgoing, isClosing) = outbox.takeAll()
            for message in outgoing where !waiting.append(message) { deliver(.unreachable(message.peer)) }
            for peer in try waiting.flush(send) { deliver(.unreachable(peer)) }
            if isClosing {
                let deadline = closingDeadline ?? .now + .milliseconds(Int(limits.lingerMilliseconds))
                if waiting.isEmpty || .now >= deadline { return }
                closingDeadline = deadline
            }
            let canReceive = hasRoom()
            let isRetrying = !waiting.isEmpty || !canReceive
            let (readiness, _) = try Socket.poll(
                socket, for: canReceive ? .readable : [], signal, for: .readable,
                timeoutMilliseconds: isRetrying ? Self.retryMilliseconds : -1)
            if readiness.contains(.readable) { try receive() }
        }
    }

    private func send(_ frames: [[UInt8]], to peer: PeerID) throws -> Socket.SendOutcome {
        switch role {
        case .router: try socket.send([peer.bytes] + frames)
        case .dealer: try socket.send(frames)
        }
    }

    /// Takes what has arrived and has room, but not so much that nothing is sent meanwhile.
    private func receive() throws {
        let addressFrames = if case .router = role { 1 } else { 0 }
        for _ in 0..<256 where hasRoom() {
            guard
                let parts = try socket.receive(maximumFrames: addressFrames + Message.maximumFrameCount),
                parts.count > addressFrames || addressFrames == 0
            else { return }
            let peer = addressFrames == 1 ? PeerID(parts[0]) : .coordinator
            do {
                deliver(.message(try Message(frames: Array(parts.dropFirst(addressFrames))), from: peer))
            } catch let error as ProtocolVersionMismatch {
                deliver(.otherVersion(error, from: peer))
            } catch let error as ProtocolError {
                deliver(.malformed(error, from: peer))
            }
        }
    }
}

/// Messages that were posted and not yet taken by libzmq, in order for each peer.
struct WaitingMessages {
    private var queues: [PeerID: [Outbox.Outgoing]] = [:]
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    var isEmpty: Bool { queues.isEmpty }

    /// False where the peer's queue is full: the queue is dropped with the message, unless that alone can be dropped.
    mutating func append(_ message: Outbox.Outgoing) -> Bool {
        let waiting = queues[message.peer]?.count ?? 0
        guard waiting < limit else {
            if message.isDroppable { return true }
            queues[message.peer] = nil
            return false
        }
        queues[message.peer, default: []].append(message)
        return true
    }

    /// Sends what can be sent; the peers that are gone, whose messages are dropped, are returned.
    mutating func flush(
        _ send: (_ frames: [[UInt8]], _ peer: PeerID) throws -> Socket.SendOutcome
    ) throws -> [PeerID] {
        var unreachable: [PeerID] = []
        for (peer, messages) in queues {
            var sent = 0
            var isGone = false
            sending: for message in messages {
                switch try send(message.frames, peer) {
                case .sent: sent += 1
                case .wouldBlock where message.isDroppable: sent += 1
                case .wouldBlock: break sending
                case .unreachable:
                    isGone = true
                    break sending
                }
            }
            if isGone { unreachable.append(peer) }
            // What can be dropped does not wait behind what cannot be sent.
            let rest = isGone ? [] : messages.dropFirst(sent).filter { !$0.isDroppable }
            queues[peer] = rest.isEmpty ? nil : rest
        }
        return unreachable.sorted()
    }
}
