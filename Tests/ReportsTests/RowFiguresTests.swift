import Dataset
import DatasetFixtures
import FileSystem
import Foundation
import Margins
import Testing

@testable import Reports

struct RowFiguresTests {
    private func figures(_ lines: [String], by columns: [String] = []) throws -> RowFigures {
        let folder = try DatasetFolder()
        let path = try folder.write(lines.joined(separator: "\n"), to: "out.jsonl")
        return try RowFigures(file: AnnotatedFile(path: path), groupColumns: columns)
    }

    private func row(_ margin: Double, raw: Double? = nil, _ rest: String = "") -> String {
        let raw = raw.map { ", \"margin_raw\": \($0)" } ?? ""
        return #"{"prompt": "p", "chosen": "c", "rejected": "r", "margin": \#(margin)\#(raw)\#(rest)}"#
    }

    // MARK: Rows

    @Test func theFirstRowsOfAnOrderAreKeptInIt() throws {
        let margins = (0..<200).map { Double(($0 * 37) % 200 - 100) }
        let figures = try figures(margins.map { row($0) })
        #expect(figures.disagreements.rows.map(\.margin) == (0..<12).map { Double($0 - 100) })
        #expect(figures.mostCertain.rows.map(\.margin) == [99, 98, 97, 96, 95, 94])
        #expect(figures.leastCertain.rows.map { abs($0.margin) } == [0, 1, 1, 2, 2, 3])
        let first = try #require(figures.disagreements.rows.first)
        #expect(margins[first.line - 1] == first.margin)
    }

    @Test func ofEqualRowsTheEarlierComesFirst() throws {
        #expect(try figures((0..<40).map { _ in row(-1) }).disagreements.rows.map(\.line) == Array(1...12))
    }

    @Test func marginsThatAreZeroByTheirUnitHaveTheSignOfTheScores() throws {
        let figures = try figures([row(0, raw: -2), row(0, raw: 1), row(0, raw: -3), row(0.5, raw: 1), row(0, raw: 0)])
        #expect(figures.disagreements.rows.map(\.line) == [3, 1])
        #expect(figures.rawMargins.agreement == 0.5, "two of five, and one of equal scores")
        #expect(figures.all.contradicting.counts.reduce(0, +) == 2)
    }

