import Foundation
import Synchronization

/// A TCP connection between a worker and its coordinator that stops, after so many bytes to the worker, both ways, until it
/// is released: so a test has time to do something in the middle of a download, and a worker that waits meanwhile asks for
/// nothing twice.
final class HoldingProxy: Sendable {
    var port: UInt16 { relay.port }
    private let relay: Relay
    private let gate: Gate

    init(to target: UInt16, holdingAfter bytes: Int) throws {
        let gate = Gate(bytes: bytes)
        self.gate = gate
        relay = try Relay(to: target) { direction, count in
            gate.spend(direction == .fromTarget ? count : 0)
        }
    }

    deinit { release() }

    /// From now on everything goes through.
    func release() { gate.open() }

    private final class Gate: Sendable {
        private let bytesLeft: Mutex<Int>
        private let opened = DispatchSemaphore(value: 0)

        init(bytes: Int) { bytesLeft = Mutex(bytes) }

        func open() {
            bytesLeft.withLock { $0 = .max }
            opened.signal()
        }

        /// Blocks once the bytes are used up.
        func spend(_ count: Int) {
            let isHeld = bytesLeft.withLock { bytesLeft in
                if bytesLeft != .max { bytesLeft -= count }
                return bytesLeft < 0
            }
            guard isHeld else { return }
            opened.wait()
            // For the next connection that waits.
            opened.signal()
        }
    }
}
