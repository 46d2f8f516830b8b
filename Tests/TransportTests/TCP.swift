import Foundation
import Synchronization

/// A plain TCP connection to a port of this machine.
final class TCPConnection: Sendable {
    let descriptor: Int32

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = TCPRelay.loopback(port)
        let connected = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard connected else { throw POSIXError(.init(rawValue: errno) ?? .ECONNREFUSED) }
    }

    deinit { close(descriptor) }

    /// False where the other end takes no more.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        Foundation.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    /// Has closing throw away what is on its way and tell the other end so (RST), as where a process is killed.
    func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// nil at the end of the connection.
    func receive() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer.prefix(count)) : nil
    }
}

/// Passes TCP connections on to another port and keeps every byte that goes through.
final class TCPRelay: Sendable {
    let port: UInt16
    private let listener: Int32
    private let recorded = Mutex<[UInt8]>([])

    init(to target: UInt16) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        self.listener = listener
        var address = Self.loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isListening else { throw POSIXError(.init(rawValue: errno) ?? .EADDRINUSE) }
        port = UInt16(bigEndian: address.sin_port)
        Thread { [weak self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { break }
                guard let self, let server = try? TCPConnection(port: target) else { close(client); continue }
                let end = TCPEnd(client)
                pass(from: end, to: server)
                pass(from: server, to: end)
            }
            // Nowhere else: its number could be another listener's by the time this thread comes to it.
            close(listener)
        }.start()
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    var bytes: [UInt8] { recorded.withLock { $0 } }

    private func pass(from source: any TCPSide, to sink: any TCPSide) {
        Thread { [weak self] in
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = recv(source.descriptor, &buffer, buffer.count, 0)
                guard count > 0 else { break }
                self?.recorded.withLock { $0 += buffer.prefix(count) }
                guard send(sink.descriptor, buffer, count, Int32(MSG_NOSIGNAL)) == count else { break }
            }
            shutdown(source.descriptor, Int32(SHUT_RDWR))
            shutdown(sink.descriptor, Int32(SHUT_RDWR))
        }.start()
    }

    static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        address.sin_port = port.bigEndian
        return address
    }
}

private protocol TCPSide: Sendable {
    var descriptor: Int32 { get }
}

extension TCPConnection: TCPSide {}

/// An accepted connection.
private final class TCPEnd: TCPSide {
    let descriptor: Int32

    init(_ descriptor: Int32) { self.descriptor = descriptor }
    deinit { close(descriptor) }
}

extension [UInt8] {
    func contains(_ text: String) -> Bool { firstRange(of: Array(text.utf8)) != nil }
}
