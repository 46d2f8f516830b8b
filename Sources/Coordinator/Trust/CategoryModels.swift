internal import Margins

/// Rows that are scored by plain features of their responses: each by a model of rows of other prompts of its category.
struct CategoryModels: Sendable {
    /// A category's rows; not of one of a single prompt, where there is nothing to measure.
    private let parts: [(rows: [Int], folds: Folds)]
    private let prompts: [Int]

    /// - Parameters:
    ///   - prompts: the number of each row's prompt.
    ///   - categories: of each row; each category has a model of its own.
    init(prompts: [Int], categories: [Int?], seed: UInt64) {
        self.prompts = prompts
        parts = Dictionary(grouping: prompts.indices) { categories[$0] }.inOrder.compactMap { part in
            Folds(groups: part.map { prompts[$0] }, count: 5, seed: seed).map { (rows: part, folds: $0) }
        }
    }

    /// Those that are scored, part by part.
    var rows: [Int] { parts.flatMap(\.rows) }

    /// Of `rows`; nil where a part gives no model.
    ///
    /// - Parameter features: of all rows: what the preferred response has less what the other one has.
    func scores(_ features: [SparseVector], featureCount: Int) -> [Double]? {
        var scores: [Double] = []
        for (part, folds) in parts {
            guard
                let found = FeatureModel.crossFittedScores(
                    part.map { features[$0] }, groups: part.map { prompts[$0] }, folds: folds,
                    featureCount: featureCount)
            else { return nil }
            scores += found
        }
        return scores
    }
}
