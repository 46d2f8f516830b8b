import Foundation
import TestEnvironment
import Testing

@testable import Coordinator

/// What a job writes is loaded by Hugging Face's `datasets`, which infers the columns from the first 10 MB.
@Suite(.serialized, .needs(.datasets), .hangLimit)
struct DatasetsTests {
    /// Where the bad rows of a file are.
    enum Place: String, CaseIterable { case first, middle, last }

    private static let added = ["margin", "score_chosen", "score_rejected"]
    private static let errorTypes = [
        "row": "int64", "line": "int64", "error": "string", "raw": "string", "raw_encoding": "string",
    ]

    /// A file of `count` good rows and these bad ones; with the numbers of the latter.
    private func lines(
        _ form: PreferenceRows, _ count: Int, bytes: Int, bad: [[UInt8]], _ place: Place
    ) -> (lines: [[UInt8]], bad: Range<Int>) {
        let start =
            switch place {
            case .first: 0
            case .middle: count / 2
            case .last: count
            }
        let good = (0..<count).map { form.row($0, bytes: bytes) }
        var lines = form.header
        lines += good[..<start]
        lines += bad
        lines += good[start...]
        return (lines, start..<start + bad.count)
    }

    /// Annotates the file, and looks at what `datasets` makes of the output and the errors.
    private func expectLoads(
        _ form: PreferenceRows, count: Int, bytes: Int, bad: [[UInt8]], _ place: Place, output: String = "out.jsonl",
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let folder = try JobFolder()
        let (lines, badRows) = lines(form, count, bytes: bytes, bad: bad, place)
        let input = form == .csv ? "in.csv" : "in.jsonl"
        let job = try MadeUpJob(lines, input: input, output: output, in: folder)
        let summary = try job.run()
        #expect(summary.rows == count + bad.count && summary.failedRows == bad.count, sourceLocation: sourceLocation)

        let shown = [0, count / 2, -1]
        let tables = try await PythonEnvironment.load(
            [
                .init(path: job.output, rows: shown, columns: Self.added),
                .init(
                    path: folder.path("out.errors.jsonl"), rows: Array(bad.indices), columns: ["row", "raw_encoding"]),
            ], in: folder)
        let (rows, errors) = (tables[0], tables[1])
        #expect(rows.error == nil && errors.error == nil, sourceLocation: sourceLocation)
        #expect(rows.count == count && errors.count == bad.count, sourceLocation: sourceLocation)
        #expect(rows.columns == Set(form.columns + Self.added), sourceLocation: sourceLocation)
        for column in Self.added { #expect(rows.types?[column] == "float64", sourceLocation: sourceLocation) }
        #expect(errors.types == Self.errorTypes, sourceLocation: sourceLocation)
        // The good row of that number, with the number that it has in the input.
        let numbers = shown.map { good in
            let index = good < 0 ? count + good : good
            return Double(index < badRows.lowerBound ? index : index + badRows.count)
        }
        let expected: [[Double?]] = numbers.map { [0.25 * $0, 1.25 * $0, $0] }
        #expect(rows.cells?.map { $0.map { Double($0) } } == expected, sourceLocation: sourceLocation)
        let encodings = bad.map { String(validating: $0, as: UTF8.self) == nil ? "\"base64\"" : "\"utf-8\"" }
        #expect(errors.cells == zip(badRows, encodings).map { ["\($0)", $1] }, sourceLocation: sourceLocation)
    }

    @Test func twentyMegabytesWithTheirOnlyBadRowLast() async throws {
        let bad = PreferenceRows.texts.badRows[0]
        try await expectLoads(.texts, count: 10_500, bytes: 2000, bad: [bad], .last)
    }

    /// Beyond the block of 10 MB what is first does not meet what is last.
    @Test(arguments: zip(PreferenceRows.allCases, [Place.middle, .first, .middle, .last, .first]))
    func everyFormLoadsWhereverItsBadRowsAre(_ form: PreferenceRows, _ place: Place) async throws {
        let isLarge = form == .conversations || form == .transcripts
        try await expectLoads(
            form, count: isLarge ? 6000 : 300, bytes: isLarge ? 2000 : 400, bad: form.badRows, place,
            output: form == .pku ? "out.jsonl.gz" : "out.jsonl")
    }

    @Test func columnsThatTheOutputAddsAreKeptUnderOneName() async throws {
        let folder = try JobFolder()
        // Only the first half has scores, as where two datasets were joined.
        let rows = (0..<100).map { row -> [UInt8] in
            let scores = row < 50 ? #", "score_chosen": \#(row), "score_rejected": 1.5"# : ""
            return Array(#"{"prompt": "q \#(row)", "chosen": "a", "rejected": "b"\#(scores)}"#.utf8)
        }
        let job = try MadeUpJob(
            rows, input: "in.jsonl", output: "out.jsonl", existingColumns: "rename", in: folder)
        #expect(try job.run().failedRows == 0)
        let columns = ["original_score_chosen", "original_score_rejected", "score_chosen"]
        let table = try #require(
            try await PythonEnvironment.load(
                [.init(path: job.output, rows: [7, 99], columns: columns)], in: folder
            ).first)
        #expect(table.error == nil && table.count == 100)
        #expect(table.columns == Set(["prompt", "chosen", "rejected"] + columns + Self.added))
        #expect(table.cells == [["7", "1.5", "8.75"], ["null", "null", "123.75"]])
    }

    @Test(.needs(.model)) func aJobsOwnOutputLoads() async throws {
        let folder = try JobFolder()
        try folder.configure(input: "in.csv")
        let form = PreferenceRows.csv
        let (lines, bad) = lines(form, 6, bytes: 60, bad: form.badRows, .middle)
        try Data(lines.joined(separator: [0x0A])).write(to: folder.url.appending(path: "in.csv"))
        let (program, exit) = try await folder.run()
        try #require(exit.status == 3, "\(program.errors)")
        let tables = try await PythonEnvironment.load(
            [
                .init(path: folder.path("out.jsonl"), rows: Array(0..<6), columns: ["note", "margin"]),
                .init(path: folder.path("out.errors.jsonl"), rows: [0, 1, 2], columns: ["row", "raw"]),
            ], in: folder)
        #expect(tables.map(\.error) == [nil, nil] && tables.map(\.count) == [6, 3])
        let rows = try folder.rows
        #expect(tables[0].cells?.map { $0[0] } == (0..<6).map { "\"n\($0)\"" })
        #expect(tables[0].cells?.map { Double($0[1]) } == rows.map(\.margin))
        #expect(tables[1].cells?.map { $0[0] } == bad.map { "\($0)" })
        #expect(tables[1].cells?.first?[1] == "\"only,three,fields\"")
    }
}
