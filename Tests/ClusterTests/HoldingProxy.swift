import Foundation
import Synchronization

/// A TCP connection between a worker and its coordinator that stops, on the way to the worker, after so many bytes, until
/// it is released: so a test has time to do something in the middle of a download.
final class HoldingProxy: Sendable {
    let port: UInt16
    private let listener: Int32
    private let target: UInt16
    private let state: Mutex<(bytesLeft: Int, connections: [Int32])>
    private let released = DispatchSemaphore(value: 0)

    init(to target: UInt16, holdingAfter bytes: Int) throws {
        self.target = target
        state = Mutex((bytes, []))
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
                guard client >= 0, let self else { return }
                self.connect(client)
            }
        }.start()
    }

    deinit {
        release()
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        for connection in state.withLock({ $0.connections }) { shutdown(connection, Int32(SHUT_RDWR)) }
    }

    /// From now on everything goes through.
    func release() {
        state.withLock { $0.bytesLeft = .max }
        released.signal()
    }

    private func connect(_ client: Int32) {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = Self.loopback(port: target)
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        guard Self.withAddress(&address, { Foundation.connect(server, $0, length) == 0 }) else {
            // The worker tries again.
            close(client)
            close(server)
            return
        }
        state.withLock { $0.connections += [client, server] }
        Thread { Self.copy(from: client, to: server) { _ in } }.start()
        Thread { [weak self] in Self.copy(from: server, to: client) { self?.spend($0) } }.start()
    }

    /// Blocks once the bytes are used up.
    private func spend(_ count: Int) {
        let isHeld = state.withLock { state in
            if state.bytesLeft != .max { state.bytesLeft -= count }
            return state.bytesLeft < 0
        }
        guard isHeld else { return }
        released.wait()
        // For the next connection that waits.
        released.signal()
    }

    private static func copy(from source: Int32, to sink: Int32, before: (Int) -> Void) {
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
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(sink, Int32(SHUT_RDWR))
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