    @Test func rowsAreShownAsTheirLayoutSays() throws {
        let messages = #"[{"role": "user", "content": "hello"}, {"role": "assistant", "content": "answer \#u{202E}"}]"#
        let other = #"[{"role": "user", "content": "hello"}, {"role": "assistant", "content": "bad"}]"#
        let transcript = #"\n\nHuman: hi\n\nAssistant: good"#
        let cases: [([String], [String])] = [
            ([row(1)], ["prompt: p", "chosen: c", "rejected: r"]),
            (
                [#"{"chosen": \#(messages), "rejected": \#(other), "margin": 1}"#],
                ["prompt: hello", "chosen: answer \\u{202E}", "rejected: bad"]
            ),
            (
                [#"{"chosen": "\#(transcript)", "rejected": "\n\nHuman: hi\n\nAssistant: bad", "margin": 1}"#],
                ["prompt: hi", "chosen: good", "rejected: bad"]
            ),
            (
                [#"{"frage": "f", "gut": "g", "zahl": 1, "schlecht": "s", "mehr": "m", "margin": 1}"#],
                ["frage: f", "gut: g", "schlecht: s"]
            ),
            ([#"{"margin": 1}"#], []),
        ]
        for (lines, texts) in cases {
            let shown = try #require(try figures(lines).leastCertain.rows.first)
            #expect(shown.texts.map { "\($0.name): \($0.excerpt)" } == texts)
        }
    }

    @Test func longTextsAreCutHoweverTheyAreMade() throws {
        for text in [
            String(repeating: "a", count: 100_000), "e" + String(repeating: "\u{301}", count: 100_000),
            String(repeating: " x\\n", count: 50_000), String(repeating: "\\u0001", count: 5_000),
        ] {
            let line = #"{"prompt": "p", "chosen": "start \#(text) end", "rejected": "r", "margin": 1}"#
            let shown = try #require(try figures([line]).leastCertain.rows.first?.texts.first { $0.name == "chosen" })
            #expect(shown.excerpt.unicodeScalars.count <= 363)
            #expect(shown.excerpt.hasPrefix("start") && shown.excerpt.hasSuffix(" end"))
        }
    }

    // MARK: Columns

    @Test func columnsWithAFewValuesMakeGroups() throws {
        let rows = (0..<130).map { index in
            row(
                Double(index % 7) - 3,
                """
                , "id": \(index), "one": 1, "two": \(index % 2), "twelve": "v\(index % 12)", "thirteen": \(index % 13), \
                "flag": \(index % 2 == 0), "list": [\(index % 2)], "long": "\(String(repeating: "x", count: 70))\(index % 2)", \
                "some": \(index % 3 == 0 ? "null" : "\"a\""), "score_chosen": \(index % 2)
                """)
        }
        let columns = try figures(rows).columns
        #expect(columns.map(\.grouping.column) == ["two", "twelve", "flag", "some"])
        let two = try #require(columns.first)
        #expect(two.groups.map(\.name) == ["0", "1"])
        #expect(two.groups.map(\.margins.statistics.count) == [65, 65])
        let margins = (0..<130).map { Double($0 % 7) - 3 }
        for (value, group) in two.groups.enumerated() {
            let own = margins.enumerated().filter { $0.offset % 2 == value }.map(\.element)
            #expect(abs(group.margins.statistics.mean - own.reduce(0, +) / 65) < 1e-12)
            let right = own.filter { $0 > 0 }.count
            #expect(group.margins.agreement == (Double(right) + 0.5 * Double(own.filter { $0 == 0 }.count)) / 65)
        }
    }

    @Test func aColumnOfWhichEachRowHasItsOwnValueMakesNoGroups() throws {
        #expect(try figures((0..<6).map { row(1, ", \"id\": \($0)") }).columns.isEmpty)
    }

    @Test func columnsAreBoundedInNumberAndSize() throws {
        let rows = (0..<400).map { index in
            row(1, ", \"c\(index)\": \(index % 2), \"same\": \(index % 2)")
                .replacing("}", with: (0..<9).map { ", \"d\($0)\": \(index % 2)" }.joined() + "}")
        }
        let columns = try figures(rows).columns
        #expect(columns.count == 8 && columns.first?.grouping.column == "same")
    }

    @Test func aNamedColumnOfManyNumbersMakesRanges() throws {
        let rows = (0..<4_000).map { row(Double($0) / 1000, ", \"length\": \(($0 * 997) % 4_000)") }
        let column = try #require(try figures(rows, by: ["length"]).columns.first)
        let groups = column.groups
        #expect(groups.count == 8 && groups.first?.name == "below 500" && groups.last?.name == "3500 and above")
        #expect(groups.allSatisfy { $0.margins.statistics.count == 500 })
    }

    @Test func aNamedColumnOfManyTextsHasTheOthersTogether() throws {
        let rows = (0..<100).map { row(1, ", \"name\": \"n\($0)\"") }
        let groups = try #require(try figures(rows, by: ["name"]).columns.first).groups
        #expect(groups.count == 25 && groups.last?.name == "(others)")
        #expect(groups.last?.margins.statistics.count == 76)
    }

    @Test func aNamedColumnThatNoRowHasIsRefused() throws {
        let error = try #require(throws: FileError.self) { try figures([row(1)], by: ["prompt", "nothing"]) }
        #expect(error.problem == "no annotated row has the column \"nothing\"")
    }

    @Test func aSampleOfNumbersIsBoundedAndEven() throws {
        var sample = NumberSample()
        for number in 0..<1_000_000 { sample.add(Double(number)) }
        let edges = try #require(sample.ranges(4)).edges
        #expect(edges.count == 3)
        for (edge, expected) in zip(edges, [250_000.0, 500_000, 750_000]) { #expect(abs(edge - expected) < 1_000) }
        #expect(MemoryLayout.size(ofValue: sample) < 64)
    }

    // MARK: Bins

    @Test func binsHaveAnEdgeAtZeroAndCountEveryMargin() throws {
        let margins = (0..<1_000).map { Double(($0 * 7919) % 1_000) / 250 - 1.3337 }
        let figures = try figures(margins.map { row($0) })
        let histogram = figures.scale.histogram
        #expect(!figures.scale.isCut && (20...38).contains(histogram.counts.count))
        #expect(
            histogram.counts.indices.contains { abs(histogram.bounds(of: $0).lowerBound) < 1e-9 },
            "an edge at 0 in \(histogram.range)")
        let counts = zip(figures.all.contradicting.counts, figures.all.others.counts).map { $0 + $1 }
        #expect(counts.reduce(0, +) == 1_000)
        #expect(figures.all.contradicting.counts.reduce(0, +) == margins.filter { $0 < 0 }.count)
    }

    @Test func aFarMarginDoesNotMakeTheOthersOneBin() throws {
        let figures = try figures((0..<999).map { row(Double($0 % 10) / 10) } + [row(1_000)])
        #expect(figures.scale.isCut && figures.scale.histogram.range.upperBound < 300)
        #expect(figures.all.others.counts.last == 1)
    }

    @Test(
        arguments: [
            [], [0], [3], [1, 1, 1], [-1e308, 1e308], [0, Double.leastNonzeroMagnitude], [1e300, 1e300, -1],
        ] as [[Double]])
    func anyMarginsHaveAScale(margins: [Double]) throws {
        let figures = try figures(margins.map { row($0) })
        let counts = zip(figures.all.contradicting.counts, figures.all.others.counts).map { $0 + $1 }
        #expect(counts.reduce(0, +) == margins.count && counts.count <= 38)
        #expect(figures.scale.histogram.range.lowerBound.isFinite)
    }

    @Test func marginsThatAreNotFiniteAreRefused() {
        #expect(throws: FileError.self) { try figures([#"{"margin": 1e400}"#]) }
    }
}
