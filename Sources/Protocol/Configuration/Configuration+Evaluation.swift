internal import Protocol

extension Configuration {
    /// How `legend-coordinator evaluate` measures what margins are worth to a reward model.
    package struct Evaluation: Hashable, Sendable {
        /// About how many rows it is measured on.
        package var rows: Int

        /// How often the prompts are parted anew, and heads trained.
        package var seeds: Int

        /// Heads whose mean margins the ensemble's are.
        package var ensemble: Int
        package var heads: [Head]

        package init(rows: Int = 2000, seeds: Int = 5, ensemble: Int = 5, heads: [Head] = Head.allCases) {
            (self.rows, self.seeds, self.ensemble, self.heads) = (rows, seeds, ensemble, heads)
        }

        package enum Head: String, Choice {
            case linear
            case mlp
        }
    }
}

extension Configuration.Evaluation {
    init(_ section: ConfigurationReader) {
        let heads: [Head]? = section.choices("heads")
        if heads?.isEmpty == true { section.report("heads: expected linear, mlp or both, found none", at: "heads") }
        self.init(
            rows: section.integer("rows", in: 100...10_000) ?? 2000,
            seeds: section.integer("seeds", in: 1...1000) ?? 5,
            ensemble: section.integer("ensemble", in: 2...100) ?? 5,
            heads: Head.allCases.filter { heads?.contains($0) ?? true })
    }
}
