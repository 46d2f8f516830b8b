extension PairDifferences {
    /// The margin of each pair along a direction that was fitted without its fold, `[pairs]`, in the unit of the
    /// states.
    ///
    /// - Throws: what the fit throws of the pairs outside of a fold.
    package func crossFittedMargins(
        _ folds: Folds, fit: (_ others: PairDifferences) throws -> [Float]
    ) rethrows -> [Double] {
        let directions = try fits(without: folds, fit: fit)
        return groups.indices.map { projection(of: self[$0], on: directions[folds.assignment[$0]]) }
    }

    /// What a fit makes of the pairs of all other folds, `[folds]`.
    ///
    /// - Throws: what the fit throws of the pairs outside of a fold.
    package func fits<Fit>(
        without folds: Folds, fit: (_ others: PairDifferences) throws -> Fit
    ) rethrows -> [Fit] {
        precondition(folds.assignment.count == count, "folds of other rows")
        return try (0..<folds.count).map { fold in try fit(filter { folds.assignment[$0] != fold }) }
    }

    /// For each fold the margins of the pairs outside of it, `[folds][pairs outside]`, in the pairs' order: each along a
    /// direction that was fitted without its own fold and without that one. They are as held-out margins are, and nothing
    /// of the fold has a part in them.
    ///
    /// - Precondition: there are more than two folds.
    /// - Throws: what the fit throws of the pairs outside of two folds.
    package func crossFittedMargins(
        outsideEachOf folds: Folds, fit: (_ others: PairDifferences) throws -> [Float]
    ) rethrows -> [[Double]] {
        precondition(folds.count > 2, "nothing is left to fit on")
        let assignment = folds.assignment
        precondition(assignment.count == count, "folds of other rows")
        var margins = Array(repeating: Array(repeating: 0.0, count: count), count: folds.count)
        for first in 0..<folds.count {
            for second in first + 1..<folds.count {
                let direction = try fit(filter { assignment[$0] != first && assignment[$0] != second })
                for row in 0..<count where assignment[row] == first || assignment[row] == second {
                    let outside = assignment[row] == first ? second : first
                    margins[outside][row] = projection(of: self[row], on: direction)
                }
            }
        }
        return margins.enumerated().map { fold, margins in
            margins.indices.filter { assignment[$0] != fold }.map { margins[$0] }
        }
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
