/// Calibrations of held-out margins, one for each fold by the other folds' rows, all of one method: Platt's, unless the
/// isotonic one is asked for, or is measurably better.
///
/// Better means out of fold: its mean log loss `log(1 + exp(-margin))` (of votes their mean, for and against) is lower by more
/// than 1.96 standard errors of the difference, clustered by group. Nothing is drawn at random, so the same margins give the
/// same choice.
package struct CalibrationChoice: Hashable, Sendable, Codable {
    package enum Method: String, Hashable, Sendable, Codable {
        case platt, isotonic
    }

    /// How much lower the isotonic margins' mean log loss is than that of Platt's, in nats a row.
    package struct Gain: Hashable, Sendable, Codable {
        package let value: Double

        /// Its standard error, clustered by group; infinite for one group.
        package let error: Double

        /// Whether it is more than chance gives.
        package var isMeasurable: Bool { value > 1.96 * error }
    }

    /// Of all folds.
    package let method: Method

    /// `[folds]`, each fitted on the rows of the other folds.
    package let calibrations: [Calibration]

    /// nil where the method was not left to it, or a fold's complement has fewer than `IsotonicCalibration.rowsMin` rows.
    package let gain: Gain?

    /// - Parameters:
    ///   - margins: raw, held out, each positive where it agrees with the row's label.
    ///   - shares: of votes for the label's order, 0 to 1, of each row; nil: all agree with it.
    ///   - groups: of each row.
    ///   - method: nil leaves it to the margins. An isotonic one that has too few rows is Platt's.
    /// - Returns: nil for numbers that are not finite.
    package init?(_ margins: [Double], shares: [Double]? = nil, groups: [Int], folds: Folds, method: Method?) {
        precondition(margins.count == groups.count, "not a group for each row")
        precondition(folds.assignment.count == margins.count, "folds of other rows")
        func ofFolds(_ fit: (_ margins: [Double], _ shares: [Double]?) -> Calibration?) -> [Calibration]? {
            Calibration.ofFolds(folds) { others in
                fit(others.map { margins[$0] }, shares.map { shares in others.map { shares[$0] } })
            }
        }
        guard let platt = ofFolds({ PlattCalibration(fitting: $0, shares: $1).map { .platt($0) } }) else { return nil }
        let isotonic =
            method == .platt
            ? nil : ofFolds { IsotonicCalibration(fitting: $0, shares: $1).map { .isotonic($0) } }
        func losses(_ calibrations: [Calibration]) -> [Double] {
            margins.indices.map { row in
                let logOdds = calibrations[folds.assignment[row]].margin(margins[row])
                guard let share = shares?[row] else { return softplus(-logOdds) }
                return share * softplus(-logOdds) + (1 - share) * softplus(logOdds)
            }
        }
        gain =
            method != nil
            ? nil : isotonic.map { Gain(of: zip(losses(platt), losses($0)).map { $0 - $1 }, groups: groups) }
        if let isotonic, method == .isotonic || gain?.isMeasurable == true {
            (self.method, calibrations) = (.isotonic, isotonic)
        } else {
            (self.method, calibrations) = (.platt, platt)
        }
    }
}

extension CalibrationChoice.Gain {
    /// - Parameter gains: of each row, one and more.
    fileprivate init(of gains: [Double], groups: [Int]) {
        let count = Double(gains.count)
        let mean = gains.reduce(0, +) / count
        value = mean
        error = GroupIndex(groups).varianceOfSum(gains.map { $0 - mean }).squareRoot() / count
    }
}
