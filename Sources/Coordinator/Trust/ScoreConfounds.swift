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
    /// Of the responses' scores: `log(1 + bytes)`, the final character as a category, `log(1 + n)` of the count of refusals'
    /// phrases, and whether the response seems cut off, each alone.
    ///
    /// - Parameter categories: responses whose scores are along one direction, each. Within each a cause may have an effect of
    ///   its own.
    init(_ categories: [[ScoredResponse]]) {
        self.init()
        let scores = categories.map { $0.map(\.score) }
        func explained(by column: (ResponseFeatures) -> Double) -> VarianceExplained? {
            VarianceExplained(ofParts: scores, by: categories.map { $0.map { column($0.features) } })
        }
        length = explained { log1p(Double($0.byteCount)) }
        finalCharacter = VarianceExplained(
            ofParts: scores, byCategories: categories.map { $0.map(\.features.finalCategory) })
        refusalWording = explained { log1p(Double($0.refusalPhraseCount)) }
        truncation = explained { $0.isTruncated ? 1 : 0 }
    }
}
