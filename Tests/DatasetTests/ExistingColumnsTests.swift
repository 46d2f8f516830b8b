import DatasetFixtures
import Foundation
import JSON
import Testing

@testable import Dataset

/// Columns of the input that have the name of one that the output adds.
@Suite struct ExistingColumnsTests {
    private static let added = #""margin": 1.0, "score_chosen": 3.0, "score_rejected": 2.0"#

    /// All rows, with the same annotation; those of the errors file as their errors.
    private func written(
        _ lines: [String], _ choice: ExistingColumnsChoice, name: String = "rows.jsonl"
    ) throws -> (rows: [String], errors: [String]) {
        let folder = try DatasetFolder()
        let options = DatasetOptions(
            purpose: .row, columns: DatasetColumns(prompt: nil, chosen: "a", rejected: "b"))
        let path = try folder.write(lines.joined(separator: "\n"), to: name)
        let all = try records(at: path, options)
        var writer = try folder.writer(ExistingColumns(choice, path: path, options: options))
        for record in all {
            try writer.write(record, .annotated(Annotation(margin: 1, scoreChosen: 3, scoreRejected: 2)))
        }
        try writer.finish(rows: all.count)
        let names = try folder.names
        let errors = names.contains("out.errors.jsonl") ? try folder.text(of: "out.errors.jsonl") : ""
        return (
            try folder.text(of: "out.jsonl").split(separator: "\n").map(String.init),
            try errors.split(separator: "\n").map {
                try #require(try JSONObject(line: Array($0.utf8)).value(of: "error")?.string)
            }
        )
    }

    @Test func theyAreFoundByTheirExactNames() throws {
        let all = try records(
            #"{"prompt":"q","chosen":"a","rejected":"b","score_chosen":1,"margin":0,"Margin":0,"margi\u0306n":0}"#)
        #expect(ExistingColumns(.refused).conflicts(in: all[0]) == ["score_chosen", "margin"])
    }

    @Test(arguments: [
        (
            #"{"margin": 7, "x":1, "score_rejected":null}"#,
            #"{"original_margin": 7, "x":1, "original_score_rejected":null, "#
        ),
        (#"{"m\u0061rgin":7,"error":8}"#, #"{"original_margin":7,"error":8, "#),
        (#"{"x":1}"#, #"{"x":1, "#),
    ])
    func renamedTheyAreKept(line: String, beginning: String) throws {
        let (rows, errors) = try written([#"{"a":1,"b":2}"#, line], .rename)
        #expect(rows[1] == beginning + Self.added + "}" && errors.isEmpty)
    }

    @Test func theNewNameIsFreeInEveryRowAndTheSameInAll() throws {
        let rows = try written(
            [
                #"{"a":1,"b":2,"margin":3,"score_chosen":4}"#, #"{"original_original_margin":1,"margin":2}"#,
                #"{"original_margin":1}"#, #"{"original_original_original_marginal":1,"score_rejected":5}"#,
            ], .rename
        ).rows
        #expect(rows[0].hasPrefix(#"{"a":1,"b":2,"original_original_original_margin":3,"original_score_chosen":4, "#))
        #expect(rows[1].hasPrefix(#"{"original_original_margin":1,"original_original_original_margin":2, "#))
        #expect(rows[2].hasPrefix(#"{"original_margin":1, "#))
        #expect(rows[3].hasSuffix(#","original_score_rejected":5, \#(Self.added)}"#))
        // As a reader of tables sees them: no name twice in a row.
        for row in rows { _ = try JSONObject(line: Array(row.utf8)) }
    }

    @Test func inCSVTheNewNameIsFreeBesideTheOthers() throws {
        let rows = try written(["a,b,margin,original_margin", "1,2,3,4"], .rename, name: "rows.csv").rows
        #expect(
            rows == [
                #"{"a": "1", "b": "2", "original_original_margin": "3", "original_margin": "4", \#(Self.added)}"#
            ])
    }

    @Test(arguments: [
        (#"{"margin": 7, "x" :1.0,"score_chosen":2,"error":"e" }"#, #"{"x" :1.0, "error":"e", \#(added)}"#),
        (#"{"margin": 7}"#, #"{\#(added)}"#),
        (#"{"x":1 }"#, #"{"x":1, \#(added) }"#),
    ])
    func replacedTheyAreDropped(line: String, expected: String) throws {
        let (rows, errors) = try written([#"{"a":1,"b":2}"#, line], .replace)
        #expect(rows[1] == expected && errors.isEmpty)
    }

    @Test func aLaterRowThatHasOneIsAnErrorThatNamesTheKey() throws {
        let lines = [#"{"a":1,"b":2}"#, #"{"a":1,"b":2,"score_chosen":null,"margin":0}"#, #"{"a":2,"b":2}"#]
        let (rows, errors) = try written(lines, .refuse)
        #expect(rows == [#"{"a":1,"b":2, \#(Self.added)}"#, #"{"a":2,"b":2, \#(Self.added)}"#])
        #expect(
            errors == [
                #"it has "score_chosen", "margin" already, which outputs add; set dataset.existing_columns to "#
                    + #"rename (it is kept as "original_score_chosen") or replace"#
            ])
    }
}
