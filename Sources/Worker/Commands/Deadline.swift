internal import ArgumentParser
internal import Foundation

/// When a worker must be gone, for example because a batch system ends it then.
struct Deadline: Hashable, Sendable {
    let date: Date

    /// - Parameters:
    ///   - text: seconds from now, `@` and seconds of Unix time, or an ISO 8601 time, of this machine's time zone where
    ///     it names none.
    ///   - now: what seconds are counted from.
    init?(_ text: String, now: Date) {
        if text.hasPrefix("@") {
            guard let seconds = Self.seconds(text.dropFirst()) else { return nil }
            date = Date(timeIntervalSince1970: seconds)
        } else if let seconds = Self.seconds(text[...]) {
            date = now + seconds
        } else {
            let local = Date.ISO8601FormatStyle(timeZone: .current).year().month().day()
                .dateTimeSeparator(.standard).time(includingFractionalSeconds: false)
            guard let date = (try? Date(text, strategy: .iso8601)) ?? (try? Date(text, strategy: local)) else {
                return nil
            }
            self.date = date
        }
    }

    private static func seconds(_ text: Substring) -> Double? {
        guard text.wholeMatch(of: #/[0-9]{1,12}(\.[0-9]+)?/#) != nil else { return nil }
        return Double(text)
    }

    /// The last messages need some time too.
    private static let farewell = Duration.seconds(5)

    /// When to take no more units, and how long the units at hand may take then: all is over at the deadline.
    func schedule(drainLimit: Duration, at now: Date) -> (untilDrain: Duration, drainLimit: Duration) {
        let left = max(.zero, .seconds(date.timeIntervalSince(now)) - Self.farewell)
        let limit = min(drainLimit, left / 2)
        return (left - limit, limit)
    }
}

extension Deadline: ExpressibleByArgument {
    init?(argument: String) {
        self.init(argument, now: Date())
    }
}
