extension TrustFigures {
    /// What the surveyed rows say of the direction's sources and categories.
    package struct Survey: Codable, Hashable, Sendable {
        package var rows: Int
        package var prompts: Int

        /// Of a direction of the rows' own labels, cross-fitted, at the place that they would choose.
        package var ownLabels: Agreement

        /// One for each source of anchors.
        package var sources: [Source]

        package struct Source: Codable, Hashable, Sendable {
            /// As `job.anchors` names it, or its file's name.
            package var name: String
            package var pairs: Int
            package var agreement: Agreement

            /// Of its direction and of the rows' own labels', at the place that is read.
            package var cosineWithOwn: Double?

            /// Of the rows' margins along it and along their own labels' direction, cross-fitted.
            package var rankCorrelationWithOwn: Double?

            /// Whether the job's direction is of it (among others).
            package var isUsed: Bool

            package init(
                name: String, pairs: Int, agreement: Agreement, cosineWithOwn: Double?, rankCorrelationWithOwn: Double?,
                isUsed: Bool
            ) {
                (self.name, self.pairs, self.agreement) = (name, pairs, agreement)
                (self.cosineWithOwn, self.rankCorrelationWithOwn) = (cosineWithOwn, rankCorrelationWithOwn)
                self.isUsed = isUsed
            }
        }

        /// One for each value of the column by which directions are told apart.
        package var categories: [Category]

        package struct Category: Codable, Hashable, Sendable {
            package var name: String

            /// Along the direction of all rows, held out.
            package var pooled: Agreement

            /// Along a direction of its own rows alone, held out; nil where their differences cancel out.
            package var own: Agreement?

            /// Whether its rows' margins are along its own direction.
            package var isUsed: Bool

            package init(name: String, pooled: Agreement, own: Agreement?, isUsed: Bool) {
                (self.name, self.pooled, self.own, self.isUsed) = (name, pooled, own, isUsed)
            }
        }

        /// Surveyed rows with no value in that column, or one for which no direction was tried: along that of all.
        package var otherCategoryRows: Int

        package init(
            rows: Int, prompts: Int, ownLabels: Agreement, sources: [Source], categories: [Category] = [],
            otherCategoryRows: Int = 0
        ) {
            (self.rows, self.prompts, self.ownLabels) = (rows, prompts, ownLabels)
            (self.sources, self.categories, self.otherCategoryRows) = (sources, categories, otherCategoryRows)
        }
    }
}
