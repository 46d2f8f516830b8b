import Foundation
import Synchronization

/// The network between the workers and their coordinator.
final class StallingRelay: Sendable {
    var port: UInt16 { relay.port }
    private let relay: Relay
    private let conditions: Conditions

    init(to target: UInt16) throws {
        let conditions = Conditions()
        self.conditions = conditions
        relay = try Relay(to: target) { _, _ in conditions.wait() }
    }

    func cut() { relay.cut() }

    /// From now on nothing gets through for so long; connections stay.
    func stall(for time: Duration) { conditions.stall(until: .now + time) }

    /// Every piece of a stream waits so long, until the limit.
    func delay(_ delay: Duration, for time: Duration) { conditions.delay(delay, until: .now + time) }

    private final class Conditions: Sendable {
        private struct State {
            var stalledUntil = ContinuousClock.now
            var delay = Duration.zero
            var delayedUntil = ContinuousClock.now
        }

        private let state = Mutex(State())

        func stall(until end: ContinuousClock.Instant) {
            state.withLock { $0.stalledUntil = max($0.stalledUntil, end) }
        }

        func delay(_ delay: Duration, until end: ContinuousClock.Instant) {
            state.withLock {
                $0.delay = delay
                $0.delayedUntil = end
            }
        }

        /// Blocks the thread that asks, for as long as bytes wait at this moment.
        func wait() {
            let now = ContinuousClock.now
            let time = state.withLock {
                max($0.stalledUntil - now, $0.delayedUntil > now ? $0.delay : .zero)
            }
            if time > .zero { Thread.sleep(forTimeInterval: time / .seconds(1)) }
        }
    }
}
