internal import Foundation
package import Testing

/// How long a test waits for what should happen: ten minutes in which the machine has processors to spare.
///
/// Where processes wait for a processor, what a test waits for may be among them, be it ever so late. So only the time
/// counts in which none waits, as Linux measures it (PSI, https://docs.kernel.org/accounting/psi.html); where it does not,
/// all time counts. On a machine that is busy for ever, `hangLimit` ends what never comes.
package struct Patience: Sendable {
    private static let pause = Duration.milliseconds(20)

    /// After so long it is said who waits, so that a run that seems to hang says where.
    private static let remarkable = Duration.seconds(300)

    private let place: SourceLocation
    private let start = Moment()
    private var left: Duration
    var last: Moment
    private var isRemarked = false

    /// - Parameter place: where the test waits.
    package init(_ limit: Duration = .seconds(600), at place: SourceLocation = #_sourceLocation) {
        self.place = place
        left = limit
        last = start
    }

    /// Sleeps for a moment.
    ///
    /// - Returns: false once patience has ended.
    /// - Throws: `CancellationError`.
    package mutating func pause() async throws -> Bool {
        try await Task.sleep(for: Self.pause)
        return goesOn()
    }

    /// The same on a thread of the test's own: its turn comes, however many tasks wait.
    package mutating func pauseThread() -> Bool {
        Thread.sleep(forTimeInterval: Self.pause / .seconds(1))
        return goesOn()
    }

    private mutating func goesOn() -> Bool {
        let now = Moment()
        if let remark = remark(at: now) { print(remark) }
        return lasts(until: now)
    }

    /// Waits for its end.
    package static func end(at place: SourceLocation = #_sourceLocation) async throws {
        var patience = Patience(at: place)
        while try await patience.pause() {}
    }

    mutating func lasts(until now: Moment) -> Bool {
        // A reading that failed says nothing of the time since the last one; the next one tells.
        if last.pressure != nil, now.pressure == nil { return left > .zero }
        let passed = now.time - last.time
        var waited = Duration.zero
        if let before = last.pressure, let pressure = now.pressure {
            waited = min(max(.zero, pressure - before), passed)
        }
        left -= passed - waited
        last = now
        return left > .zero
    }

    /// That it takes long, once.
    mutating func remark(at now: Moment) -> String? {
        let passed = now.time - start.time
        guard !isRemarked, passed > Self.remarkable else { return nil }
        isRemarked = true
        return "\(place.fileID):\(place.line) has waited for \(passed.components.seconds) s"
    }

    struct Moment: Sendable {
        var time = SuspendingClock.now
        /// For how long some process of this machine has waited for a processor, since it was started; nil where that
        /// cannot be read.
        var pressure = Moment.pressure()

        private static func pressure() -> Duration? {
            // some avg10=… avg60=… avg300=… total=…, in microseconds
            guard let text = try? String(contentsOfFile: "/proc/pressure/cpu", encoding: .utf8),
                let total = text.prefix(while: { $0 != "\n" }).split(separator: "=").last.flatMap({ Int64($0) })
            else { return nil }
            return .microseconds(total)
        }
    }
}

/// Waits until the condition holds; false where patience ends before.
package func eventually(
    at place: SourceLocation = #_sourceLocation, _ condition: () throws -> Bool
) async throws -> Bool {
    var patience = Patience(at: place)
    while try !condition() {
        guard try await patience.pause() else { return false }
    }
    return true
}

extension Trait where Self == TimeLimitTrait {
    /// For tests that wait for something: no test takes so long, however busy the machine is, but one that hangs.
    package static var hangLimit: Self { .timeLimit(.minutes(180)) }
}
