extension PageSection {
    /// What directions of the rows with one value of a column say of them; nil where none were told apart.
    static func categories(_ trust: TrustFigures) -> PageSection? {
        let categories = trust.survey?.categories ?? []
        guard !categories.isEmpty || trust.rowsByDirection != nil else { return nil }
        return PageSection("categories", "Directions by category") {
            if !categories.isEmpty { surveyed(categories, others: trust.survey?.otherCategoryRows ?? 0) }
            if let counts = trust.rowsByDirection {
                MarkupTable(
                    "All annotated rows", header: ["Margins along", "Rows"],
                    rows: counts.map {
                        [$0.name.map { "the direction of \($0.shownName)" } ?? "that of all", "\($0.rows)"]
                    }
                ).markup
            }
        }
    }

    @MarkupBuilder
    private static func surveyed(_ categories: [TrustFigures.Survey.Category], others: Int) -> Markup {
        paragraph(
            """
            How to read it: a category has a direction of its own where that orders its surveyed rows as labelled more \
            often than the direction of all rows does, beyond chance; else its margins are along that one. Both are \
            held out.\(others == 0 ? "" : " \(others) surveyed rows have no value, or one that has no direction of its own.")
            """)
        MarkupTable(
            "Categories",
            header: [
                "Category", "Rows", "Direction of all (95 % interval)", "Its own (95 % interval)", "Margins along",
            ],
            rows: categories.map { category in
                [
                    category.name.shownName, "\(category.pooled.rows)", category.pooled.unbrokenText,
                    category.own?.unbrokenText ?? "none", category.isUsed ? "its own" : "that of all",
                ]
            }
        ).markup
    }
}
