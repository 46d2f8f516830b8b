import Coordinator
import Foundation
import SeededRandom
import Testing

@Suite struct OutputTests {
    private static let annotation = try! Annotation(margin: 0.1, scoreChosen: -1.5, scoreRejected: 1e-7)

    private static let added = #""margin": 0.1, "score_chosen": -1.5, "score_rejected": 1e-07"#

    /// One row as it comes out.
    private func written(
        _ line: [UInt8], name: String = "rows.jsonl", _ outcome: RowOutcome = .annotated(annotation),
        replaceExisting: Bool = false
    ) throws -> String {
        let folder = try DatasetFolder()
        let columns = DatasetColumns(prompt: nil, chosen: "a", rejected: "b")
        // A first row with the columns makes any second one acceptable.
        let first = name.hasSuffix("csv") ? "" : "{\"a\":1,\"b\":2}\n"
        let path = try folder.write(Array(first.utf8) + line, to: name)
        let all = try records(at: path, DatasetOptions(purpose: .row, columns: columns))
        var writer = try AnnotatedWriter(path: folder.path("out.jsonl"), replaceExisting: replaceExisting)
        try writer.write(try #require(all.last), outcome)
        try writer.finish()
        return try folder.text(of: "out.jsonl")
    }

    private func written(
        _ line: String, name: String = "rows.jsonl", _ outcome: RowOutcome = .annotated(annotation),
        replaceExisting: Bool = false
    ) throws -> String {
        try written(Array(line.utf8), name: name, outcome, replaceExisting: replaceExisting)
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
        #expect(try written(line) == expected + "\n")
    }

    @Test(arguments: [
        (
            #"{"margin": 7, "x":1, "error":null}"#,
            #"{"original_margin": 7, "x":1, "original_error":null, \#(added)}"#
        ),
        (
            #"{"m\u0061rgin":7,"original_margin":8}"#,
            #"{"original_original_margin":7,"original_margin":8, \#(added)}"#
        ),
    ])
    func columnsInTheWayAreRenamed(line: String, expected: String) throws {
        #expect(try written(line) == expected + "\n")
    }

    @Test(arguments: [
        (#"{"margin": 7, "x" :1.0,"score_chosen":2,"error":"e" }"#, #"{"x" :1.0, \#(added)}"#),
        (#"{"margin": 7}"#, #"{\#(added)}"#),
        (#"{"x":1 }"#, #"{"x":1, \#(added) }"#),
    ])
    func columnsInTheWayAreDroppedIfSoConfigured(line: String, expected: String) throws {
        #expect(try written(line, replaceExisting: true) == expected + "\n")
    }

    @Test func columnsInTheWayAreFoundBeforehand() throws {
        let all = try records(
            #"{"prompt":"q","chosen":"a","rejected":"b","score_chosen":1,"margin":0,"Margin":0}"#)
        #expect(OutputColumn.conflicting(with: all[0]) == ["score_chosen", "margin"])
    }

    @Test func aFailedRowHasAnErrorAndNoMargin() throws {
        #expect(
            try written(#"{"x":1}"#, .failed(reason: "line 1:\n\"q\" \u{1} é"))
                == #"{"x":1, "error": "line 1:\n\"q\" \u0001 é"}"# + "\n")
    }

    @Test func aRowThatIsNoObjectIsKeptAsText() throws {
        #expect(try written("{\"x\":\t\"", .failed(reason: "e")) == #"{"raw": "{\"x\":\t\"", "error": "e"}"# + "\n")
        #expect(try written("[1]", .failed(reason: "e")) == #"{"raw": "[1]", "error": "e"}"# + "\n")
        #expect(
            try written([0x7B, 0xFF], .failed(reason: "e")) == #"{"raw_base64": "e/8=", "error": "e"}"# + "\n")
    }

    @Test func aCSVRowBecomesAnObjectOfStrings() throws {
        let header = "b,a,é \"x\",margin\n".replacingOccurrences(of: "é \"x\"", with: "\"é \"\"x\"\"\"")
        let row = header + "1,\"two\nlines\",,3\n"
        #expect(
            try written(row, name: "rows.csv")
                == #"{"b": "1", "a": "two\nlines", "é \"x\"": "", "original_margin": "3", \#(Self.added)}"# + "\n")
        #expect(
            try written(row, name: "rows.csv", replaceExisting: true)
                == #"{"b": "1", "a": "two\nlines", "é \"x\"": "", \#(Self.added)}"# + "\n")
        #expect(
            try written(header + "0,0,0,0\n1,2\n", name: "rows.csv", .failed(reason: "e"))
                == #"{"raw": "1,2", "error": "e"}"# + "\n")
    }

    @Test func numbersReadBackAsTheSameDouble() throws {
        var random = SeededGenerator(seed: 5)
        var values: [Double] = [0, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1e16, 1e-5, 0.1 + 0.2, .pi]
        while values.count < 2000 {
            let value = Double(bitPattern: random.next())
            if value.isFinite { values.append(value) }
        }
        let folder = try DatasetFolder()
        var writer = try AnnotatedWriter(path: folder.path("out.jsonl"))
        let record = try records(#"{"prompt":"q","chosen":"a","rejected":"b"}"#)[0]
        for value in values {
            try writer.write(record, .annotated(Annotation(margin: value, scoreChosen: 0, scoreRejected: -value)))
        }
        try writer.finish()
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

// MARK: - The file

extension OutputTests {
    private func record() throws -> DatasetRecord {
        try records(#"{"prompt":"q","chosen":"a","rejected":"b"}"#)[0]
    }

    @Test func theFileHasItsNameOnlyWhenItIsFinished() throws {
        let folder = try DatasetFolder()
        try folder.write("old", to: "out.jsonl")
        var writer = try AnnotatedWriter(path: folder.path("out.jsonl"))
        try writer.write(try record(), .annotated(Self.annotation))
        #expect(try folder.names == ["out.jsonl", "out.jsonl.partial"])
        #expect(try folder.text(of: "out.jsonl") == "old")
        try writer.finish()
        #expect(try folder.names == ["out.jsonl"])
        #expect(
            try folder.text(of: "out.jsonl")
                == #"{"prompt":"q","chosen":"a","rejected":"b", \#(Self.added)}"# + "\n")
    }

    @Test(arguments: [false, true])
    func anUnfinishedFileStaysOnlyIfAskedFor(keepPartial: Bool) throws {
        let folder = try DatasetFolder()
        do {
            var writer = try AnnotatedWriter(path: folder.path("out.jsonl"), keepPartial: keepPartial)
            try writer.write(try record(), .annotated(Self.annotation))
        }
        #expect(try folder.names == (keepPartial ? ["out.jsonl.partial"] : []))
    }

    @Test func compressedOutputIsTheSameEveryTimeAndReadsBack() throws {
        let folder = try DatasetFolder()
        for name in ["a.jsonl.gz", "b.jsonl.gz"] {
            var writer = try AnnotatedWriter(path: folder.path(name))
            for index in 0..<30_000 {
                let margin = Annotation.unchecked(margin: Double(index))
                try writer.write(try record(index), .annotated(margin))
            }
            try writer.finish()
        }
        let bytes = try folder.bytes(of: "a.jsonl.gz")
        #expect(bytes == (try folder.bytes(of: "b.jsonl.gz")))
        // RFC 1952: magic, deflate, no flags (so no name), no time.
        #expect(Array(bytes.prefix(8)) == [0x1F, 0x8B, 0x08, 0, 0, 0, 0, 0])
        var seen = 0
        for record in try records(at: folder.path("a.jsonl.gz")) {
            guard case .object(let object) = record.original else { continue }
            #expect(object.value(of: "margin")?.number == Double(seen))
            seen += 1
        }
        #expect(seen == 30_000)
    }

    private func record(_ index: Int) throws -> DatasetRecord {
        let object = try JSONObject(line: Array("{\"prompt\":\"q\(index)\",\"chosen\":\"a\",\"rejected\":\"b\"}".utf8))
        return DatasetRecord(
            index: index, line: index + 1, original: .object(object),
            content: .success(ResponsePair(prompt: Conversation(user: "q"), preferred: "a", other: "b")))
    }

    @Test func anEmptyCompressedFileIsStillAGzipFile() throws {
        let folder = try DatasetFolder()
        var writer = try AnnotatedWriter(path: folder.path("out.jsonl.gz"))
        try writer.finish()
        #expect(try folder.bytes(of: "out.jsonl.gz").starts(with: [0x1F, 0x8B]))
        #expect(try records(at: folder.path("out.jsonl.gz")).isEmpty)
    }

    @Test func placesThatCannotBeWrittenAreErrors() throws {
        let folder = try DatasetFolder()
        let inner = folder.path("none/out.jsonl")
        #expect(
            throws: OutputError(path: inner + ".partial", problem: "cannot open: No such file or directory")
        ) { _ = try AnnotatedWriter(path: inner) }
        #expect(
            throws: OutputError(path: folder.url.path, problem: "expected a file or nothing, found a folder")
        ) { _ = try AnnotatedWriter(path: folder.url.path) }
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")), arguments: ["out.jsonl", "out.jsonl.gz"])
    func aFullDiskIsAnErrorAndLeavesTheOldFile(name: String) throws {
        let folder = try DatasetFolder()
        try folder.write("old", to: name)
        // /dev/full refuses every write as a full disk does.
        try FileManager.default.createSymbolicLink(
            atPath: folder.path(name + ".partial"), withDestinationPath: "/dev/full")
        let expected = OutputError(
            path: folder.path(name + ".partial"), problem: "cannot write: No space left on device")
        do {
            var writer = try AnnotatedWriter(path: folder.path(name))
            try writer.write(try record(), .annotated(Self.annotation))
            var thrown: OutputError?
            do throws(OutputError) { try writer.finish() } catch { thrown = error }
            #expect(thrown == expected)
        }
        #expect(try folder.names == [name])
        #expect(try folder.text(of: name) == "old")
    }
}

extension Annotation {
    fileprivate static func unchecked(margin: Double) -> Annotation {
        try! Annotation(margin: margin, scoreChosen: margin, scoreRejected: 0)
    }
}
