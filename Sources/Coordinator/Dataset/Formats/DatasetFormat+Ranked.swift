internal import JSON

extension DatasetFormat {
    /// A prompt and several responses, with what says which are better: pairs are made of them. Whoever has such lists beside
    /// a pair means the pair.
    package static let ranked = DatasetFormat(
        name: "ranked",
        columns: """
            a prompt, and a list such as responses or completions beside scores, ranks or the number of the best, or of objects \
            with a response and a score or a rank each
            """,
        precedence: [.row: -1], layouts: { _ in [] },
        layoutsOfRow: { row, options in
            ListColumn.allNames.compactMap { name in ListColumn(name, of: row) }.flatMap {
                $0.layouts(in: row, options)
            }
        })
}

/// A column with several responses, as files of that kind call it.
private struct ListColumn {
    static let allNames = [
        "responses", "completions", "generations", "answers", "candidates", "outputs", "all_generated_responses",
    ]
    private static let scores = ["scores", "ratings", "rewards", "all_rm_scores", "reward_scores"]
    private static let ranks = ["ranks", "rankings", "ranking", "rank"]
    private static let best = [
        "best", "best_id", "best_index", "best_idx", "best_response_id", "best_response", "chosen_index", "chosen_id",
        "chosen_idx", "choice",
    ]
    private static let texts = ["response", "answer", "text", "completion", "output", "generation", "content"]
    private static let scoreKeys = ["overall_score", "score", "rating", "reward", "pm_score"]
    private static let rankKeys = ["rank"]

    let name: String

    /// The first that says something.
    private let element: JSONValue

    init?(_ name: String, of row: OriginalRow) {
        guard let values = try? ColumnPath(name).values(of: row), let element = values.lazy.compactMap(\.self).first
        else { return nil }
        self.name = name
        self.element = element
    }

    /// The one that fits the row.
    func layouts(in row: OriginalRow, _ options: DatasetOptions) -> [RowLayout] {
        guard let (responses, shape, inside) = responses, let judgement = inside ?? Self.beside(row) else { return [] }
        var layout = RowLayout(
            .known, RankedResponses(responses: responses, judgement: judgement, rule: options.pairs), shape, options)
        if options.format == nil {
            layout.foreignColumns = ["chosen", "rejected"]
            layout.excludedColumns = layout.foreignColumns
            layout.excludedMeaning = "a pair beside several responses is"
        }
        return [layout]
    }

    private typealias Responses = (path: ColumnPath, shape: RowLayout.Shape, judgement: RankedResponses.Judgement?)

    private var responses: Responses? {
        let isMessage = { (value: JSONValue) in (try? MessageList.messages(in: value, column: "")) != nil }
        switch element.kind {
        case .string: return (ColumnPath(name), .texts, nil)
        case .array: return isMessage(element) ? (ColumnPath(name), .messages, nil) : nil
        case .object: break
        default: return nil
        }
        guard let object = try? element.object() else { return nil }
        let scores = Self.scoreKeys.first { object.value(of: $0) != nil }.map {
            RankedResponses.Judgement.scores(ColumnPath("\(name).\($0)"))
        }
        let ranks = Self.rankKeys.first { object.value(of: $0) != nil }.map {
            RankedResponses.Judgement.ranks(ColumnPath("\(name).\($0)"))
        }
        if isMessage(element), scores == nil, ranks == nil { return (ColumnPath(name), .message, nil) }
        for key in Self.texts {
            guard let value = object.value(of: key), value.kind == .string || isMessage(value) else { continue }
            let shape: RowLayout.Shape =
                switch value.kind {
                case .string: .texts
                case .array: .messages
                default: .message
                }
            return (ColumnPath("\(name).\(key)"), shape, scores ?? ranks)
        }
        return nil
    }

    private static func beside(_ row: OriginalRow) -> RankedResponses.Judgement? {
        func isList(_ name: String) -> Bool { (try? ColumnPath(name).values(of: row)) != nil }
        if let name = scores.first(where: isList) { return .scores(ColumnPath(name)) }
        if let name = ranks.first(where: isList) { return .ranks(ColumnPath(name)) }
        return best.first { row.value(of: $0).map { $0.kind == .number || $0.kind == .string } ?? false }.map {
            .best($0)
        }
    }
}
