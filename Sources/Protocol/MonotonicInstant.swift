/// A point in time that a state machine is told; it has no meaning beyond its distance from others of its process.
package struct MonotonicInstant: Hashable, Comparable, Sendable {
    /// Time since the process's own zero.
    package var offset: Duration

    package init(offset: Duration) {
        self.offset = offset
    }

    package static let zero = MonotonicInstant(offset: .zero)

    package static func < (left: Self, right: Self) -> Bool { left.offset < right.offset }
    package static func + (instant: Self, duration: Duration) -> Self { .init(offset: instant.offset + duration) }
    package static func - (left: Self, right: Self) -> Duration { left.offset - right.offset }
}

extension Duration {
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
