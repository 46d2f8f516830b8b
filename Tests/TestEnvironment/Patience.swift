internal import Foundation
package import Testing

/// How long a test waits for what should happen: ten minutes in which the machine has processors to spare.
///
/// Where processes wait for a processor, what a test waits for may be among them, be it ever so late. So only the time
/// counts in which none waits, as Linux measures it (PSI, https://docs.kernel.org/accounting/psi.html); where it does not,
/// all time counts. On a machine that is busy for ever, `hangLimit` ends what never comes.
package struct Patience: Sendable {
    private static let pause = Duration.milliseconds(20)

    private var left: Duration
    private var last = Moment()

    package init(_ limit: Duration = .seconds(600)) { left = limit }

    /// Sleeps for a moment.
    ///
    /// - Returns: false once patience has ended.
    /// - Throws: `CancellationError`.
    package mutating func pause() async throws -> Bool {
        try await Task.sleep(for: Self.pause)
        return lasts(until: Moment())
    }

    /// The same on a thread of the test's own: its turn comes, however many tasks wait.
    package mutating func pauseThread() -> Bool {
        Thread.sleep(forTimeInterval: Self.pause / .seconds(1))
        return lasts(until: Moment())
    }

    /// Waits for its end.
    package static func end() async throws {
        var patience = Patience()
        while try await patience.pause() {}
    }

    mutating func lasts(until now: Moment) -> Bool {
        left -= max(.zero, (now.time - last.time) - (now.pressure - last.pressure))
        last = now
        return left > .zero
    }

    struct Moment: Sendable {
        var time = SuspendingClock.now
        /// For how long some process of this machine has waited for a processor, since it was started.
        var pressure = Moment.pressure()

        private static func pressure() -> Duration {
            // some avg10=… avg60=… avg300=… total=…, in microseconds
            guard let text = try? String(contentsOfFile: "/proc/pressure/cpu", encoding: .utf8),
                let total = text.prefix(while: { $0 != "\n" }).split(separator: "=").last.flatMap({ Int64($0) })
            else { return .zero }
            return .microseconds(total)
        }
    }
}

/// Waits until the condition holds; false where patience ends before.
package func eventually(_ condition: () throws -> Bool) async throws -> Bool {
    var patience = Patience()
    while try !condition() {
        guard try await patience.pause() else { return false }
    }
    return true
}

extension Trait where Self == TimeLimitTrait {
    /// For tests that wait for something: no test takes so long, however busy the machine is, but one that hangs.
    package static var hangLimit: Self { .timeLimit(.minutes(180)) }
}
