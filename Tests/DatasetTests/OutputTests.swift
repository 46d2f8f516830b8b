import Dataset
import DatasetFixtures
import Foundation
import JSON
import SeededRandom
import Testing

@Suite struct OutputTests {
    private static let annotation = try! Annotation(margin: 0.1, scoreChosen: -1.5, scoreRejected: 1e-7)

    private static let pair = ResponsePair(prompt: Conversation(user: "q"), preferred: "a", other: "b")

    private static let added = #""margin": 0.1, "score_chosen": -1.5, "score_rejected": 1e-07"#

    /// What is in the two files.
    private struct Files: Equatable {
        var row = ""
        var error = ""
    }

    /// One row as it comes out, in one of the two.
    private func written(
        _ line: [UInt8], name: String = "rows.jsonl", _ outcome: RowOutcome = .annotated(annotation),
        _ choice: ExistingColumnsChoice = .refuse
    ) throws -> Files {
        let folder = try DatasetFolder()
        let columns = DatasetColumns(prompt: nil, chosen: "a", rejected: "b")
        // A first row with the columns makes any second one acceptable.
        let first = name.hasSuffix("csv") ? "" : "{\"a\":1,\"b\":2}\n"
        let path = try folder.write(Array(first.utf8) + line, to: name)
        let options = DatasetOptions(purpose: .row, columns: columns)
        let all = try records(at: path, options)
        var writer = try folder.writer(ExistingColumns(choice, path: path, options: options))
        try writer.write(try #require(all.last), outcome)
        try writer.finish(rows: 1)
        let hasErrors = try folder.names.contains("out.errors.jsonl")
        return Files(
            row: try folder.text(of: "out.jsonl"), error: hasErrors ? try folder.text(of: "out.errors.jsonl") : "")
    }

    private func written(
        _ line: String, name: String = "rows.jsonl", _ outcome: RowOutcome = .annotated(annotation),
        _ choice: ExistingColumnsChoice = .refuse
    ) throws -> Files {
        try written(Array(line.utf8), name: name, outcome, choice)
    }

    /// The line of the errors file for a second row.
    private func errorLine(_ error: String, raw: String, line: Int = 2, encoding: String = "utf-8") -> String {
        #"{"row": 1, "line": \#(line), "error": "\#(error)", "raw": "\#(raw)", "raw_encoding": "\#(encoding)"}"# + "\n"
    }

    @Test(arguments: [
        (#"{"x":1}"#, #"{"x":1, \#(added)}"#),
        (#"  { "x" : 1.50 , "y":"\u00e9/\/" } "#, #"  { "x" : 1.50 , "y":"\u00e9/\/", \#(added) } "#),
        (#"{}"#, #"{\#(added)}"#),
        (#" { } "#, #" {\#(added) } "#),
        (#"{"nested":{"margin":1},"z":[]}"#, #"{"nested":{"margin":1},"z":[], \#(added)}"#),
        (#"{"big":123456789012345678901234567890.10}"#, #"{"big":123456789012345678901234567890.10, \#(added)}"#),
    ])
    func theOriginalBytesStayAsTheyAre(line: String, expected: String) throws {
        #expect(try written(line) == Files(row: expected + "\n"))
    }

    @Test func aRowIsOneLineWhateverLinesItHad() throws {
        let object = try JSONObject(line: Array("{\n\t\"x\":\r\n1,\r\"y\":\"\\n\"\n}".utf8))
        let record = DatasetRecord(index: 0, line: 1, original: .object(object), content: .success(Self.pair))
        let folder = try DatasetFolder()
        var writer = try folder.writer()
        try writer.write(record, .annotated(Self.annotation))
        try writer.write(record, .failed(reason: "e"))
        try writer.finish(rows: 2)
        #expect(try folder.text(of: "out.jsonl") == "{ \t\"x\":  1, \"y\":\"\\n\", \(Self.added) }\n")
        #expect(try folder.text(of: "out.errors.jsonl").contains(#""raw": "{ \t\"x\":  1, \"y\":\"\\n\" }""#))
    }

    @Test func aFailedRowIsInTheErrorsFileAlone() throws {
        let reason = "line 1:\n\"q\" \u{1} é"
        let expected = errorLine(#"line 1:\n\"q\" \u0001 é"#, raw: #"{\"x\":1, \"y\": \"\\u00e9\\n\"}"#)
        #expect(try written(#"{"x":1, "y": "\u00e9\n"}"#, .failed(reason: reason)) == Files(error: expected))
    }

    @Test func aRowThatIsNoObjectIsKeptAsItIsInTheFile() throws {
        func error(_ line: [UInt8]) throws -> String { try written(line, .failed(reason: "e")).error }
        #expect(try error(Array("{\"x\":\t\"".utf8)) == errorLine("e", raw: #"{\"x\":\t\""#))
        #expect(try error(Array("[1]".utf8)) == errorLine("e", raw: "[1]"))
        #expect(try error([0x7B, 0xFF]) == errorLine("e", raw: "e/8=", encoding: "base64"))
        let short = "a,b\n0,0\n1\n"
        #expect(
            try written(short, name: "rows.csv", .failed(reason: "e")).error == errorLine("e", raw: "1", line: 3))
    }

    @Test func aCSVRowBecomesAnObjectOfStrings() throws {
        let rows = "b,a,\"é \"\"x\"\"\",margin\n0,0,0,0\n1,\"two\nlines\",,3\n"
        let kept = #""b": "1", "a": "two\nlines", "é \"x\"": "","#
        let expected = #"{\#(kept) "original_margin": "3", \#(Self.added)}"# + "\n"
        #expect(try written(rows, name: "rows.csv", .annotated(Self.annotation), .rename).row == expected)
        let replaced = try written(rows, name: "rows.csv", .annotated(Self.annotation), .replace).row
        #expect(replaced == #"{\#(kept) \#(Self.added)}"# + "\n")
        let failed = try written(rows, name: "rows.csv", .failed(reason: "e"))
        let raw = #"{\"b\": \"1\", \"a\": \"two\\nlines\", \"é \\\"x\\\"\": \"\", \"margin\": \"3\"}"#
        #expect(failed == Files(error: errorLine("e", raw: raw, line: 3)))
    }

    @Test func numbersReadBackAsTheSameDouble() throws {
        var random = SeededGenerator(seed: 5)
        var values: [Double] = [0, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1e16, 1e-5, 0.1 + 0.2, .pi]
        while values.count < 2000 {
            let value = Double(bitPattern: random.next())
            if value.isFinite { values.append(value) }
        }
        let folder = try DatasetFolder()
        var writer = try folder.writer()
        let record = try records(#"{"prompt":"q","chosen":"a","rejected":"b"}"#)[0]
        for value in values {
            try writer.write(record, .annotated(Annotation(margin: value, scoreChosen: 0, scoreRejected: -value)))
        }
        try writer.finish(rows: values.count)
        let rows = try folder.bytes(of: "out.jsonl").split(separator: 0x0A)
        for (value, row) in zip(values, rows) {
            let object = try JSONObject(line: Array(row))
            #expect(object.value(of: "margin")?.number?.bitPattern == value.bitPattern)
            #expect(object.value(of: "score_rejected")?.number?.bitPattern == (-value).bitPattern)
        }
        #expect(rows.count == values.count)
    }

    @Test func aNumberThatIsNotFiniteIsNoAnnotation() {
        #expect(throws: NonFiniteValue(column: .margin, found: "nan")) {
            try Annotation(margin: .nan, scoreChosen: 0, scoreRejected: 0)
        }
        let error = #expect(throws: NonFiniteValue.self) {
            try Annotation(margin: 0, scoreChosen: 0, scoreRejected: -.infinity)
        }
        #expect(error?.description == "\"score_rejected\": expected a finite number, found -inf")
    }
}
