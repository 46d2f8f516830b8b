import Dataset
import DatasetFixtures
import FileSystem
import Margins
import Protocol
import Reports
import SeededRandom
import Testing

@testable import Coordinator

/// Directions of rows with one value in a column, on states that are made up.
@Suite struct CategoryFitsTests {
    private static let hiddenSize = 16

    /// States of rows of which those of each category differ by a signal along a component of its own.
    private func states(_ categories: [(name: String?, rows: Int, component: Int, signal: Double)], seed: UInt64)
        -> (names: [String?], states: PlaceStates)
    {
        var random = SeededGenerator(seed: seed)
        func noise() -> Double { (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0...1, using: &random) } }
        let names = categories.flatMap { category in (0..<category.rows).map { _ in category.name } }
        var states = PlaceStates(rows: names.indices.map { UInt64($0) }, hiddenSize: Self.hiddenSize)
        for category in categories {
            for _ in 0..<category.rows {
                let other = (0..<Self.hiddenSize).map { _ in Float(noise()) }
                let preferred = other.enumerated().map { component, value in
                    value + Float(0.5 * noise() + (component == category.component ? category.signal : 0))
                }
                states.append(preferred: preferred[...], other: other[...])
            }
        }
        return (names, states)
    }

    private func fits(_ names: [String?], _ states: PlaceStates) throws -> (fits: CategoryFits, pooled: SourceFit) {
        let rows = states.differences(Array(0..<names.count))
        let folds = try #require(Folds(groups: rows.groups, count: 5, seed: 12))
        let pooled = try SourceFit(own: rows, folds, by: .ridge(lambda: 3), partsMax: 512)
        return (
            try CategoryFits(names, rows: rows, pooled: pooled.margins, by: .ridge(lambda: 3), seed: 12), pooled
        )
    }

    /// One whose labels mean the opposite of the others', and one that is like them.
    @Test func aCategoryHasADirectionOfItsOwnWhereItsLabelsMeanSomethingElse() throws {
        let (names, states) = states(
            [("same", 300, 0, 0.7), ("opposite", 150, 0, -0.7), ("rare", 20, 0, -0.7), (nil, 300, 0, 0.7)], seed: 1)
        var (fits, pooled) = try fits(names, states)
        #expect(fits.described.map(\.name) == ["same", "opposite"])
        #expect(fits.described.map(\.isUsed) == [false, true])
        #expect(fits.others.values == 1 && fits.others.rows == 320, "too few prompts, and rows without a value")
        let opposite = fits.described[1]
        #expect(opposite.pooled.value < 0.3 && (opposite.own?.value ?? 0) > 0.8)

        let whole = try #require(pooled.ofFolds)
        let folds = try #require(Folds(groups: Array(0..<names.count), count: 5, seed: 12))
        let before = states.outcomes(folds, ofFolds: whole, whole: pooled.whole)
        var after = before
        fits.score(&after, of: states)
        #expect(after.count == before.count && after.allSatisfy { $0.errors == nil })
        for (row, name) in names.enumerated() where name != "opposite" {
            #expect(after[row].margin == before[row].margin)
        }
        let rows = names.indices.filter { names[$0] == "opposite" }
        #expect(rows.count { after[$0].margin > 0 } == Int((opposite.own?.value ?? 0) * 150 + 0.5))
        // Scores are alike in mean and margins in size, whatever direction they are along.
        func mean(_ outcomes: [PlaceStates.Outcome]) -> Double {
            rows.reduce(0) { $0 + outcomes[$1].scores.0 + outcomes[$1].scores.1 } / Double(2 * rows.count)
        }
        #expect(abs(mean(after) - mean(before)) < 1e-9)
        let deviation = standardDeviation(rows.map { after[$0].margin })
        #expect(abs(deviation / standardDeviation(before.map(\.margin)) - 1) < 1e-9)
        let directions = try #require(fits.directions(column: "c"))
        #expect(directions.names == ["opposite"] && directions.directions[0].unit[0] < -0.8)
    }

    @Test func whereAllMeanTheSameNoCategoryHasOne() throws {
        let (names, states) = states((0..<8).map { ("\($0)", 60, 0, 0.5) }, seed: 2)
        let (fits, _) = try fits(names, states)
        #expect(fits.used.isEmpty && fits.directions(column: "c") == nil && fits.described.count == 8)
    }

    @Test func aRowsCategoryIsATextANumberOrATruthValue() throws {
        let folder = try DatasetFolder()
        let long = String(repeating: "l", count: RowCategories.nameBytesMax)
        let values = [
            #""a""#, "1", "1.0", "true", "null", "[1]", #""b""#, #""""#, #""\#(long)""#, #""\#(long)l""#,
            "9007199254740993", "9007199254740992",
        ]
        var lines = values.map { #"{"prompt": "p", "chosen": "c", "rejected": "r", "area": \#($0)}"# }
        lines.append(#"{"prompt": "p", "chosen": "c", "rejected": "r"}"#)
        let path = try folder.write(lines.joined(separator: "\n"), to: "rows.jsonl")
        let options = DatasetOptions(purpose: .row)
        let directions = CategoryDirections(
            column: "area", names: ["b", "a", "1", "true", long, "9007199254740992"],
            directions: try (0..<6).map { _ in try Direction(difference: [1]) }, units: (0..<6).map { _ in .identity })
        let categories = try RowCategories(directions, path: path, options)
        #expect(
            (0..<13).map { categories.category(of: $0) } == [1, 2, 2, 3, nil, nil, 0, nil, 4, nil, nil, 5, nil],
            "1.0 is 1, and the last is no value")
        let counts = try #require(categories.counts(of: [0, 1, 2, 6]))
        #expect(counts.map(\.name) == ["b", "a", "1", "true", long, "9007199254740992", nil])
        #expect(counts.map(\.rows) == [1, 1, 2, 0, 0, 0, 0])
        #expect(categories.warning(of: [0, 4]) == nil)
        #expect(
            categories.warning(of: [4, 5])?.hasPrefix("no row has one of the values in the column \"area\"") == true)
        let none = try RowCategories(nil, path: path, options)
        #expect(none.category(of: 0) == nil && none.counts(of: [0]) == nil && none.ofRows([0]) == nil)
        try JobDefinition.checkCategories("area", of: path, options, key: "direction.by")
        let error = #expect(throws: FileError.self) {
            try JobDefinition.checkCategories("prompts", of: path, options, key: "direction.by")
        }
        #expect(error?.description.contains("direction.by: expected rows with a text of at most 256 bytes") == true)
    }
}
