package import Protocol

// Units and results in few words.

extension Lease {
    package init(_ unit: UInt64, _ attempt: UInt32 = 1) { self.init(unit: UnitID(unit), attempt: attempt) }
}

extension UnitSummary {
    /// A unit of one row with two responses, and 100 tokens: its stall limit in these tests is 65 s.
    package static func test(_ id: UInt64, rows: Int = 1, texts: Int? = nil, failures: Int = 0) -> Self {
        .init(id: UnitID(id), rows: rows, texts: texts ?? 2 * rows, tokens: 100, failures: failures)
    }

    package static func tests(_ ids: ClosedRange<UInt64>) -> [Self] { ids.map { .test($0) } }
}

extension UnitResult {
    /// Of the scorer in these tests.
    package static let digest = Scorer(Readout(2, .lastToken), direction: [1, 0]).digest

    package static func anchors(_ lease: Lease, rows: Int = 1, value: Float = 1) -> Self {
        .init(
            lease: lease, rows: Array(0..<UInt64(rows)), responseCounts: Array(repeating: 2, count: rows),
            output: .states(Tensor(Array(repeating: value, count: rows * 4), shape: [rows * 2, 1, 2])))
    }

    package static func rows(_ lease: Lease, rows: Int = 1, value: Double = 1, digest: String = Self.digest) -> Self {
        .init(
            lease: lease, rows: Array(0..<UInt64(rows)), responseCounts: Array(repeating: 2, count: rows),
            output: .scores(Tensor(Array(repeating: value, count: rows * 2), shape: [rows * 2, 1]), scorer: digest))
    }
}
