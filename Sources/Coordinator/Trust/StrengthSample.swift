internal import Margins
internal import Reports

/// Rows of which it is known how strongly they were labelled, drawn by their prompts: whether margins are larger where labels
/// are stronger, and whether lengths alone say as much.
struct StrengthSample: Sendable {
    struct Row: Sendable {
        /// Raw: above 0 where it says what the label says.
        let margin: Double

        /// Above 0 where it says what the label says.
        let strength: Double

        /// What the responses' lengths differ in.
        let length: SparseVector

        /// The direction's that the row is along.
        let category: Int?
    }

    private let seed: UInt64
    private var rows: PromptRows<Row>

    init(rowsMax: Int, seed: UInt64) {
        self.seed = seed
        rows = PromptRows(rowsMax: rowsMax, seed: seed)
    }

    mutating func add(prompt: Int, _ row: () -> Row) { rows.add(prompt: prompt, row) }

    /// nil without rows.
    ///
    /// A length's score is by a model of the labels of other prompts, as the baselines have it: free to find the shorter or the
    /// longer one. Margins and lengths are compared on the same rows.
    var figures: TrustFigures.Strength? {
        let (rows, prompts) = rows.drawn
        guard !rows.isEmpty else { return nil }
        let (margins, strengths) = (rows.map(\.margin), rows.map(\.strength))
        let models = CategoryModels(prompts: prompts, categories: rows.map(\.category), seed: seed)
        let scored = models.rows
        let lengths = models.scores(rows.map(\.length), featureCount: ResponseDifference.lengthCount)
        var figures = TrustFigures.Strength(rows: rows.count, prompts: Set(prompts).count)
        figures.rankCorrelation = RankCorrelation(margins, strengths, groups: prompts).map { .init($0) }
        if let lengths {
            let (target, groups) = (scored.map { strengths[$0] }, scored.map { prompts[$0] })
            figures.length = RankCorrelation(lengths, target, groups: groups).map { .init($0) }
            figures.gainOverLength = RankCorrelation.Gain(
                of: scored.map { margins[$0] }, over: lengths, with: target, groups: groups
            ).map { .init($0) }
        }
        let byRow = lengths.map { Dictionary(uniqueKeysWithValues: zip(scored, $0)) }
        figures.levels = Self.levels(of: strengths).map { level in
            let scores = level.compactMap { row in byRow?[row].map { (score: $0, prompt: prompts[row]) } }
            return TrustFigures.Strength.Level(
                low: level.map { strengths[$0] }.min() ?? 0, high: level.map { strengths[$0] }.max() ?? 0,
                meanMargin: level.reduce(0) { $0 + margins[$1] } / Double(level.count),
                agreement: ClusteredShare(positive: level.map { margins[$0] }, groups: level.map { prompts[$0] })
                    .map(TrustFigures.Agreement.init),
                length: ClusteredShare(positive: scores.map(\.score), groups: scores.map(\.prompt))
                    .map(TrustFigures.Agreement.init))
        }
        return figures
    }

    /// More strengths are shown by their quarters.
    private static let levelsMax = 8

    /// The rows of each strength, or of each quarter of strengths, ascending.
    private static func levels(of strengths: [Double]) -> [[Int]] {
        let distinct = Set(strengths).sorted()
        let bins = MarginBins(edges: Array(distinct.dropFirst()))
        guard distinct.count > levelsMax else { return grouped(strengths, by: bins) }
        return grouped(strengths, by: MarginBins(quantiles: 4, of: strengths))
    }

    /// - Parameter bins: nil where there are none: then all are together.
    private static func grouped(_ strengths: [Double], by bins: MarginBins?) -> [[Int]] {
        let rows = Dictionary(grouping: strengths.indices) { bins?.bin(of: strengths[$0]) ?? 0 }
        return rows.keys.sorted().compactMap { rows[$0] }
    }
}
