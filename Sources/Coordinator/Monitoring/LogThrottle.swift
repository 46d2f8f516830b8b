internal import Foundation
package import Logging
internal import Synchronization

/// Keeps what floods the coordinator from flooding its log: of the same message, a hundred lines at once and five a
/// second come through; the next that does says how many did not.
package struct LogThrottle: LogHandler {
    private struct Kind {
        var level = Double(LogThrottle.burst)
        var lastLine: ContinuousClock.Instant
        var suppressed = 0
    }

    private final class State: Sendable {
        let kinds = Mutex<[String: Kind]>([:])
    }

    private static let burst = 100
    private static let linesPerSecond = 5.0

    private var handler: any LogHandler
    private let clock: @Sendable () -> ContinuousClock.Instant
    private let state = State()

    package init(
        _ handler: any LogHandler, clock: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        self.handler = handler
        self.clock = clock
    }

    package var logLevel: Logger.Level {
        get { handler.logLevel }
        set { handler.logLevel = newValue }
    }

    package var metadata: Logger.Metadata {
        get { handler.metadata }
        set { handler.metadata = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { handler[metadataKey: key] }
        set { handler[metadataKey: key] = newValue }
    }

    package func log(event: LogEvent) {
        guard let suppressed = admit("\(event.message)") else { return }
        var event = event
        if suppressed > 0 { event.metadata = (event.metadata ?? [:]).merging(["suppressed": "\(suppressed)"]) { $1 } }
        handler.log(event: event)
    }

    /// How many lines of this message were kept back since the last one that was not; nil where this one is, too.
    private func admit(_ message: String) -> Int? {
        let now = clock()
        return state.kinds.withLock { kinds in
            // Messages are constant, so there are few.
            var kind = kinds[message] ?? Kind(lastLine: now)
            defer { kinds[message] = kind }
            kind.level = min(
                Double(Self.burst), kind.level + (now - kind.lastLine) / .seconds(1) * Self.linesPerSecond)
            kind.lastLine = now
            guard kind.level >= 1 else {
                kind.suppressed += 1
                return nil
            }
            kind.level -= 1
            defer { kind.suppressed = 0 }
            return kind.suppressed
        }
    }
}
