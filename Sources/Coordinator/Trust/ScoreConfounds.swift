internal import Foundation
internal import Margins
internal import Reports
internal import TextFeatures

/// A response's score and what may explain it.
struct ScoredResponse: Sendable {
    let score: Double
    let features: ResponseFeatures
}

extension TrustFigures.Confounds {
    /// - Parameter categories: responses whose scores are along one direction, each. Within each a cause may have an effect of
    ///   its own.
    init(_ categories: [[ScoredResponse]]) {
        self.init()
        let all = categories.map { (confounds: Self(ofCategory: $0), scores: $0.map(\.score)) }
        func pooled(_ cause: KeyPath<Self, VarianceExplained?>) -> VarianceExplained? {
            VarianceExplained(within: all.map { ($0.confounds[keyPath: cause], $0.scores) })
        }
        (length, finalCharacter) = (pooled(\.length), pooled(\.finalCharacter))
        (refusalWording, truncation) = (pooled(\.refusalWording), pooled(\.truncation))
    }

    /// Of the responses' scores: `log(1 + bytes)`, the final character as a category, `log(1 + n)` of the count of refusals'
    /// phrases, and whether the response seems cut off, each alone.
    private init(ofCategory responses: [ScoredResponse]) {
        self.init()
        let scores = responses.map(\.score)
        func explained(by column: (ResponseFeatures) -> Double) -> VarianceExplained? {
            VarianceExplained(of: scores, by: responses.map { column($0.features) })
        }
        length = explained { log1p(Double($0.byteCount)) }
        finalCharacter = VarianceExplained(of: scores, byCategory: responses.map(\.features.finalCategory))
        refusalWording = explained { log1p(Double($0.refusalPhraseCount)) }
        truncation = explained { $0.isTruncated ? 1 : 0 }
    }
}
