extension PairDifferences {
    /// The margin of each pair along a direction that was fitted without its fold, `[pairs]`, in the unit of the
    /// states.
    ///
    /// - Throws: what the fit throws of the pairs outside of a fold.
    package func crossFittedMargins(
        _ folds: Folds, fit: (_ others: PairDifferences) throws -> [Float]
    ) rethrows -> [Double] {
        precondition(folds.assignment.count == count, "folds of other rows")
        var margins = Array(repeating: 0.0, count: count)
        for fold in 0..<folds.count {
            let direction = try fit(filter { folds.assignment[$0] != fold })
            for row in groups.indices where folds.assignment[row] == fold {
                margins[row] = projection(of: self[row], on: direction)
            }
        }
        return margins
    }
}
