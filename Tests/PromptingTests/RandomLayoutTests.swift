import Dataset
import DatasetFixtures
import Foundation
import SeededRandom
import Testing

@testable import Prompting
@testable import Protocol

/// Ten thousand random rows over every layout and container: what a template makes of them is what their writer meant.
@Suite struct RandomLayoutTests {
    private static let rowsOfALayout = 560

    private enum Container: CaseIterable { case lines, array, prettyArray, commas, semicolons, tabs }

    @Test(arguments: RandomLayout.all.indices)
    func aRowIsReadAsItWasMeant(index: Int) throws {
        let layout = RandomLayout.all[index]
        var random = SeededGenerator(seed: UInt64(100 + index))
        var compared = 0
        while compared < Self.rowsOfALayout {
            let rows = (0..<Int.random(in: 8...70, using: &random)).map { _ in
                MeantRow.random(&random, turnsMax: layout.turnsMax, hasSystem: layout.hasSystem)
            }
            let container = Container.allCases.filter { layout.isFlat || [.lines, .array, .prettyArray].contains($0) }
                .randomElement(using: &random)!
            let (file, name) = Self.file(of: rows, layout, container, &random)
            let options = DatasetOptions(purpose: layout.isAnchor ? .anchor : .row)
            let records = try records(file, name: name, options)
            #expect(records.count == rows.count)
            for (row, record) in zip(rows, records) {
                let pair = try #require(record.pair, "\(layout.name), \(name): \(record.errorText ?? "")")
                for template in ["alpaca", "plain", "chatml"] {
                    let item = try Template(template).render(pair, purpose: options.purpose)
                    try #require(item.prompt.text == row.prompt(template), "\(layout.name), \(name)")
                    try #require(item.responses.map(\.text) == [row.preferred, row.other], "\(layout.name), \(name)")
                }
            }
            compared += rows.count
        }
    }

    @Test func thereAreTenThousandOfThem() {
        #expect(RandomLayout.all.count * Self.rowsOfALayout >= 10_000)
    }

    private static func file(
        of rows: [MeantRow], _ layout: RandomLayout, _ container: Container, _ random: inout SeededGenerator
    ) -> (bytes: [UInt8], name: String) {
        let columns = rows.map { layout.columns($0, &random) }
        let text: String
        switch container {
        case .lines: text = columns.map { object($0, " ") + (Bool.random(using: &random) ? "\n" : "\r\n") }.joined()
        case .array: text = "[" + columns.map { object($0, "") }.joined(separator: ",") + "]"
        case .prettyArray: text = "[\n" + columns.map { object($0, "\n    ") }.joined(separator: ",\n") + "\n]\n"
        case .commas: text = table(columns, ",", &random)
        case .semicolons: text = table(columns, ";", &random)
        case .tabs: text = table(columns, "\t", &random)
        }
        let name =
            switch container {
            case .lines: "rows.jsonl"
            case .array, .prettyArray: "rows.json"
            case .commas, .semicolons: "rows.csv"
            case .tabs: "rows.tsv"
            }
        return (Array(text.utf8), name)
    }

    private static func object(_ columns: [(String, RandomLayout.Value)], _ blank: String) -> String {
        let members = columns.map { name, value in
            let value =
                switch value {
                case .text(let text): RandomLayout.json(text)
                case .json(let json): json
                }
            return "\(blank)\(RandomLayout.json(name)):\(blank)\(value)"
        }
        return "{" + members.joined(separator: ",") + "}"
    }

    private static func table(
        _ rows: [[(String, RandomLayout.Value)]], _ delimiter: String, _ random: inout SeededGenerator
    ) -> String {
        let header = rows[0].map(\.0).joined(separator: delimiter)
        let lines = rows.map { row in
            row.map { column in
                switch column.1 {
                case .text(let text): "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
                case .json(let json): json
                }
            }.joined(separator: delimiter)
        }
        return ([header] + lines).joined(separator: Bool.random(using: &random) ? "\r\n" : "\n") + "\n"
    }
}
