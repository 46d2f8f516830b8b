/// Identifies a unit of work within its job; stable over restarts, never reused.
package struct UnitID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var rawValue: UInt64

    package init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    package var description: String { "unit \(rawValue)" }
}

/// One attempt at one unit: the right of one worker to compute it.
package struct Lease: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var unit: UnitID

    /// Counts from 1 for each unit.
    package var attempt: UInt32

    package init(unit: UnitID, attempt: UInt32) {
        self.unit = unit
        self.attempt = attempt
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.unit, left.attempt) < (right.unit, right.attempt)
    }
    package var description: String { "\(unit), attempt \(attempt)" }
}
