import Foundation
import Synchronization

/// Opens connections to a port until it is stopped: some say nothing, some send ZMTP's greeting byte by byte or half of
/// it, some greet well and then send nonsense, some send nothing but nonsense.
final class Attack: Sendable {
    private let isStopped = Atomic(false)
    private let connections = Mutex(0)

    init(port: UInt16) {
        Thread { [self] in
            var open: [Int32] = []
            var number = 0
            while !isStopped.load(ordering: .relaxed) {
                usleep(2000)
                guard let descriptor = Self.connect(port) else { continue }
                number += 1
                connections.withLock { $0 = number }
                open.append(descriptor)
                if let bytes = Self.opening(number) { Self.send(bytes, to: descriptor) }
                // The slow ones say a little more now and then.
                for descriptor in open.suffix(20) { Self.send([UInt8(truncatingIfNeeded: number)], to: descriptor) }
                if open.count > 200 { close(open.removeFirst()) }
            }
            open.forEach { close($0) }
        }.start()
    }

    deinit { isStopped.store(true, ordering: .relaxed) }

    /// Returns how many connections were made.
    func stop() -> Int {
        isStopped.store(true, ordering: .relaxed)
        return connections.withLock { $0 }
    }

    private static func opening(_ number: Int) -> [UInt8]? {
        let signature: [UInt8] = [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F]
        func greeting(_ mechanism: String) -> [UInt8] {
            let name = Array(mechanism.utf8)
            return signature + [3, 0] + name + [UInt8](repeating: 0, count: 52 - name.count)
        }
        switch number % 8 {
        case 0: return nil
        case 1: return Array(signature.prefix(number % signature.count))
        case 2: return Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
        case 3: return (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* number) }
        // A long frame that is announced, and never comes.
        case 4: return greeting("NULL") + [0x02, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
        // A peer that gets as far as it can, and then sends nonsense in a frame of 5 bytes.
        case 5:
            return greeting("NULL") + [0x04, UInt8(readyCommand.count)] + readyCommand + [0x00, 0x05, 1, 2, 3, 4, 5]
        case 6: return greeting("CURVE") + [0x04, 0xC8] + [5] + Array("HELLO".utf8) + [UInt8](repeating: 7, count: 194)
        default: return greeting("PLAIN") + [0x04, 0x08] + [5] + Array("HELLO".utf8) + [0, 0]
        }
    }

    /// READY with the socket type DEALER and an empty identity.
    private static let readyCommand: [UInt8] =
        [5] + Array("READY".utf8) + [11] + Array("Socket-Type".utf8) + [0, 0, 0, 6] + Array("DEALER".utf8)
        + [8] + Array("Identity".utf8) + [0, 0, 0, 0]

    private static func connect(_ port: UInt16) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        address.sin_port = port.bigEndian
        let isConnected = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    private static func send(_ bytes: [UInt8], to descriptor: Int32) {
        _ = Foundation.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
    }
}
