internal import CZeroMQ
internal import Protocol

/// The life of a socket's thread: receive, send, wait.
struct SocketLoop {
    private var socket: Socket
    private var monitor: ConnectionMonitor
    private let signal: Socket
    private let authenticator: Authenticator?
    private let context: Context
    private let role: MessageSocket.Role
    private let limits: MessageSocket.Limits
    private let outbox: Outbox
    private let hasRoom: @Sendable () -> Bool
    private let deliver: @Sendable (Inbound) -> Void

    private var meter: PeerMeter
    private var turnedAway = TurnedAway()
    private var lastReport = ContinuousClock.now
    private var reportInterval = Self.reportIntervals.min

    /// Connections whose key is not allowed any more, as far as the owner was told.
    private var revokedPeers: Set<PeerID> = []
    private var reconnection = Reconnection()

    init(
        _ role: MessageSocket.Role, _ limits: MessageSocket.Limits, in context: Context, outbox: Outbox,
        hasRoom: @escaping @Sendable () -> Bool, deliver: @escaping @Sendable (Inbound) -> Void
    ) throws {
        self.role = role
        self.limits = limits
        self.context = context
        self.outbox = outbox
        self.hasRoom = hasRoom
        self.deliver = deliver
        meter = PeerMeter(limits)
        signal = try Socket(.pair, in: context)
        try signal.connect("inproc://outbox")
        switch role {
        case .router(let listen, let access):
            authenticator = try access.map { try Authenticator($0.allowed, in: context) }
            socket = try Self.router(limits, access, in: context)
            monitor = try ConnectionMonitor(of: socket, named: "router", in: context)
            // libzmq connects to names, but binds addresses only.
            try socket.bind(listen.replacing("tcp://localhost:", with: "tcp://127.0.0.1:", maxReplacements: 1))
        case .dealer(let endpoint, let keys):
            authenticator = nil
            (socket, monitor) = try Self.dealer(keys, limits, attempt: 0, in: context)
            try socket.connect(endpoint)
        }
    }

    func endpoint() throws -> String {
        switch role {
        case .router: try socket.boundEndpoint()
        case .dealer(let endpoint, _): endpoint
        }
    }

    /// Returns when the outbox is closed and empty, or when libzmq fails.
    mutating func run() {
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

    private mutating func exchange() throws {
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
            var wishes = [
                (socket: socket, readiness: canReceive ? Socket.Readiness.readable : []),
                (signal, .readable), (monitor.polled, .readable),
            ]
            if let authenticator { wishes.append((authenticator.polled, .readable)) }
            let readiness = try Socket.poll(
                wishes, timeoutMilliseconds: isRetrying ? Self.retryMilliseconds : quietMilliseconds())
            try authenticator?.answer { turnedAway.refused($0) }
            try heed(monitor)
            try reconnectIfDue()
            if readiness[0].contains(.readable) { try receive() }
            reportTurnedAway()
        }
    }

    /// How long nothing may happen before something is to be done; -1 for any time.
    private func quietMilliseconds() -> Int {
        turnedAway.isEmpty && reconnection.due == nil ? -1 : 100
    }

    private func send(_ frames: [[UInt8]], to peer: PeerID) throws -> Socket.SendOutcome {
        switch role {
        case .router: try socket.send([peer.bytes] + frames)
        case .dealer: try socket.send(frames)
        }
    }

    private var isRouter: Bool { if case .router = role { true } else { false } }
}

// MARK: - Making sockets

extension SocketLoop {
    private static func router(
        _ limits: MessageSocket.Limits, _ access: AccessControl?, in context: Context
    ) throws -> Socket {
        let socket = try Socket(.router, in: context)
        try configure(socket, limits)
        try socket.set(ZMQ_ROUTER_MANDATORY, to: 1 as Int32, named: "ZMQ_ROUTER_MANDATORY")
        try socket.set(ZMQ_BACKLOG, to: limits.backlog, named: "ZMQ_BACKLOG")
        try socket.set(ZMQ_RCVHWM, to: limits.inboxMessagesMax, named: "ZMQ_RCVHWM")
        guard let access else { return socket }
        try socket.set(ZMQ_CURVE_SERVER, to: 1 as Int32, named: "ZMQ_CURVE_SERVER")
        try socket.set(ZMQ_CURVE_SECRETKEY, to: access.keys.secretKey.text, named: "ZMQ_CURVE_SECRETKEY")
        try socket.set(ZMQ_ZAP_DOMAIN, to: Authenticator.domain, named: "ZMQ_ZAP_DOMAIN")
        return socket
    }

