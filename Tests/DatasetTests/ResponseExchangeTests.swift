import DatasetFixtures
internal import FileSystem
import JSON
import SeededRandom
import Testing

@testable import Dataset

/// Rows whose margin is below zero may come out with their responses exchanged.
@Suite struct ResponseExchangeTests {
    /// The output of rows that are all flipped, and what the exchange was.
    private func flipped(
        _ text: String, name: String = "rows.jsonl", _ options: DatasetOptions = DatasetOptions(purpose: .row)
    ) throws -> (text: String, records: [DatasetRecord]) {
        let folder = try DatasetFolder()
        let path = try folder.write(text, to: name)
        let reader = try DatasetReader(path: path, options: options)
        var writer = try AnnotatedWriter(
            path: folder.path("out.jsonl"), errorsPath: folder.path("out.errors.jsonl"),
            existing: ExistingColumns(.replaced), exchange: reader.exchange)
        let all = try records(at: path, options)
        for record in all {
            var annotation = try Annotation(margin: -1, scoreChosen: 1, scoreRejected: 2).opposite
            annotation.mark = .flipped(true)
            try writer.write(record, record.errorText.map { .failed(reason: $0) } ?? .annotated(annotation))
        }
        try writer.finish(rows: all.count)
        return (try folder.text(of: "out.jsonl"), all)
    }

    private static let added = #""margin": 1.0, "margin_flipped": true, "score_chosen": 2.0, "score_rejected": 1.0}"#

    /// A row of each format and layout, with the bytes that it is to have.
    private static let rows: [(row: String, expected: String)] = [
        (
            #"{"prompt": "q", "chosen":"a\u00e9" , "x": 1.0, "rejected": "b\"c"}"#,
            #"{"prompt": "q", "chosen":"b\"c" , "x": 1.0, "rejected": "a\u00e9", "#
        ),
        (
            #"{"rejected": "b", "chosen": "a", "query": "q"}"#,
            #"{"rejected": "a", "chosen": "b", "query": "q", "#
        ),
        (
            #"{"chosen": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], "#
                + #""rejected": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "bb"}], "t": 0}"#,
            #"{"chosen": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "bb"}], "#
                + #""rejected": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], "t": 0, "#
        ),
        (
            #"{"prompt": [{"role": "user", "content": "q"}], "chosen": [{"role": "assistant", "content": "a"}], "#
                + #""rejected": [{"role": "assistant", "content": "b"}]}"#,
            #"{"prompt": [{"role": "user", "content": "q"}], "chosen": [{"role": "assistant", "content": "b"}], "#
                + #""rejected": [{"role": "assistant", "content": "a"}], "#
        ),
        (
            #"{"conversations": [{"from": "human", "value": "q"}], "chosen": {"from": "gpt", "value": "a"}, "#
                + #""rejected": {"from": "gpt", "value": "b"}}"#,
            #"{"conversations": [{"from": "human", "value": "q"}], "chosen": {"from": "gpt", "value": "b"}, "#
                + #""rejected": {"from": "gpt", "value": "a"}, "#
        ),
        (
            #"{"chosen": "\n\nHuman: q\n\nAssistant: a", "rejected": "\n\nHuman: q\n\nAssistant: b"}"#,
            #"{"chosen": "\n\nHuman: q\n\nAssistant: b", "rejected": "\n\nHuman: q\n\nAssistant: a", "#
        ),
        (
            #"{"prompt": "q", "response_0": "a", "response_1": "b", "is_response_0_safe": true, "safer_response_id":0}"#,
            #"{"prompt": "q", "response_0": "a", "response_1": "b", "is_response_0_safe": true, "safer_response_id":1, "#
        ),
        (
            #"{"safer_response_id": 1.0, "prompt": "q", "response_0": "a", "response_1": "b"}"#,
            #"{"safer_response_id": 0.0, "prompt": "q", "response_0": "a", "response_1": "b", "#
        ),
        (
            #"{"safer_response_id": "\u0031", "prompt": "q", "response_0": "a", "response_1": "b"}"#,
            #"{"safer_response_id": "0", "prompt": "q", "response_0": "a", "response_1": "b", "#
        ),
    ]

    @Test(arguments: rows.indices) func theResponsesChangePlacesAndNothingElse(_ index: Int) throws {
        let (row, expected) = Self.rows[index]
        #expect(try flipped(row).text == expected + Self.added + "\n")
    }

