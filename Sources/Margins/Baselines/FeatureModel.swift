/// What plain features of the responses say of the labels: a direction that orders rows no better than their length or
/// their words do has read nothing out of the model's states.
///
/// Logistic regression on the differences of the two responses' features, without an intercept, with a penalty
/// (`logisticMinimum`): Bradley and Terry's model with a linear reward. The differences are divided by the root of
/// their mean squared norm, so that λ means the same for any features. Memory is the sample's rows and a few vectors
/// `[features]`.
package struct FeatureModel: Hashable, Sendable {
    /// How many rows are fitted on at most.
    package static let rowsMax = 20_000

    /// Of each feature, `[features]`.
    package let weights: [Double]

    /// - Parameters:
    ///   - differences: of the preferred response's features and the other's; of more than `rowsMax`, a sample.
    ///   - groups: of each row; with the seed they decide the sample, not the rows' order.
    ///   - featureCount: above every feature's number.
    ///   - lambda: > 0.
    /// - Returns: nil without rows, or for values that are not finite.
    package init?(
        fitting differences: [SparseVector], groups: [Int], featureCount: Int, lambda: Double = 1e-3, seed: UInt64 = 0
    ) {
        precondition(differences.count == groups.count, "not a group for each row")
        precondition(
            differences.allSatisfy { $0.features.last.map { Int($0) < featureCount } ?? true }, "an unknown feature")
        guard !differences.isEmpty else { return nil }
        let sample = sampledRows(groups, rowsMax: Self.rowsMax, seed: seed).map { differences[$0] }
        let square = sample.reduce(0) { sum, row in row.values.reduce(sum) { $0 + Double($1) * Double($1) } }
        guard square.isFinite else { return nil }
        guard square > 0 else {
            // Responses that differ in no feature: nothing to tell them apart by.
            weights = Array(repeating: 0, count: featureCount)
            return
        }
        let factor = (Double(sample.count) / square).squareRoot()
        let rows = SparseRows(sample, featureCount: featureCount, factor: factor)
        var weights = Array(repeating: 0.0, count: featureCount)
        for (feature, weight) in zip(rows.features, logisticMinimum(rows, lambda: lambda)) {
            weights[Int(feature)] = weight * factor
        }
        self.weights = weights
    }

    /// The log-odds, by this model, that the minuend of the difference is the preferred response; shrunk by the
    /// penalty.
    package func score(_ difference: SparseVector) -> Double { difference.times(weights) }

    /// The score of each row by a model that was fitted without its fold, `[rows]`: above 0 where the features order it
    /// as the label does.
    ///
    /// - Parameters: as of `init(fitting:groups:featureCount:lambda:seed:)`.
    /// - Returns: nil where a fold's complement gives no model.
    package static func crossFittedScores(
        _ differences: [SparseVector], groups: [Int], folds: Folds, featureCount: Int, lambda: Double = 1e-3,
        seed: UInt64 = 0
    ) -> [Double]? {
        precondition(folds.assignment.count == differences.count, "folds of other rows")
        var models: [FeatureModel] = []
        for fold in 0..<folds.count {
            let others = differences.indices.filter { folds.assignment[$0] != fold }
            guard
                let model = FeatureModel(
                    fitting: others.map { differences[$0] }, groups: others.map { groups[$0] },
                    featureCount: featureCount, lambda: lambda, seed: seed)
            else { return nil }
            models.append(model)
        }
        return zip(differences, folds.assignment).map { models[$1].score($0) }
    }
}
