/// From raw margins to the log-odds that the label's order is right: `slope · raw` (Platt, Advances in Large Margin
/// Classifiers, 1999).
///
/// Which response stands first says nothing, so a margin and its negative have opposite log-odds: there is no
/// intercept. The slope is never negative: margins that contradict the labels are worth nothing, and not their
/// opposite.
package struct PlattCalibration: Hashable, Sendable, Codable {
    /// In log-odds per unit of the raw margin; ≥ 0.
    package let slope: Double

    /// nil for what is no slope.
    package init?(slope: Double) {
        guard slope >= 0, slope.isFinite else { return nil }
        self.slope = slope
    }

    /// - Throws: `DecodingError` for what is no slope.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        guard let valid = PlattCalibration(slope: try values.decode(Double.self, forKey: .slope)) else {
            throw DecodingError.invalid("a slope that is not negative", decoder)
        }
        self = valid
    }

    /// Fits the slope by maximum likelihood to Platt's targets, `(n+1)/(n+2)` in place of 1: with them it is finite
    /// where every margin is right. A hundred rows are enough for one number.
    ///
    /// Where annotators' votes are known, the target of a row is the share `q` that agrees with its label, by the same rule
    /// `(nq+1)/(n+2)`, and what is minimised is the cross-entropy `-Σ (t log p + (1-t) log(1-p))` of `p = sigmoid(slope · raw)`:
    /// the log-odds that an annotator agrees, as Bradley and Terry's model has them of repeated comparisons (Biometrika
    /// 1952), each row with the same weight (Uma et al., Journal of Artificial Intelligence Research 2021, on soft labels).
    ///
    /// - Parameters:
    ///   - margins: raw, held out, each positive where it agrees with the row's label.
    ///   - shares: of votes for the label's order, 0 to 1, of each row; nil: all agree with it.
    /// - Returns: nil without margins, or for numbers that are not finite.
    package init?(fitting margins: [Double], shares: [Double]? = nil) {
        precondition(shares.map { $0.count == margins.count } ?? true, "not a share for each margin")
        guard !margins.isEmpty, margins.allSatisfy(\.isFinite) else { return nil }
        let scale = margins.map(abs).max()!
        let count = Double(margins.count)
        let right = (count + 1) / (count + 2)
        func target(_ row: Int) -> Double { shares.map { (count * $0[row] + 1) / (count + 2) } ?? right }
        /// The loss's first derivative where the slope is `slope / scale`; it ascends with the slope.
        func derivative(_ slope: Double) -> Double {
            margins.indices.reduce(0) {
                $0 + margins[$1] / scale * (sigmoid(slope * margins[$1] / scale) - target($1))
            }
        }
        guard scale > 0, derivative(0) < 0 else {
            slope = 0
            return
        }
        // The largest margin's log-odds are below the slope here; the smoothed target bounds it.
        var high = 1.0
        while derivative(high) < 0, high < 1e300 { high *= 2 }
        var low = 0.0
        while case let middle = low + (high - low) / 2, middle > low, middle < high {
            if derivative(middle) < 0 { low = middle } else { high = middle }
        }
        guard let fitted = PlattCalibration(slope: low / scale) else { return nil }
        self = fitted
    }

    /// The log-odds that the first response is the preferred one.
    package func logOdds(_ raw: Double) -> Double { slope * raw }
}
