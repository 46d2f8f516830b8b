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
        length = Self.lengths(chosen.features, rejected.features)
        refusalWording = Self.difference(\.refusalColumns, chosen.features, rejected.features)
        let bag = BagOfWords()
        words = .difference(bag.vector(of: chosen.text), bag.vector(of: rejected.text))
    }

    /// How many columns `lengths` has.
    static let lengthCount = 2

    /// Of `log(1 + bytes)` and `log(1 + words)`.
    static func lengths(_ chosen: ResponseFeatures, _ rejected: ResponseFeatures) -> SparseVector {
        difference(\.lengthColumns, chosen, rejected)
    }

    private static func difference(
        _ columns: KeyPath<ResponseFeatures, [Double]>, _ chosen: ResponseFeatures, _ rejected: ResponseFeatures
    ) -> SparseVector {
        let values = zip(chosen[keyPath: columns], rejected[keyPath: columns])
        return SparseVector(values.enumerated().map { (feature: $0, value: Float($1.0 - $1.1)) })
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
        let models = CategoryModels(prompts: prompts, categories: categories, seed: seed)
        let scored = models.rows
        let groups = scored.map { prompts[$0] }
        func agreement(_ feature: KeyPath<ResponseDifference, SparseVector>, featureCount: Int)
            -> TrustFigures.Agreement?
        {
            models.scores(rows.map { $0[keyPath: feature] }, featureCount: featureCount).flatMap { scores in
                ClusteredShare(positive: scores, groups: groups).map(TrustFigures.Agreement.init)
            }
        }
        self.rows = scored.count
        length = agreement(\.length, featureCount: ResponseDifference.lengthCount)
        refusalWording = agreement(\.refusalWording, featureCount: 2)
        bagOfWords = agreement(\.words, featureCount: BagOfWords.featureCount)
    }
}
