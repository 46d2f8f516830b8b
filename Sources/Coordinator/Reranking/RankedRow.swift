internal import Dataset
internal import JSON
internal import Margins

/// A candidate with its rank among those of its prompt.
struct RankedRow {
    /// What is added to a row.
    enum Column: String, CaseIterable {
        /// 1 is the best; equal scores have equal ranks.
        case rank

        /// How many responses the prompt has that could be scored.
        case candidates

        /// What the rank is by.
        case score
        case scoreOurs = "score_ours"
        case scoreHead = "score_head"
        case scoreLegend = "score_legend"

        init(_ kind: ResponseScorers.Kind) {
            self =
                switch kind {
                case .ours: .scoreOurs
                case .head: .scoreHead
                case .legend: .scoreLegend
                }
        }
    }

    let rank: Int

    /// As the rank, but that equal scores have different places, the first row's first.
    let place: Int
    let candidates: Int
    let score: Double
    let scores: [(kind: ResponseScorers.Kind, value: Double)]

    /// The original's columns, but for those that are added, and these.
    func json(_ original: OriginalRow) -> [UInt8] {
        func number(_ column: Column, _ value: String) -> [UInt8] {
            JSONText.member(column.rawValue, json: Array(value.utf8))
        }
        let added =
            [number(.rank, "\(rank)"), number(.candidates, "\(candidates)"), number(.score, "\(score)")]
            + scores.map { number(Column($0.kind), "\($0.value)") }
        let kept = original.members { Column(rawValue: $0) == nil }
        return JSONText.object(kept + added)
    }
}
