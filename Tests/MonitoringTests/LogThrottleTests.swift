import Logging
import Monitoring
import Synchronization
import Testing

/// What floods the coordinator does not flood its log.
struct LogThrottleTests {
    private let lines = Lines()
    private let clock = Clock()

    private var logger: Logger {
        Logger(label: "test") { [lines, clock] _ in LogThrottle(lines, clock: { clock.now }) }
    }

    @Test func aFloodOfOneMessageIsCutOffAndCounted() {
        let logger = logger
        for number in 0..<1000 { logger.warning("dropped", metadata: ["number": "\(number)"]) }
        #expect(lines.all == (0..<100).map { "dropped number=\($0)" })
        logger.warning("another")
        #expect(lines.all.last == "another ")
        clock.advance(.seconds(1))
        for _ in 0..<10 { logger.warning("dropped") }
        #expect(lines.all.suffix(5) == ["dropped suppressed=900"] + Array(repeating: "dropped ", count: 4))
    }

    @Test func aCopyOfTheLoggerCountsWithIt() {
        var copy = logger
        copy[metadataKey: "copy"] = "1"
        let logger = copy
        for _ in 0..<80 { logger.info("joined") }
        for _ in 0..<80 { copy.info("joined") }
        #expect(lines.all.count == 100)
    }
}

private final class Lines: LogHandler {
    private let lines = Mutex<[String]>([])
    var logLevel: Logger.Level {
        get { .info }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    var all: [String] { lines.withLock { $0 } }

    func log(event: LogEvent) {
        let values = (event.metadata ?? [:]).map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
        lines.withLock { $0.append("\(event.message) \(values)") }
    }
}

private final class Clock: Sendable {
    private let time = Mutex(ContinuousClock.now)
    var now: ContinuousClock.Instant { time.withLock { $0 } }
    func advance(_ duration: Duration) { time.withLock { $0 += duration } }
}
