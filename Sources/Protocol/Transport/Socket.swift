internal import CZeroMQ
internal import Synchronization

/// A libzmq context: the owner of its background threads. Its sockets keep it alive.
final class Context: Sendable {
    fileprivate nonisolated(unsafe) let pointer: UnsafeMutableRawPointer
    private let isTerminated = Atomic(false)

    init() throws {
        guard let pointer = zmq_ctx_new() else { throw ZeroMQError.last("make a ZeroMQ context") }
        self.pointer = pointer
    }

    deinit {
        terminate()
    }

    /// Blocks until the closed sockets' remaining messages are sent or their linger time has passed, and their ports
    /// are free.
    ///
    /// - Precondition: no socket of this context is used any more.
    func terminate() {
        guard !isTerminated.exchange(true, ordering: .acquiringAndReleasing) else { return }
        while zmq_ctx_term(pointer) != 0, zmq_errno() == EINTR {}
    }
}

/// A libzmq socket. One thread at a time may use it; handing it on goes through a lock or a thread's start.
final class Socket {
    enum Kind {
        case router
        case dealer
        case pair
        case reply

        fileprivate var code: Int32 {
            switch self {
            case .router: ZMQ_ROUTER
            case .dealer: ZMQ_DEALER
            case .pair: ZMQ_PAIR
            case .reply: ZMQ_REP
            }
        }
    }

    private let pointer: UnsafeMutableRawPointer
    private let context: Context

    init(_ kind: Kind, in context: Context) throws {
        guard let pointer = zmq_socket(context.pointer, kind.code) else { throw ZeroMQError.last("make a socket") }
        self.pointer = pointer
        self.context = context
    }

    deinit {
        zmq_close(pointer)
    }

    func set(_ option: Int32, to value: Int32, named name: String) throws {
        var value = value
        guard zmq_setsockopt(pointer, option, &value, MemoryLayout<Int32>.size) == 0 else {
            throw ZeroMQError.last("set \(name) to \(value)")
        }
    }

    func set(_ option: Int32, to value: Int64, named name: String) throws {
        var value = value
        guard zmq_setsockopt(pointer, option, &value, MemoryLayout<Int64>.size) == 0 else {
            throw ZeroMQError.last("set \(name) to \(value)")
        }
    }

    func set(_ option: Int32, to value: String, named name: String) throws {
        guard zmq_setsockopt(pointer, option, value, value.utf8.count) == 0 else {
            // The value may be a secret.
            throw ZeroMQError.last("set \(name)")
        }
    }

    func bind(_ endpoint: String) throws {
        guard Self.hasPossiblePort(endpoint) else { throw ZeroMQError(operation: "bind \(endpoint)", code: EINVAL) }
        guard zmq_bind(pointer, endpoint) == 0 else { throw ZeroMQError.last("bind \(endpoint)") }
    }

    func connect(_ endpoint: String) throws {
        guard Self.hasPossiblePort(endpoint) else {
            throw ZeroMQError(operation: "connect to \(endpoint)", code: EINVAL)
        }
        guard zmq_connect(pointer, endpoint) == 0 else { throw ZeroMQError.last("connect to \(endpoint)") }
    }

    /// Has libzmq send these events of its connections to a pair at that inproc address.
    func monitor(at endpoint: String, events: Int32) throws {
        guard zmq_socket_monitor(pointer, endpoint, events) == 0 else {
            throw ZeroMQError.last("watch a socket's connections")
        }
    }

    func stopMonitoring() {
        zmq_socket_monitor(pointer, nil, 0)
    }

    /// libzmq would take port 70000 modulo 65536.
    private static func hasPossiblePort(_ endpoint: String) -> Bool {
        guard let port = endpoint.wholeMatch(of: #/tcp://.*:([0-9]+)/#)?.1 else { return true }
        return UInt16(port) != nil
    }

    /// The address that `bind` took; where it was asked for port `*`, with the port.
    func boundEndpoint() throws -> String {
        var buffer = [CChar](repeating: 0, count: 1024)
        var count = buffer.count
        guard zmq_getsockopt(pointer, ZMQ_LAST_ENDPOINT, &buffer, &count) == 0 else {
            throw ZeroMQError.last("read the bound address")
        }
        let endpoint = String(decoding: buffer.prefix(max(count - 1, 0)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        // With ZMQ_IPV6 on, libzmq writes 127.0.0.1 as [::ffff:127.0.0.1].
        return endpoint.replacing(#/\[::ffff:([0-9.]+)\]/#) { $0.1 }
    }

    enum SendOutcome {
        case sent
        case wouldBlock
        case unreachable
    }

    /// Sends all frames as one message, or none of them; never blocks.
    func send(_ frames: [[UInt8]]) throws -> SendOutcome {
        for (index, frame) in frames.enumerated() {
            let flags = ZMQ_DONTWAIT | (index < frames.count - 1 ? ZMQ_SNDMORE : 0)
            while zmq_send(pointer, frame, frame.count, flags) < 0 {
                let error = ZeroMQError.last("send a message")
                switch error.code {
                case EINTR: continue
                // Also amid a message, where a dealer's connection broke: the frames before are taken back.
                case EAGAIN: return .wouldBlock
                case EHOSTUNREACH: return .unreachable
                default: throw error
                }
            }
        }
        return .sent
    }

    /// The next message's frames, or nil where none is waiting. Of a message with more frames than `maximumFrames`
    /// the rest is read and thrown away, and one empty frame beyond the maximum marks it as too long.
    func receive(maximumFrames: Int) throws -> [[UInt8]]? {
        try receiveWithUser(maximumFrames: maximumFrames)?.frames
    }

    /// The same, with what ZAP's answer called the sender; nil where it was not asked.
    func receiveWithUser(maximumFrames: Int) throws -> (frames: [[UInt8]], user: String?)? {
        var frames: [[UInt8]] = []
        var user: String?
        while true {
            var part = zmq_msg_t()
            zmq_msg_init(&part)
            defer { zmq_msg_close(&part) }
            guard zmq_msg_recv(&part, pointer, ZMQ_DONTWAIT) >= 0 else {
                let error = ZeroMQError.last("receive a message")
                switch error.code {
                case EINTR: continue
                case EAGAIN where frames.isEmpty: return nil
                default: throw error
                }
            }
            user = user ?? zmq_msg_gets(&part, "User-Id").map { String(cString: $0) }
            if frames.count < maximumFrames {
                frames.append([UInt8](UnsafeRawBufferPointer(start: zmq_msg_data(&part), count: zmq_msg_size(&part))))
            } else if frames.count == maximumFrames {
                frames.append([])
            }
            if zmq_msg_more(&part) == 0 { return (frames, user) }
        }
    }

    struct Readiness: OptionSet {
        let rawValue: Int16
        static let readable = Readiness(rawValue: Int16(ZMQ_POLLIN))
        static let writable = Readiness(rawValue: Int16(ZMQ_POLLOUT))
    }

    /// Waits until one of the sockets is ready for what is asked of it; returns for each what it is ready for.
    static func poll(
        _ wishes: [(socket: Socket, readiness: Readiness)], timeoutMilliseconds: Int
    ) throws -> [Readiness] {
        var items = wishes.map {
            zmq_pollitem_t(socket: $0.socket.pointer, fd: 0, events: $0.readiness.rawValue, revents: 0)
        }
        guard zmq_poll(&items, Int32(items.count), timeoutMilliseconds) >= 0 else {
            let error = ZeroMQError.last("wait for messages")
            if error.code == EINTR { return wishes.map { _ in [] } }
            throw error
        }
        return items.map { Readiness(rawValue: $0.revents) }
    }
}
