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

    /// The margin of each pair along the mean difference of all pairs of other groups, `[pairs]`: the mean as it is, not
    /// of norm 1, so that margins are in the states' unit squared. In closed form, from the sums of the groups:
    /// `dᵢ · (S - G) / (n - |G|)`.
    ///
    /// - Precondition: there are at least two groups.
    package func leaveGroupOutMargins() -> [Double] {
        let index = GroupIndex(groups)
        precondition(index.count > 1, "nothing is left to fit on")
        var sums = Array(repeating: 0.0, count: index.count * hiddenSize)
        var sizes = Array(repeating: 0.0, count: index.count)
        var total = Array(repeating: 0.0, count: hiddenSize)
        var margins = Array(repeating: 0.0, count: count)
        values.withUnsafeBufferPointer { values in
            for row in 0..<count {
                let group = index.numbers[row]
                sizes[group] += 1
                for column in 0..<hiddenSize {
                    let value = Double(values[row * hiddenSize + column])
                    sums[group * hiddenSize + column] += value
                    total[column] += value
                }
            }
            for row in 0..<count {
                let start = index.numbers[row] * hiddenSize
                var product = 0.0
                for column in 0..<hiddenSize {
                    product += Double(values[row * hiddenSize + column]) * (total[column] - sums[start + column])
                }
                margins[row] = product / (Double(count) - sizes[index.numbers[row]])
            }
        }
        return margins
    }
}
