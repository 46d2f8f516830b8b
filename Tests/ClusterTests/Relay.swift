import Foundation
import Synchronization

/// Forwards TCP connections of the loopback interface to another port, as a network that a test has a hand on.
final class Relay: Sendable {
    enum Direction: Sendable {
        case toTarget
        case fromTarget
    }

    let port: UInt16
    private let listener: Int32
    private let target: UInt16
    private let before: @Sendable (Direction, Int) -> Void
    private let connections = Mutex<[ObjectIdentifier: Connection]>([:])

    /// - Parameter before: called with the number of bytes before they are passed on, on the connection's own thread for
    ///   that direction, and may block it.
    init(to target: UInt16, before: @escaping @Sendable (Direction, Int) -> Void) throws {
        self.target = target
        self.before = before
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = Self.loopback(port: 0)
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        var own = sockaddr_in()
        var ownLength = length
        let listener = listener
        let isBound =
            Self.withAddress(&address) { bind(listener, $0, length) == 0 } && listen(listener, 16) == 0
            && Self.withAddress(&own) { getsockname(listener, $0, &ownLength) == 0 }
        port = UInt16(bigEndian: own.sin_port)
        guard isBound else { throw POSIXError(.init(rawValue: errno) ?? .EADDRINUSE) }
        Thread { [weak self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0, let self else { break }
                // A program that is started later must not hold the connection.
                _ = fcntl(client, F_SETFD, FD_CLOEXEC)
                self.connect(client)
            }
            close(listener)
        }.start()
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        cut()
    }

    /// Ends all connections; what is on its way is lost.
    func cut() {
        for connection in connections.withLock({ $0.values.map(\.self) }) { connection.end() }
    }

    private func connect(_ client: Int32) {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let connection = Connection(client: client, server: server)
        var address = Self.loopback(port: target)
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // Where nobody listens the connection ends, and the worker tries again.
        guard Self.withAddress(&address, { Foundation.connect(server, $0, length) == 0 }) else { return }
        connections.withLock { $0[ObjectIdentifier(connection)] = connection }
        for direction in [Direction.toTarget, .fromTarget] {
            Thread { [weak self, before] in
                connection.copy(direction) { before(direction, $0) }
                self?.connections.withLock { $0[ObjectIdentifier(connection)] = nil }
            }.start()
        }
    }

    /// Both ends of one connection, closed when nobody copies any more.
    private final class Connection: Sendable {
        private let client: Int32
        private let server: Int32

        init(client: Int32, server: Int32) {
            self.client = client
            self.server = server
        }

        deinit {
            close(client)
            close(server)
        }

        func end() {
            shutdown(client, Int32(SHUT_RDWR))
            shutdown(server, Int32(SHUT_RDWR))
        }

        /// Returns when one of the ends is closed.
        func copy(_ direction: Direction, before: (Int) -> Void) {
            let (source, sink) = direction == .toTarget ? (client, server) : (server, client)
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            reading: while true {
                let count = recv(source, &buffer, buffer.count, 0)
                guard count > 0 else { break }
                before(count)
                var sent = 0
                while sent < count {
                    let more = buffer[sent..<count].withUnsafeBytes {
                        send(sink, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                    }
                    guard more > 0 else { break reading }
                    sent += more
                }
            }
            end()
        }
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return address
    }

    private static func withAddress<Value>(
        _ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>) -> Value
    ) -> Value {
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
        }
    }
}
