internal import Margins
internal import Reports
internal import TextFeatures

/// What all annotated rows say of the margins that needs no hidden state, from rows that are fed one by one.
///
/// Of each row a margin, two lengths and a prompt are held, 32 bytes; of texts only their features, of a sample of rows.
/// Figures do not depend on how the rows of different prompts are interleaved, but for the rounding of sums.
package struct RowTrust: Sendable {
    /// How many rows baselines are fitted on, and how many rows' scores are explained, at most.
    package static let baselineRowsMax = FeatureModel.rowsMax
    package static let confoundRowsMax = 100_000

    /// Of fewer rows the most certain tenth is one or two.
    static let selectiveRowsMin = 20

    private let seed: UInt64
    private var margins: [Double] = []
    private var prompts: [Int] = []
    private var byteCounts: [(preferred: Int, other: Int)] = []
    private var differences: PromptRows<(difference: ResponseDifference, category: Int?)>
    private var scored: PromptRows<(chosen: ScoredResponse, rejected: ScoredResponse, category: Int?)>
    private var strengths: StrengthSample

    package init(
        baselineRowsMax: Int = baselineRowsMax, confoundRowsMax: Int = confoundRowsMax, seed: UInt64 = 17
    ) {
        self.seed = seed
        differences = PromptRows(rowsMax: baselineRowsMax, seed: seed)
        scored = PromptRows(rowsMax: confoundRowsMax, seed: seed)
        strengths = StrengthSample(rowsMax: baselineRowsMax, seed: seed)
    }

    /// - Parameters:
    ///   - margin: raw: above 0 where it says what the label says.
    ///   - chosen: what the preferred response says: of a conversation, its last message.
    ///   - rejected: what the other one says.
    ///   - prompt: the number of the row's prompt; rows of one prompt have the same.
    ///   - category: the number of the direction that the row is along where there are several; nil: the one of all. What is
    ///     compared with margins is then free to know it, too.
    ///   - strength: how strongly the row was labelled; nil where that is not known.
    /// - Precondition: the numbers are finite.
    package mutating func add(
        margin: Double, scoreChosen: Double, scoreRejected: Double, chosen: String, rejected: String, prompt: Int,
        category: Int? = nil, strength: Double? = nil
    ) {
        precondition(margin.isFinite && scoreChosen.isFinite && scoreRejected.isFinite, "a row without a margin")
        margins.append(margin)
        prompts.append(prompt)
        byteCounts.append((chosen.utf8.count, rejected.utf8.count))
        lazy var features = (chosen: ResponseFeatures(of: chosen), rejected: ResponseFeatures(of: rejected))
        scored.add(prompt: prompt) {
            (
                ScoredResponse(score: scoreChosen, features: features.chosen),
                ScoredResponse(score: scoreRejected, features: features.rejected), category
            )
        }
        differences.add(prompt: prompt) {
            (
                ResponseDifference(chosen: (chosen, features.chosen), rejected: (rejected, features.rejected)), category
            )
        }
        if let strength {
            strengths.add(prompt: prompt) {
                .init(
                    margin: margin, strength: strength,
                    length: ResponseDifference.lengths(features.chosen, features.rejected), category: category)
            }
        }
    }

    /// Of the rows so far.
    package func figures() -> RowFigures {
        var figures = RowFigures()
        figures.labelAgreement = ClusteredShare(positive: margins, groups: prompts).map(TrustFigures.Agreement.init)
        figures.selective =
            margins.count < Self.selectiveRowsMin ? [] : SelectiveAccuracy.measured(margins, groups: prompts)
        figures.agreementAtEqualLength = accuracyAtEqualLength(margins, lengths: byteCounts, groups: prompts)
            .map(TrustFigures.Agreement.init)
        figures.strength = strengths.figures
        let (rows, prompts) = differences.drawn
        figures.baselines = TrustFigures.Baselines(
            rows.map(\.difference), prompts: prompts, categories: rows.map(\.category), seed: seed)
        figures.confounds = TrustFigures.Confounds(
            Dictionary(grouping: scored.drawn.rows, by: \.category).inOrder.map { rows in
                rows.flatMap { [$0.chosen, $0.rejected] }
            })
        return figures
    }
}

extension Dictionary where Key == Int? {
    /// The values, in the same order in every run.
    var inOrder: [Value] { sorted { ($0.key ?? -1) < ($1.key ?? -1) }.map(\.value) }
}
