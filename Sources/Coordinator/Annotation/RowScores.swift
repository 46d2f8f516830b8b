internal import Diagnostics
internal import Protocol

/// What the results say of a preference row.
struct RowScores: Hashable, Sendable {
    let chosen: Double
    let rejected: Double

    /// The standard error of their difference; nil of all rows where the direction's is not known.
    let error: Double?

    var margin: Double { chosen - rejected }

    /// - Parameters:
    ///   - values: `[texts, scores]`: of each text one score; or what the scorer gives it: its score and, where that has
    ///     errors, the standard error, or its score along the direction of all rows and those along the categories'.
    ///   - directions: nil where the scorer has none of categories.
    ///   - category: the row's, of these; nil: the row is along the direction of all.
    /// - Throws: `Problem` for values that are not of two texts.
    init(_ values: Tensor, row: UInt64, _ directions: CategoryDirections? = nil, category: Int? = nil) throws {
        let values = try values.doubles()
        let categories = directions?.names.count ?? 0
        switch values.count {
        case 2: (chosen, rejected, error) = (values[0], values[1], nil)
        case 4 where categories == 0: (chosen, rejected, error) = (values[0], values[2], values[3])
        case 2 * (1 + categories):
            let place = category.map { 1 + $0 } ?? 0
            let unit = category.flatMap { directions?.units[$0] } ?? .identity
            (chosen, rejected) = (unit.score(values[place]), unit.score(values[1 + categories + place]))
            error = nil
        default: throw Problem("row \(row) has \(values.count) scores; expected one of each of 2 responses")
        }
    }
}
