/// By how much one thing is right more often than another on the same rows, with a 95 % interval that knows that rows of a
/// group are not independent: Student's, on as many groups less one.
package struct PairedGain: Hashable, Sendable, Codable {
    /// The mean of the rows' gains, -1 to 1; above 0 where the first is better.
    package let value: Double
    package let low: Double
    package let high: Double

    /// How likely a gain at least so far from 0 is, on either side, where there is none.
    package let p: Double

    /// - Parameters:
    ///   - gains: of each row, how much more often the one is right than the other, -1 to 1.
    ///   - groups: of each row.
    /// - Returns: nil for fewer than two groups.
    package init?(_ gains: [Double], groups: [Int]) {
        precondition(gains.count == groups.count, "not a group for each row")
        precondition(gains.allSatisfy { (-1...1).contains($0) }, "a gain of a row that is none")
        let index = GroupIndex(groups)
        guard index.count > 1 else { return nil }
        let count = Double(gains.count)
        let mean = gains.reduce(0, +) / count
        let error = index.varianceOfSum(gains.map { $0 - mean }).squareRoot() / count
        let half = studentQuantile(degreesOfFreedom: index.count - 1) * error
        (value, low, high) = (mean, max(mean - half, -1), min(mean + half, 1))
        p =
            error > 0 ? studentTails(mean / error, degreesOfFreedom: index.count - 1) : mean == 0 ? 1 : 0
    }
}