    /// A dealer that is not connected yet.
    private static func dealer(
        _ keys: ClientKeys?, _ limits: MessageSocket.Limits, attempt: Int, in context: Context
    ) throws -> (Socket, ConnectionMonitor) {
        let socket = try Socket(.dealer, in: context)
        try configure(socket, limits)
        try socket.set(ZMQ_IMMEDIATE, to: 1 as Int32, named: "ZMQ_IMMEDIATE")
        try socket.set(ZMQ_RECONNECT_IVL, to: 100 as Int32, named: "ZMQ_RECONNECT_IVL")
        try socket.set(ZMQ_RECONNECT_IVL_MAX, to: 5000 as Int32, named: "ZMQ_RECONNECT_IVL_MAX")
        if let keys {
            try socket.set(ZMQ_CURVE_SERVERKEY, to: keys.coordinator.text, named: "ZMQ_CURVE_SERVERKEY")
            try socket.set(ZMQ_CURVE_PUBLICKEY, to: keys.own.publicKey.text, named: "ZMQ_CURVE_PUBLICKEY")
            try socket.set(ZMQ_CURVE_SECRETKEY, to: keys.own.secretKey.text, named: "ZMQ_CURVE_SECRETKEY")
        }
        return (socket, try ConnectionMonitor(of: socket, named: "dealer-\(attempt)", in: context))
    }

    private static func configure(_ socket: Socket, _ limits: MessageSocket.Limits) throws {
        try socket.set(ZMQ_LINGER, to: limits.lingerMilliseconds, named: "ZMQ_LINGER")
        try socket.set(ZMQ_MAXMSGSIZE, to: limits.frameBytesMax, named: "ZMQ_MAXMSGSIZE")
        try socket.set(ZMQ_IPV6, to: 1 as Int32, named: "ZMQ_IPV6")
        try socket.set(ZMQ_HANDSHAKE_IVL, to: limits.handshakeMilliseconds, named: "ZMQ_HANDSHAKE_IVL")
        try socket.set(ZMQ_SNDHWM, to: limits.outgoingMessagesMax, named: "ZMQ_SNDHWM")
        // Find a connection whose other end vanished without a word, so that it is opened anew. libzmq's own heartbeats
        // would do so too, but libzmq 4.3.4 aborts the process where one is due on a connection that was reset while
        // its messages waited to be read: a killed worker would take a busy coordinator along.
        try socket.set(ZMQ_TCP_KEEPALIVE, to: 1 as Int32, named: "ZMQ_TCP_KEEPALIVE")
        try socket.set(ZMQ_TCP_KEEPALIVE_IDLE, to: 5 as Int32, named: "ZMQ_TCP_KEEPALIVE_IDLE")
        try socket.set(ZMQ_TCP_KEEPALIVE_INTVL, to: 5 as Int32, named: "ZMQ_TCP_KEEPALIVE_INTVL")
        try socket.set(ZMQ_TCP_KEEPALIVE_CNT, to: 3 as Int32, named: "ZMQ_TCP_KEEPALIVE_CNT")
        try socket.set(ZMQ_TCP_MAXRT, to: 20_000 as Int32, named: "ZMQ_TCP_MAXRT")
    }
}

// MARK: - Connections

extension SocketLoop {
    /// When a dealer that was not let in tries again. libzmq by itself would do so ten times a second, or, as often as
    /// not, never.
    private struct Reconnection {
        var due: ContinuousClock.Instant?
        var count = 0
        var delay = delayMin

        static let delayMin = Duration.milliseconds(500)
        static let delayMax = Duration.seconds(5)
    }

    private mutating func heed(_ monitor: ConnectionMonitor) throws {
        while let event = try monitor.next() {
            switch event {
            case .succeeded: reconnection.delay = Reconnection.delayMin
            // Of a refused key, the authenticator knows more.
            case .failed(let failure) where isRouter: turnedAway.failed(failure)
            case .failed(let failure): return try leave(because: failure)
            }
        }
    }

