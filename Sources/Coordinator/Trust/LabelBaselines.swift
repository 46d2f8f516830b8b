internal import Foundation
internal import Margins
internal import Reports
internal import TextFeatures

/// What a row's two responses differ in, as baselines see it.
struct ResponseDifference: Sendable {
    /// Of `log(1 + bytes)` and `log(1 + words)`.
    let length: SparseVector

    /// Of the counts of refusals' phrases, in the whole text and at its beginning.
    let refusalWording: SparseVector
    let words: SparseVector

    /// - Parameters:
    ///   - chosen: the response that the label prefers, and its features.
    ///   - rejected: the other one, and its features.
    init(chosen: (text: String, features: ResponseFeatures), rejected: (text: String, features: ResponseFeatures)) {
        func difference(_ columns: KeyPath<ResponseFeatures, [Double]>) -> SparseVector {
            let values = zip(chosen.features[keyPath: columns], rejected.features[keyPath: columns])
            return SparseVector(values.enumerated().map { (feature: $0, value: Float($1.0 - $1.1)) })
        }
        length = difference(\.lengthColumns)
        refusalWording = difference(\.refusalColumns)
        let bag = BagOfWords()
        words = .difference(bag.vector(of: chosen.text), bag.vector(of: rejected.text))
    }
}

extension ResponseFeatures {
    fileprivate var lengthColumns: [Double] { [log1p(Double(byteCount)), log1p(Double(wordCount))] }

    fileprivate var refusalColumns: [Double] { [Double(refusalPhraseCount), Double(refusalPhraseCountAtStart)] }
}

extension TrustFigures.Baselines {
    /// Each feature's order of the rows by a model of the rows of other prompts, in five folds (`FeatureModel`).
    ///
    /// - Parameters:
    ///   - prompts: the number of each row's prompt. Of one prompt there is nothing to measure.
    ///   - categories: of each row; each category has a model of its own.
    init(_ rows: [ResponseDifference], prompts: [Int], categories: [Int?], seed: UInt64) {
        self.init()
        let parts = Dictionary(grouping: rows.indices) { categories[$0] }.inOrder.compactMap { part in
            Folds(groups: part.map { prompts[$0] }, count: 5, seed: seed).map { (rows: part, folds: $0) }
        }
        func agreement(_ feature: KeyPath<ResponseDifference, SparseVector>, featureCount: Int)
            -> TrustFigures.Agreement?
        {
            var (scores, groups): ([Double], [Int]) = ([], [])
            for (part, folds) in parts {
                let own = part.map { prompts[$0] }
                guard
                    let found = FeatureModel.crossFittedScores(
                        part.map { rows[$0][keyPath: feature] }, groups: own, folds: folds, featureCount: featureCount)
                else { return nil }
                scores += found
                groups += own
            }
            return ClusteredShare(positive: scores, groups: groups).map(TrustFigures.Agreement.init)
        }
        self.rows = parts.reduce(0) { $0 + $1.rows.count }
        length = agreement(\.length, featureCount: 2)
        refusalWording = agreement(\.refusalWording, featureCount: 2)
        bagOfWords = agreement(\.words, featureCount: BagOfWords.featureCount)
    }
}
