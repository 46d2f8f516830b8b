/// How far probabilities are from how often they come true (expected calibration error: Naeini, Cooper and Hauskrecht,
/// AAAI 2015), with the curve that it sums up.
package struct CalibrationError: Hashable, Sendable, Codable {
    /// Rows whose probabilities are about the same.
    package struct Bin: Hashable, Sendable, Codable {
        /// How many, 1 and more.
        package let rows: Int

        /// The mean probability that the margin's sign is right, one half to 1.
        package let confidence: Double

        /// How often it is; of votes, the share of them for what it says.
        package let accuracy: Double
    }

    /// `Σ rows/n · |confidence - accuracy|`, 0 to one half and more.
    package let value: Double

    /// The curve, by ascending confidence; no bin is empty.
    package let bins: [Bin]

    /// - Parameters:
    ///   - logOdds: of each row, that the label's order is right, by a calibration that did not see the row. Its sign
    ///     is what the margin says; of 0, half.
    ///   - shares: of votes for the label's order, 0 to 1, of each row; nil: all agree with it.
    ///   - binCount: of equal width between one half and 1.
    /// - Precondition: no log-odds are NaN.
    /// - Returns: nil without rows.
    package init?(logOdds: [Double], shares: [Double]? = nil, binCount: Int = 10) {
        precondition(binCount > 0 && !logOdds.contains(where: \.isNaN))
        precondition(shares.map { $0.count == logOdds.count } ?? true, "not a share for each row")
        guard !logOdds.isEmpty else { return nil }
        var tallies = Array(repeating: (rows: 0, confidence: 0.0, right: 0.0), count: binCount)
        for (row, value) in logOdds.enumerated() {
            let share = shares?[row] ?? 1
            let confidence = sigmoid(abs(value))
            let bin = min(Int((confidence - 0.5) * 2 * Double(binCount)), binCount - 1)
            tallies[bin].rows += 1
            tallies[bin].confidence += confidence
            tallies[bin].right += value > 0 ? share : value < 0 ? 1 - share : 0.5
        }
        bins = tallies.filter { $0.rows > 0 }.map { rows, confidence, right in
            Bin(rows: rows, confidence: confidence / Double(rows), accuracy: right / Double(rows))
        }
        value = bins.reduce(0) { $0 + Double($1.rows) * abs($1.confidence - $1.accuracy) } / Double(logOdds.count)
    }
}
