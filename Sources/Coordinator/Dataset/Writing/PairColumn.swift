/// The columns that an output adds to a row with several responses, for the pair that was made of them; before those of an
/// ``Annotation``.
package enum PairColumn: String, CaseIterable, Sendable {
    /// The responses' texts.
    case chosen, rejected
    /// What the row has for each of them, as a number: a score, or a rank; null where it says which one is the best, no more.
    case ratingChosen = "rating_chosen"
    case ratingRejected = "rating_rejected"
    /// 0-based number of the row in the input.
    case sourceRow = "source_row"

    /// The columns that every such row has.
    static let usual = allCases.map { column in
        switch column {
        case .chosen, .rejected: AddedColumn(column.rawValue, .text(""))
        case .ratingChosen, .ratingRejected: AddedColumn(column.rawValue, .noNumber)
        case .sourceRow: AddedColumn(column.rawValue, .integer(0))
        }
    }
}

extension DatasetRecord {
    /// Of a pair that was made of a row with several responses; none of another row.
    ///
    /// - Parameter isFlipped: whether the two sides change places.
    func pairColumns(isFlipped: Bool) -> [AddedColumn] {
        guard let origin, case .success(let pair) = content else { return [] }
        var texts = (origin.chosen, origin.rejected)
        var ratings = (pair.ratings?.preferred, pair.ratings?.other)
        if isFlipped { (texts, ratings) = ((texts.1, texts.0), (ratings.1, ratings.0)) }
        let values: [(PairColumn, AddedColumn.Value)] = [
            (.chosen, .text(texts.0)), (.rejected, .text(texts.1)),
            (.ratingChosen, ratings.0.map { .number($0) } ?? .noNumber),
            (.ratingRejected, ratings.1.map { .number($0) } ?? .noNumber), (.sourceRow, .integer(sourceRow)),
        ]
        return values.map { AddedColumn($0.rawValue, $1) }
    }
}
