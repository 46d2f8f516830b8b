internal import Dataset
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

        /// Whether the text was cut, where such texts are.
        case truncated = "score_truncated"

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

    /// nil in all rows where none is cut.
    let isTruncated: Bool?

    /// What is added to the row.
    private var added: [AddedColumn] {
        func column(_ column: Column, _ value: AddedColumn.Value) -> AddedColumn {
            AddedColumn(column.rawValue, value)
        }
        return [
            column(.rank, .integer(rank)), column(.candidates, .integer(candidates)), column(.score, .number(score)),
        ] + scores.map { column(Column($0.kind), .number($0.value)) }
            + (isTruncated.map { [column(.truncated, .boolean($0))] } ?? [])
    }

    /// The original's columns, but for those that are added, and these.
    func row(_ original: OriginalRow) -> OutputRow { OutputRow(original, adding: added, name: Self.name(of:)) }

    /// What a column of the input is called in the output; nil where an added one takes its place.
    @Sendable static func name(of column: String) -> String? {
        Column.allCases.contains { $0.rawValue.utf8.elementsEqual(column.utf8) } ? nil : column
    }

    /// The columns that are added to every row.
    ///
    /// - Parameters:
    ///   - kinds: of the scores.
    ///   - truncates: whether texts that are too long are cut.
    static func usual(_ kinds: [ResponseScorers.Kind], truncates: Bool) -> [AddedColumn] {
        RankedRow(
            rank: 0, place: 0, candidates: 0, score: 0, scores: kinds.map { ($0, 0) },
            isTruncated: truncates ? false : nil
        ).added
    }
}
