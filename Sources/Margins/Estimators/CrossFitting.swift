extension PairDifferences {
    /// The margin of each pair along a direction that was fitted without its fold, `[pairs]`, in the unit of the
    /// states.
    ///
    /// - Throws: what the fit throws of the pairs outside of a fold.
    package func crossFittedMargins(
        _ folds: Folds, fit: (_ others: PairDifferences) throws -> [Float]
    ) rethrows -> [Double] {
        try crossFitted(folds, fit: fit) { projection(of: $1, on: $0) }
    }

    /// The same with the standard error that each margin has by its fold's direction, `[pairs]`, both in the unit of the
    /// states; nil where a fold's fit has none: see `Estimator.fitWithErrors`.
    ///
    /// - Parameters:
    ///   - partsMax: as for `fitWithErrors`.
    ///   - seed: likewise.
    /// - Throws: what the fit throws of the pairs outside of a fold.
    package func crossFittedMarginsWithErrors(
        _ folds: Folds, by estimator: Estimator, partsMax: Int = 512, seed: UInt64 = 0
    ) throws -> [(margin: Double, standardError: Double?)] {
        try crossFitted(folds) { others in
            try estimator.fitWithErrors(others, partsMax: partsMax, seed: seed)
        } value: { fit, pair in
            (projection(of: pair, on: fit.direction), fit.errors?.standardError(of: pair))
        }
    }

    /// What a fit on the pairs of the other folds says of each pair, `[pairs]`.
    private func crossFitted<Fit, Value>(
        _ folds: Folds, fit: (_ others: PairDifferences) throws -> Fit,
        value: (_ fit: Fit, _ pair: ArraySlice<Float>) -> Value
    ) rethrows -> [Value] {
        precondition(folds.assignment.count == count, "folds of other rows")
        var values: [Value?] = Array(repeating: nil, count: count)
        for fold in 0..<folds.count {
            let fitted = try fit(filter { folds.assignment[$0] != fold })
            for row in groups.indices where folds.assignment[row] == fold { values[row] = value(fitted, self[row]) }
        }
        return values.map { $0! }
    }
}
