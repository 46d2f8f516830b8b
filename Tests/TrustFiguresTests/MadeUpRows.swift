import Reports
import SeededRandom

@testable import Trust

/// A row in few words.
struct Row {
    var margin = 1.0
    var chosenScore: Double?
    var rejectedScore: Double?
    var chosen = "Yes."
    var rejected = "No."
    var prompt = 0
    var category: Int?
    var strength: Double?
}

extension RowTrust {
    /// A row without scores has the margin and 0.
    mutating func add(_ row: Row) {
        add(
            margin: row.margin, scoreChosen: row.chosenScore ?? row.margin, scoreRejected: row.rejectedScore ?? 0,
            chosen: row.chosen, rejected: row.rejected, prompt: row.prompt,
            category: row.category, strength: row.strength)
    }

    static func figures(_ rows: [Row], baselineRowsMax: Int = 1000, confoundRowsMax: Int = 1000) -> RowFigures {
        var trust = RowTrust(baselineRowsMax: baselineRowsMax, confoundRowsMax: confoundRowsMax)
        for row in rows { trust.add(row) }
        return trust.figures()
    }
}

extension SeededGenerator {
    /// Words that nothing depends on.
    mutating func words(_ count: Int) -> String {
        (0..<count).map { _ in "w\(Int.random(in: 0..<300, using: &self))" }.joined(separator: " ")
    }

    /// Of mean 0 and about variance 1: the sum of twelve uniform numbers less 6.
    mutating func gaussian() -> Double {
        (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0..<1, using: &self) }
    }
}
