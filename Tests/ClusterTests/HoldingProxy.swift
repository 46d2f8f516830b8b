import Foundation
import Synchronization

/// A TCP connection between a worker and its coordinator that stops, on the way to the worker, after so many bytes, until
/// it is released: so a test has time to do something in the middle of a download.
final class HoldingProxy: Sendable {
    var port: UInt16 { relay.port }
    private let relay: Relay
    private let gate: Gate

    init(to target: UInt16, holdingAfter bytes: Int) throws {
        let gate = Gate(bytes: bytes)
        self.gate = gate
        relay = try Relay(to: target) { direction, count in
            if direction == .fromTarget { gate.spend(count) }
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
