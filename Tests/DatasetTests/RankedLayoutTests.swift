import DatasetFixtures
internal import FileSystem
import Testing

@testable import Dataset

/// Rows with several responses, in the layouts that people have.
@Suite struct RankedLayoutTests {
    private static let ultraFeedback = #"""
        {"source": "s", "instruction": "Why is the sky blue?", "models": ["m", "n", "o"], "completions": [
        {"model": "m", "response": "Light.", "overall_score": 7.5, "annotations": {"helpfulness": {"Rating": "3"}}},
        {"model": "n", "response": "Air.", "overall_score": 2, "annotations": {"helpfulness": {"Rating": "N/A"}}},
        {"model": "o", "response": "Rayleigh scattering.", "overall_score": 9.0, "annotations": {"helpfulness": {"Rating": "5"}}}]}
        """#.replacing("\n", with: " ")

    /// The pairs' texts and ratings.
    private func shown(_ records: [DatasetRecord]) -> [String] {
        records.map { record in
            guard let pair = record.pair else { return record.errorText ?? "" }
            let ratings = pair.ratings.map { "\($0.preferred)>\($0.other)\($0.areRanks ? " ranks" : "")" } ?? "none"
            return "\(pair.preferred)|\(pair.other)|\(ratings)"
        }
    }

    @Test func completionsWithScoresAreFound() throws {
        let folder = try DatasetFolder()
        let path = try folder.write(Self.ultraFeedback, to: "rows.jsonl")
        let reader = try DatasetReader(path: path, options: DatasetOptions(purpose: .row))
        #expect(reader.detectedFormat == .ranked)
        #expect(
            reader.ranking
                == RankedColumns(
                    leftOut: ["completions"], isOfBestAlone: false,
                    words: "responses: completions.response, scores: completions.overall_score, pairs: all"))
        #expect(reader.unreadColumns == ["source", "models"])
        let all = try records(at: path)
        #expect(
            shown(all) == [
                "Rayleigh scattering.|Light.|9.0>7.5", "Rayleigh scattering.|Air.|9.0>2.0", "Light.|Air.|7.5>2.0",
            ])
        #expect(all.map(\.index) == [0, 1, 2] && all.map(\.line) == [1, 1, 1])
        #expect(all.map(\.sourceRow) == [0, 0, 0])
        #expect(
            all[1].origin?.name == "completions.response[2] before completions.response[1]")
        #expect(
            all.map { $0.pair?.prompt.messages.map(\.content) } == Array(repeating: ["Why is the sky blue?"], count: 3))
    }

    @Test(arguments: [
        (
            #"{"prompt": "\n\nHuman: q\n\nAssistant: ", "answers": [{"answer": "b", "model": "x", "rank": 2}, {"answer": "a", "model": "y", "rank": 1.0}]}"#,
            ["a|b|1.0>2.0 ranks"]
        ),
        (#"{"prompt": "q", "responses": ["a", "b"], "scores": [-1, 0.5]}"#, ["b|a|0.5>-1.0"]),
        (#"{"instruction": "q", "generations": ["a", "b"], "ratings": ["4", 1]}"#, ["a|b|4.0>1.0"]),
        (#"{"prompt": "q", "responses": ["a", "b"], "ranks": [2, 1]}"#, ["b|a|1.0>2.0 ranks"]),
        (#"{"prompt": "q", "responses": ["a", "b"], "ranking": [1, 2]}"#, ["a|b|1.0>2.0 ranks"]),
        (#"{"prompt": "q", "responses": ["a", "b", "c"], "best": 1}"#, ["b|a|none", "b|c|none"]),
        (#"{"prompt": "q", "responses": ["a", "b", "c"], "chosen_index": "2"}"#, ["c|a|none", "c|b|none"]),
        (
            #"{"question": "q", "answers": [{"text": "a", "pm_score": 1}, {"text": "b", "pm_score": 3}]}"#,
            ["b|a|3.0>1.0"]
        ),
        (
            #"{"prompt": [{"role": "user", "content": "q"}], "responses": [[{"role": "assistant", "content": "a"}], [{"role": "user", "content": "q"}, {"role": "assistant", "content": "b"}]], "scores": [1, 2]}"#,
            ["b|a|2.0>1.0"]
        ),
        (
            #"{"prompt": "q", "responses": [{"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}], "scores": [2, 1]}"#,
            ["a|b|2.0>1.0"]
        ),
    ])
    func otherLayoutsAreFound(_ row: String, _ expected: [String]) throws {
        #expect(try shown(records(row)) == expected)
    }

    @Test func namedColumnsGoIntoObjects() throws {
        let options = DatasetOptions(
            purpose: .row,
            columns: DatasetColumns(
                prompt: "instruction",
                ranked: .init(
                    responses: "completions.response",
                    judgement: .scores(ColumnPath("completions.annotations.helpfulness.Rating")))))
        let all = try records(Self.ultraFeedback, options)
        #expect(shown(all) == ["Rayleigh scattering.|Light.|5.0>3.0"])
        #expect(all[0].origin?.leftOut?.unrated == 1)
    }

    /// As `datasets` wrote lists of objects once, and as a table without lists has them.
    @Test func anObjectOfListsAndAListAsTextAreTheSame() throws {
        let options = DatasetOptions(
            purpose: .row,
            columns: DatasetColumns(
                prompt: "prompt", ranked: .init(responses: "a.t", judgement: .scores(ColumnPath("a.s")))))
        let expected = ["y|x|2.0>1.0"]
        #expect(try shown(records(#"{"prompt": "q", "a": {"t": ["x", "y"], "s": [1, 2]}}"#, options)) == expected)
        #expect(
            try shown(records(#"{"prompt": "q", "a": [{"t": "x", "s": 1}, {"t": "y", "s": 2}]}"#, options)) == expected)
        let csv = "prompt,a\nq,\"[{\"\"t\"\": \"\"x\"\", \"\"s\"\": 1}, {\"\"t\"\": \"\"y\"\", \"\"s\"\": 2}]\"\n"
        #expect(try shown(records(csv, name: "rows.csv", options)) == expected)
        #expect(
            try shown(records("prompt,responses,scores\nq,\"[\"\"x\"\", \"\"y\"\"]\",\"[1, 2]\"\n", name: "rows.csv"))
                == expected)
    }

    @Test func aPairBesideTheListsIsThePair() throws {
        let row = #"{"prompt": "q", "chosen": "a", "rejected": "b", "generations": ["a", "b"], "ratings": [1, 2]}"#
        let folder = try DatasetFolder()
        let path = try folder.write(row, to: "rows.jsonl")
        let reader = try DatasetReader(path: path, options: DatasetOptions(purpose: .row))
        #expect(reader.detectedFormat == .preference && reader.ranking == nil)
        let named = try records(at: path, DatasetOptions(purpose: .row, format: .ranked))
        #expect(shown(named) == ["b|a|2.0>1.0"])
        // Found by the other rows, this one is not silently something else.
        let ranked = #"{"prompt": "q", "generations": ["a", "b"], "ratings": [1, 2]}"#
        let mixed = try records([ranked, ranked, row].joined(separator: "\n"))
        #expect(mixed.count == 3 && mixed[1].pair != nil)
        #expect(mixed[2].errorText?.contains("a pair beside several responses is not read") == true)
    }

    @Test func anchorsAreNoRankedRows() throws {
        let row = #"{"prompt": "q", "responses": ["a", "b"], "scores": [1, 2]}"#
        let error = #expect(throws: FileError.self) {
            try records(row, DatasetOptions(purpose: .anchor, refusal: "No."))
        }
        #expect(error?.problem.contains("no format fits") == true)
        let missing = #expect(throws: FileError.self) {
            try records(#"{"prompt": "q"}"#, DatasetOptions(purpose: .row, format: .ranked))
        }
        #expect(missing?.problem.contains("Expected ranked (a prompt, and a list") == true)
    }
}
