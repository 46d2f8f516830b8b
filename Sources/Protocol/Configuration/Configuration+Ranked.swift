internal import Protocol

extension Configuration.Dataset {
    /// Several responses in one row. Behind dots in a name are keys of objects in the column.
    package struct Ranked: Hashable, Sendable {
        package var responses: String

        /// What says which of them are better.
        package var judgement: Judgement

        package enum Judgement: Hashable, Sendable {
            case scores(String)
            case ranks(String)
            case best(String)

            /// As the configuration has it.
            package var text: String {
                switch self {
                case .scores(let name): "scores: \(name)"
                case .ranks(let name): "ranks: \(name)"
                case .best(let name): "best: \(name)"
                }
            }
        }

        package init(responses: String, judgement: Judgement) {
            (self.responses, self.judgement) = (responses, judgement)
        }
    }

    package enum Pairs: String, Choice {
        case all, adjacent
        case bestWorst = "best-worst"
        case bestRest = "best-rest"
    }
}

extension Configuration.Dataset.Ranked {
    private static let keys = ["scores", "ranks", "best"]

    /// Of `dataset.columns`; nil where it names no several responses.
    ///
    /// - Parameter sides: keys of the columns of a pair that are named there.
    init?(_ columns: ConfigurationReader, besides sides: [String]) {
        let name = columns.string("responses")
        let found = Self.keys.compactMap { key in columns.string(key).map { (key, $0) } }
        guard let responses = name else {
            if let (key, _) = found.first {
                columns.report("\"\(key)\" needs \"responses\", the column with several of them", at: key)
            }
            return nil
        }
        for key in sides {
            columns.report("\"responses\" and \"\(key)\" exclude each other; found both", at: key)
        }
        for name in [responses] + found.filter({ $0.0 != "best" }).map(\.1) {
            if name.split(separator: ".", omittingEmptySubsequences: false).contains("") {
                columns.report("expected a column, and behind each dot a key, found \"\(name)\"", at: "responses")
            }
        }
        guard found.count == 1 else {
            columns.report(
                "\"responses\" needs one of scores, ranks, best, which says which are better; found \(found.count)",
                at: "responses")
            return nil
        }
        let judgement: Judgement =
            switch found[0] {
            case ("scores", let name): .scores(name)
            case ("ranks", let name): .ranks(name)
            case (_, let name): .best(name)
            }
        self.init(responses: responses, judgement: judgement)
    }
}
