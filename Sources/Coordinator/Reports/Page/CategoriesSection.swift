extension PageSection {
    /// What directions of the rows with one value of a column say of them; nil where none were told apart.
    static func categories(_ trust: TrustFigures) -> PageSection? {
        guard let categories = trust.survey?.categories, !categories.isEmpty else { return nil }
        return PageSection("categories", "Directions by category") {
            paragraph(
                """
                How to read it: a category has a direction of its own where that orders its surveyed rows as labelled more \
                often than the direction of all rows does, beyond chance; else its margins are along that one. Both are \
                held out.
                """)
            MarkupTable(
                "Categories",
                header: [
                    "Category", "Rows", "Direction of all (95 % interval)", "Its own (95 % interval)", "Margins along",
                ],
                rows: categories.map { category in
                    [
                        category.name.shownName, "\(category.pooled.rows)", category.pooled.unbrokenText,
                        category.own?.unbrokenText ?? "too few rows", category.isUsed ? "its own" : "that of all",
                    ]
                }
            ).markup
        }
    }
}