    @Test(arguments: rows.indices) func whatIsReadOfItIsTheOppositePair(_ index: Int) throws {
        let (once, before) = try flipped(Self.rows[index].row)
        let (twice, between) = try flipped(once)
        let pair = try #require(before[0].pair)
        #expect(
            between.map(\.pair) == [ResponsePair(prompt: pair.prompt, preferred: pair.other, other: pair.preferred)])
        #expect(try records(twice).map(\.pair) == [pair])
    }

    /// Of a text file every field is a text.
    @Test func rowsOfCSVAreExchangedAsObjectsOfTexts() throws {
        let columns = DatasetColumns(prompt: "q", chosen: "good", rejected: "bad")
        let options = DatasetOptions(purpose: .row, columns: columns)
        #expect(
            try flipped("good,q,bad\n\"a, \"\"1\"\"\",why?,b\n", name: "rows.csv", options).text
                == #"{"good": "b", "q": "why?", "bad": "a, \"1\"", "# + Self.added + "\n")
        let header = "prompt,response_0,response_1,safer_response_id\n"
        for (label, other) in [("1", "0"), ("0", "1"), ("1.0", "0.0"), ("0.0", "1.0")] {
            #expect(
                try flipped(header + "q,a,b,\(label)\n", name: "rows.csv").text
                    == #"{"prompt": "q", "response_0": "a", "response_1": "b", "safer_response_id": "\#(other)", "#
                    + Self.added + "\n")
        }
    }

    /// Columns of one name in two spellings are two columns.
    @Test func namesAreComparedByteByByte() throws {
        let options = DatasetOptions(
            purpose: .row, columns: DatasetColumns(prompt: "q", chosen: "\u{E9}", rejected: "e\u{301}"))
        #expect(
            try flipped("{\"q\": \"q\", \"\u{E9}\": \"a\", \"e\u{301}\": \"b\"}", options).text
                == "{\"q\": \"q\", \"\u{E9}\": \"b\", \"e\u{301}\": \"a\", " + Self.added + "\n")
    }

    /// Where a column that is exchanged is one that is renamed or dropped, too, all of it holds.
    @Test func existingColumnsAreTreatedAfterwards() throws {
        #expect(
            try flipped(#"{"margin": 7, "prompt": "q", "chosen": "aa", "score_chosen": 1, "rejected": "b"}"#).text
                == #"{"prompt": "q", "chosen": "b", "rejected": "aa", "# + Self.added + "\n")
    }

    /// Random rows of random texts, in which keys and quotes are, too.
    @Test func flippedTwiceARowSaysWhatItSaid() throws {
        var random = SeededGenerator(seed: 11)
        let pieces = [
            "a", "\u{E9}", "\"", "\\", "\n", "{\"chosen\": 1}", "rejected", "\u{1F600}", "Human:", " ", "[", "0",
        ]
        func text() -> String {
            "t"
                + (0..<Int.random(in: 0..<9, using: &random)).map { _ in pieces.randomElement(using: &random)! }
                .joined()
        }
        func json(_ text: String) -> String {
            var bytes: [UInt8] = []
            JSONText.append(text, to: &bytes)
            return String(decoding: bytes, as: UTF8.self)
        }
        for isLabelled in [false, true] {
            let lines = (0..<200).map { _ in
                var members = ["\"prompt\": \(json(text()))", "\"other\": {\"chosen\": \(json(text()))}"]
                if isLabelled {
                    members += ["\"response_0\": \(json(text()))", "\"response_1\":\(json(text()))"]
                    members.append("\"safer_response_id\" : \(Bool.random(using: &random) ? 1 : 0)")
                } else {
                    members += ["\"chosen\": \(json(text()))", "\"rejected\":\(json(text()))"]
                }
                return "{" + members.shuffled(using: &random).joined(separator: ",") + "}"
            }
            let before = try records(lines.joined(separator: "\n"))
            let once = try flipped(lines.joined(separator: "\n"))
            let twice = try flipped(once.text)
            #expect(before.count == 200 && before.allSatisfy { $0.pair != nil })
            #expect(zip(before, twice.records).allSatisfy { $0.pair?.preferred == $1.pair?.other })
            let (originals, results) = (
                try members(lines), try members(twice.text.split(separator: "\n").map(String.init))
            )
            #expect(results.map { Array($0.dropLast(4)) } == originals)
        }
    }

    /// Key and value of each member as they are written; what is between them, replacing the added columns changes.
    private func members(_ lines: [String]) throws -> [[[UInt8]]] {
        try lines.map { line in
            let object = try JSONObject(line: Array(line.utf8))
            return object.members.map { Array(object.bytes[$0.keyRange]) + Array(object.bytes[$0.valueRange]) }
        }
    }

    @Test func withoutColumnsOrALabelNothingIsExchanged() throws {
        let options = DatasetOptions(purpose: .anchor, refusal: "No.")
        let folder = try DatasetFolder()
        let path = try folder.write(#"{"prompt": "q", "harmful": "a"}"#, to: "anchors.jsonl")
        #expect(try DatasetReader(path: path, options: options).exchange == nil)
    }
}