    /// Replaces the dealer's socket by one that is connected later.
    private mutating func leave(because failure: HandshakeFailure) throws {
        guard case .dealer(_, let keys) = role else { return }
        deliver(.handshakeFailed(failure))
        reconnection.due = .now + reconnection.delay
        reconnection.delay = min(reconnection.delay * 2, Reconnection.delayMax)
        reconnection.count += 1
        (socket, monitor) = try Self.dealer(keys, limits, attempt: reconnection.count, in: context)
    }

    private mutating func reconnectIfDue() throws {
        guard case .dealer(let endpoint, _) = role, let due = reconnection.due, .now >= due else { return }
        reconnection.due = nil
        try socket.connect(endpoint)
    }

    /// Between two reports: longer while there is something to report every time.
    private static let reportIntervals = (min: Duration.seconds(1), max: Duration.seconds(30))

    private mutating func reportTurnedAway() {
        let quiet = .now - lastReport
        guard !turnedAway.isEmpty, quiet >= reportInterval else { return }
        let isNew = quiet >= Self.reportIntervals.max * 2
        reportInterval = isNew ? Self.reportIntervals.min : min(reportInterval * 2, Self.reportIntervals.max)
        lastReport = .now
        deliver(.turnedAway(turnedAway))
        turnedAway = TurnedAway()
    }
}

// MARK: - Receiving

extension SocketLoop {
    private var framesMax: Int { isRouter ? Message.maximumFrameCountOfWorkers : Message.maximumFrameCount }

    /// Takes what has arrived and has room, but not so much that nothing is sent meanwhile.
    private mutating func receive() throws {
        let addressFrames = isRouter ? 1 : 0
        for _ in 0..<256 where hasRoom() {
            guard
                let (parts, user) = try socket.receiveWithUser(
                    maximumFrames: addressFrames + framesMax),
                parts.count > addressFrames || addressFrames == 0
            else { return }
            let peer = addressFrames == 1 ? PeerID(parts[0]) : .coordinator
            guard isAdmitted(peer, user, bytes: parts.reduce(0) { $0 + $1.count }) else { continue }
            take(Array(parts.dropFirst(addressFrames)), from: peer)
        }
    }

    private mutating func isAdmitted(_ peer: PeerID, _ user: String?, bytes: Int) -> Bool {
        guard case .router(_, let access) = role else { return true }
        // An operator who removes a key means the connections, too, that were made with it.
        if let access {
            guard user.flatMap(PublicKey.init).flatMap({ access.allowed.name(of: $0) }) != nil else {
                turnedAway.revoked += 1
                let isNew = revokedPeers.count < limits.peersMax && revokedPeers.insert(peer).inserted
                if isNew { deliver(.revoked(peer)) }
                return false
            }
            revokedPeers.remove(peer)
        }
        guard meter.admits(peer, bytes: bytes, at: .now) else {
            turnedAway.dropped(from: peer)
            return false
        }
        return true
    }

    private mutating func take(_ frames: [[UInt8]], from peer: PeerID) {
        if let header = frames.first, header.count > limits.headerBytesMax {
            return reportMalformed(
                [], ProtocolError("a header of \(header.count) bytes; at most \(limits.headerBytesMax) are expected"),
                from: peer)
        }
        do {
            deliver(.message(try Message(frames: frames, framesMax: framesMax), from: peer))
        } catch let error as ProtocolVersionMismatch {
            deliver(.otherVersion(error, from: peer))
        } catch let error as ProtocolError {
            reportMalformed(frames, error, from: peer)
        } catch {
            preconditionFailure("unexpected error of a message: \(error)")
        }
    }

    /// - Parameter frames: none, where they are too long to be looked at.
    private mutating func reportMalformed(_ frames: [[UInt8]], _ problem: ProtocolError, from peer: PeerID) {
        if isRouter, !meter.admitsMalformed(peer, at: .now) { return turnedAway.dropped(from: peer) }
        deliver(.malformed(MalformedMessage(frames, problem), from: peer))
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
