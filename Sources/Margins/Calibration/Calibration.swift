/// The unit of margins: what a raw margin, the difference of two scores, becomes. Every form is ascending, turns no
/// sign, and takes the opposite of a margin to the opposite.
package enum Calibration: Hashable, Sendable, Codable {
    /// Log-odds that the first response is the preferred one, which is what `r_chosen - r_rejected` is in Bradley and
    /// Terry's loss; in proportion to the raw margin.
    case platt(PlattCalibration)

    /// Log-odds, by any ascending function.
    case isotonic(IsotonicCalibration)

    /// Without labels: in multiples of the raw margins' root mean square, which says nothing of probabilities.
    case standard(StandardUnit)

    /// The margin of a raw one.
    package func margin(_ raw: Double) -> Double {
        switch self {
        case .platt(let calibration): calibration.logOdds(raw)
        case .isotonic(let calibration): calibration.logOdds(raw)
        case .standard(let unit): raw / unit.deviation
        }
    }

    /// How likely the first response is the preferred one, 0 to 1; nil where no labels say so.
    package func probability(_ raw: Double) -> Double? {
        switch self {
        case .platt, .isotonic: sigmoid(margin(raw))
        case .standard: nil
        }
    }

    /// How the margin's standard error follows from the raw one's: by the slope at the raw margin. For isotonic margins
    /// it is the mean slope over one standard error to either side, as the slope of a function of steps is no help.
    package func standardError(_ rawError: Double, at raw: Double) -> Double {
        switch self {
        case .platt(let calibration): calibration.slope * rawError
        case .isotonic: (margin(raw + rawError) - margin(raw - rawError)) / 2
        case .standard(let unit): rawError / unit.deviation
        }
    }
}

/// The size of raw margins, around 0: turning pairs round, or measuring states in another unit, changes no margin that
/// is divided by it but for its sign.
package struct StandardUnit: Hashable, Sendable, Codable {
    /// The root mean square; > 0.
    package let deviation: Double

    /// nil for what is no deviation.
    package init?(deviation: Double) {
        guard deviation > 0, deviation.isFinite else { return nil }
        self.deviation = deviation
    }

    /// - Throws: `DecodingError` for what is no deviation.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        guard let valid = StandardUnit(deviation: try values.decode(Double.self, forKey: .deviation)) else {
            throw DecodingError.invalid("a deviation above 0", decoder)
        }
        self = valid
    }

    /// 1 where all margins are 0, which have no size.
    ///
    /// - Parameter statistics: of all raw margins.
    /// - Returns: nil without margins, or for numbers that are not finite.
    package init?(_ statistics: MarginStatistics) {
        guard statistics.count > 0 else { return nil }
        let count = Double(statistics.count)
        let spread = statistics.standardDeviation
        let square = statistics.mean * statistics.mean + spread * spread * (count - 1) / count
        self.init(deviation: square == 0 ? 1 : square.squareRoot())
    }
}
