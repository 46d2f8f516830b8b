extension Calibration {
    /// The log-odds of each row by a calibration that was fitted on the other folds' rows, `[rows]`: what their
    /// calibration error may be measured on.
    ///
    /// - Parameters:
    ///   - margins: raw, held out, each positive where it agrees with the row's label.
    ///   - fit: of the other folds' margins.
    /// - Returns: nil where a fold's complement gives no calibration.
    package static func crossFitted(
        _ margins: [Double], folds: Folds, fit: (_ others: [Double]) -> Calibration?
    ) -> [Double]? {
        precondition(folds.assignment.count == margins.count, "folds of other rows")
        return ofFolds(folds) { others in fit(others.map { margins[$0] }) }.map { calibrations in
            zip(margins, folds.assignment).map { calibrations[$1].margin($0) }
        }
    }

    /// A calibration for each fold, which was fitted on the other folds' rows, `[folds]`.
    ///
    /// - Parameter fit: of the other folds' rows.
    /// - Returns: nil where a fold's complement gives no calibration.
    package static func ofFolds(_ folds: Folds, fit: (_ others: [Int]) -> Calibration?) -> [Calibration]? {
        var calibrations: [Calibration] = []
        for fold in 0..<folds.count {
            let others = folds.assignment.indices.filter { folds.assignment[$0] != fold }
            guard let calibration = fit(others) else { return nil }
            calibrations.append(calibration)
        }
        return calibrations
    }

    /// Isotonic from `IsotonicCalibration.rowsMin` rows on where that is asked for, else Platt's.
    ///
    /// - Parameter margins: raw, held out, each positive where it agrees with the row's label.
    /// - Returns: nil without margins, or for numbers that are not finite.
    package static func fitted(_ margins: [Double], isIsotonicAllowed: Bool) -> Calibration? {
        if isIsotonicAllowed, let isotonic = IsotonicCalibration(fitting: margins) { return .isotonic(isotonic) }
        return PlattCalibration(fitting: margins).map { .platt($0) }
    }
}
