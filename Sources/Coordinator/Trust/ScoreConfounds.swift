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
    init(_ responses: [ScoredResponse]) {
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
