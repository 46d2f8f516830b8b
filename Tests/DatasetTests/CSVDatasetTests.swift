import Dataset
import DatasetFixtures
internal import FileSystem
import Foundation
import SeededRandom
import Testing

@Suite struct CSVDatasetTests {
    private let header = "prompt,chosen,rejected\n"

    private func fields(_ rows: String, maxRowBytes: Int = 1 << 20) throws -> [[String]?] {
        let options = DatasetOptions(purpose: .row, format: .preference, maxRowBytes: maxRowBytes)
        return try records(header + rows, name: "rows.csv", options).map { record in
            if case .fields(_, let values) = record.original { values } else { nil }
        }
    }

    @Test(arguments: [
        ("a,b,c\n", ["a", "b", "c"]),
        ("a,b,c", ["a", "b", "c"]),
        ("a,b,c\r\n", ["a", "b", "c"]),
        ("\"a\",\"b\",\"c\"\r\n", ["a", "b", "c"]),
        ("\"a,b\",\"say \"\"yes\"\"\",\"\"\"\"\n", ["a,b", "say \"yes\"", "\""]),
        ("\"two\nlines\",\"two\r\nlines\",\"\n\n\"\n", ["two\nlines", "two\r\nlines", "\n\n"]),
        ("\"\",x,\n", ["", "x", ""]),
        (" a , b ,é\n", [" a ", " b ", "é"]),
        ("\"a\rb\",c,d\n", ["a\rb", "c", "d"]),
    ])
    func fieldsAreCutAsRFC4180Says(row: String, expected: [String]) throws {
        #expect(try fields(row) == [expected])
    }

    @Test(arguments: [
        ("a,b\nx,y,z\n", "rows.csv:2: invalid CSV: expected 3 fields, found 2"),
        ("a,b,c,d\nx,y,z\n", "rows.csv:2: invalid CSV: expected 3 fields, found 4"),
        (
            "a,b\"c,d\nx,y,z\n",
            "rows.csv:2: invalid CSV: field 2 has a quote inside, but does not begin with one"
        ),
        (
            "a,b\rc,d\nx,y,z\n",
            "rows.csv:2: invalid CSV: field 2 has a carriage return outside of quotes: do some lines end with CR alone, "
                + "or with CR CR LF"
        ),
        ("prompt,chosen,rejected\nx,y,z\n", "rows.csv:2: invalid CSV: the header once more"),
        ("a,\"b\"c,\"d\nx,y,z\n", "rows.csv:2: invalid CSV: field 2 goes on behind its closing quote"),
    ])
    func aBadRowIsAnErrorAndTheNextOneIsRead(rows: String, expected: String) throws {
        let all = try records(header + rows, name: "rows.csv")
        #expect(all.map(\.errorText) == [expected, nil])
        #expect(all.last?.pair == ResponsePair(prompt: Conversation(user: "x"), preferred: "y", other: "z"))
    }

    @Test func aQuoteThatIsNeverClosedTakesWhatIsNoRow() throws {
        let all = try records(header + "x,y,z\na,b,\"c\nd e f\n", name: "rows.csv")
        #expect(
            all.map(\.errorText)
                == [
                    nil,
                    "rows.csv:3: invalid CSV: field 3 begins with a quote that is not closed; the row goes to line 4",
                ])
    }

    @Test func aQuoteThatIsNeverClosedCostsNoMoreThanTheByteLimit() throws {
        let filler = (0..<100).map { _ in "0123456789,a,b\n" }.joined()
        let all = try fields("a,b,\"c\n" + filler, maxRowBytes: 200)
        #expect(all.first == .some(nil))
        #expect(all.dropFirst().allSatisfy { $0 == ["0123456789", "a", "b"] })
        #expect(all.count > 80)
    }

    @Test func linesAreCountedThroughQuotedLineBreaksAndBlankLines() throws {
        let all = try records(header + "\n\"a\n\nb\",c,d\n\r\ne,f,g\n", name: "rows.csv")
        #expect(all.map(\.line) == [3, 7])
        #expect(all.map(\.index) == [0, 1])
    }

    @Test func aHeaderThatCannotBeUsedIsAnError() throws {
        let folder = try DatasetFolder()
        for (text, problem) in [
            ("a,b,a\n1,2,3\n", "line 1, the header: \"a\" occurs a second time"),
            ("\n\"a,b\n1,2\n", "line 2, the header: invalid CSV: field 1 begins with a quote that is not closed"),
        ] {
            let path = try folder.write(text, to: "rows.csv")
            #expect(throws: FileError(path: path, problem: problem)) { try records(at: path) }
        }
    }

    @Test func invalidUTF8IsAnErrorOfItsRow() throws {
        let all = try records(
            Array((header + "a,b,").utf8) + [0xFF] + Array("\nx,y,z\n".utf8), name: "rows.csv")
        #expect(all.map(\.errorText) == ["rows.csv:2: invalid UTF-8 at byte offset 4", nil])
    }

    @Test func whatIsWrittenAsCSVIsReadBack() throws {
        let seed: UInt64 = 11
        var random = SeededGenerator(seed: seed)
        let pieces = ["a", "é", "\"", ",", "\n", "\r\n", " ", "😀", "\r"]
        var rows: [[String]] = []
        var text = header
        for _ in 0..<2000 {
            let row = (0..<3).map { _ in
                "x"
                    + (0..<Int.random(in: 0...6, using: &random)).map { _ in pieces.randomElement(using: &random)! }
                    .joined()
            }
            rows.append(row)
            text += row.map { "\"" + $0.replacingOccurrences(of: "\"", with: "\"\"") + "\"" }.joined(separator: ",")
            text += Bool.random(using: &random) ? "\n" : "\r\n"
        }
        #expect(try fields(text.replacingOccurrences(of: header, with: "")) == rows, "seed \(seed)")
    }

    @Test func mutatedFilesNeverCrashAndKeepTheirBytes() throws {
        var random = SeededGenerator(seed: 12)
        let valid = Array((header + "a,\"b\"\"c\",d\r\n\"x\ny\",z,\"\"\n\nq,r,s\n").utf8)
        var bad = 0
        for _ in 0..<1500 {
            let bytes = random.mutatedRows(valid)
            let options = DatasetOptions(
                purpose: .row, columns: DatasetColumns(prompt: nil, chosen: "a", rejected: "b"))
            // A damaged header is refused; anything else gives rows.
            _ = try? records(bytes, name: "rows.csv", options)
            let rows = try? records(bytes, name: "rows.csv", DatasetOptions(purpose: .row, format: .preference))
            bad += rows?.count { $0.errorText != nil } ?? 0
        }
        #expect(bad > 300)
    }
}
